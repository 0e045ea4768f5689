/**
 * The event queue of a record type: shared memory that threads append events to and one thread reads.
 *
 *     const handle = createQueue({ bootId, queueBytes, parkedBytes, maxEventBytes });     // main thread
 *     const writer = new QueueWriter(handle, new RecordingThread({ writer: 0, clock }));  // a thread that records
 *     writer.append({ step: 'confirm' });                                                 // true: accepted
 *
 *     const generation = new QueueSignals(handle).nextReaderGeneration();                 // main thread
 *     const table = new ClaimTable(handle, { generation, predecessor: 'none' }, watch);   // the type's thread
 *     await table.waitForEvents({ events: 1 });
 *     const claim = table.claim({ maxEvents: 500, maxBytes: 1e6, owner: 'consumer 1' });
 *     table.settle(claim, 'delivered');
 *
 * How it lies in memory: layout.ts. How a segment lives: segment.ts; a frame: frame.ts; an event's bytes: codec.ts.
 */

export { bareFrameBytes, eventOfFrame, type RestoredEvent, restoredBytes } from './bare-frame.ts';
export { Barrier, type BarrierMark, markPublished } from './barrier.ts';
export type { Claim, ClaimedEvent, ClaimRequest, LaneOf, Settlement } from './claim.ts';
export { ClaimTable } from './claim-table.ts';
export { byteTarget, SLACK_BYTES } from './codec.ts';
export { type Confirmation, ConfirmationOutcomes, type Outcome } from './confirmations.ts';
export { fillOf, oldestPendingAt, type WalkedFrame, walkFrames } from './counts.ts';
export { Decoder } from './decoder.ts';
export type { Wake } from './doorbell.ts';
export { Encoder } from './encoder.ts';
export { EventNotSerializableError, EventTooLargeError, QueueError, type QueueErrorCode } from './errors.ts';
export { touchAhead } from './fresh-memory.ts';
export {
  type FoundFrame,
  type Gathered,
  type JournalSegment,
  type MemoryRange,
  QueueJournal,
} from './journal.ts';
export { JournalBell } from './journal-bell.ts';
export { JSON_GROWTH } from './json-writer.ts';
export { LANES } from './lanes.ts';
export { NOT_WRITTEN } from './not-written.ts';
export type { QueueReaderOptions } from './reader.ts';
export * from './recording.ts';
export { JOURNAL_OWNER, PARKING_OWNER } from './segment.ts';
