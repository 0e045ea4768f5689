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
export {
  type Confirmation,
  ConfirmationOutcomes,
  type ConfirmationsHandle,
  ConfirmationTable,
  type Confirmed,
  createConfirmations,
  type Outcome,
  type Until,
} from './confirmations.ts';
export {
  countsOf,
  fillOf,
  oldestPendingAt,
  type QueueCounts,
  type WalkedFrame,
  walkFrames,
} from './counts.ts';
export { Decoder } from './decoder.ts';
export type { Wake } from './doorbell.ts';
export { Encoder } from './encoder.ts';
export { EventNotSerializableError, EventTooLargeError, QueueError, type QueueErrorCode } from './errors.ts';
export {
  type FoundFrame,
  type Gathered,
  type JournalSegment,
  type MemoryRange,
  QueueJournal,
} from './journal.ts';
export { createJournalBell, JournalBell, type JournalHandle } from './journal-bell.ts';
export { LANES } from './lanes.ts';
export { createQueue, type QueueHandle, type QueueOptions } from './layout.ts';
export type { QueueReaderOptions } from './reader.ts';
export { RecordingThread, type RecordingThreadOptions } from './recording-thread.ts';
export { PARKING_OWNER } from './segment.ts';
export { type Door, QueueSignals } from './signals.ts';
export { blockFor, RECHECK_MS, type Watch } from './wait.ts';
export { type Confirmable, QueueWriter, sealSegmentsOf, TappedWriter } from './writer.ts';
