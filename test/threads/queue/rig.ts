/** What the queue's tests share: a small queue, a clock that stands still, and a table that takes everything. */
import type { Clock } from '../../../src/base/clock.ts';
import {
  type Claim,
  ClaimTable,
  type ConfirmationsHandle,
  createQueue,
  type QueueHandle,
  type QueueOptions,
  type QueueReaderOptions,
  QueueSignals,
  QueueWriter,
  RecordingThread,
  type Watch,
} from '../../../src/threads/queue/index.ts';

/** Time that a test moves by hand; its timers never fire. */
export const stillClock: Clock & { time: number } = {
  time: 1_767_225_600_000,
  now: () => 0,
  wallTime: () => stillClock.time,
  setTimer: () => ({ clear: () => {} }),
};

export const watch: Watch = { clock: stillClock, recheckMs: 1000 };

/** Four segments, each of some ten small events. */
export function smallQueue(options: Partial<QueueOptions> = {}): QueueHandle {
  return createQueue({
    bootId: 'boot',
    queueBytes: 4 * 512,
    parkedBytes: 0,
    maxEventBytes: 128,
    segmentBytes: 512,
    ...options,
  });
}

export function writerOf(handle: QueueHandle, writer = 1): QueueWriter {
  return new QueueWriter(handle, new RecordingThread({ writer, clock: stillClock }));
}

/** A reader after all others; by default the one before has died. */
export function tableOf(
  handle: QueueHandle,
  {
    predecessor = 'died',
    confirmations,
  }: { predecessor?: QueueReaderOptions['predecessor']; confirmations?: ConfirmationsHandle } = {},
): ClaimTable<string> {
  const generation = new QueueSignals(handle).nextReaderGeneration();
  return new ClaimTable<string>(
    handle,
    { generation, predecessor, ...(confirmations === undefined ? {} : { confirmations }) },
    watch,
  );
}

/** A reader after one that has died, for events that say which lane they are in. */
export function laneTableOf(handle: QueueHandle, laneOf: (data: unknown) => number): ClaimTable<string> {
  const generation = new QueueSignals(handle).nextReaderGeneration();
  return new ClaimTable<string>(handle, { generation, predecessor: 'died' }, watch, {
    laneOf: (event) => laneOf(event.decode()),
  });
}

export function claimAll(table: ClaimTable<string>, maxEvents = 1_000_000): Claim<string> | undefined {
  return table.claim({ maxEvents, maxBytes: 1_000_000_000, owner: 'test' });
}

export function dataOf(claim: Claim<string> | undefined): unknown[] {
  return claim === undefined ? [] : claim.events.map((event) => event.decode());
}
