/**
 * The end of the process, inside Node's `'exit'` event: nothing asynchronous happens on the main thread any more, but
 * the record types' threads run on. They are told, and the main thread waits until they have delivered what is queued,
 * or `timeoutMs` is over.
 *
 *     main thread                             a record type's thread
 *     EXITING = 1, wake --------------------> takes events from the queue without a Producer, runs them in a loop
 *     starts the threads that are missing --> finds the word set when it has loaded, does the same
 *     waits until nothing is pending <------- frames are settled in shared memory
 *
 * What a thread cannot do by then: ask the main thread for anything. So credentials from a function must have been
 * asked for before, dead letters stay where they are, and `isolation: 'inline'` has no thread that could run.
 */
import type { Clock } from '../base/clock.ts';
import { blockFor } from '../threads/queue/index.ts';
import type { Logger } from './logger.ts';
import type { RecordType } from './record-type.ts';

/** How long the main thread sleeps between two looks at the queues. */
const LOOK_MS = 2;

export function deliverAtExit(
  types: readonly RecordType[],
  {
    timeoutMs,
    clock,
    logger,
  }: { readonly timeoutMs: number; readonly clock: Clock; readonly logger: Logger },
): void {
  const due = types.filter((type) => type.counts.pending > 0);
  const waited = due.filter((type) => type.options.isolation === 'thread');
  for (const type of waited) {
    type.signals.announceExit();
    // Its promise never settles: what it starts runs without this thread.
    if (type.placement.info.state === 'none') void type.placement.open().catch(() => {});
  }
  const end = clock.now() + timeoutMs;
  while (waited.some((type) => type.counts.pending > 0) && clock.now() < end) blockFor(LOOK_MS);
  for (const { name, counts, placement } of due) {
    if (counts.pending === 0) continue;
    const { isolation, state } = placement.info;
    logger.error(
      { recordType: name, pending: counts.pending, thread: isolation === 'inline' ? 'inline' : state },
      'the process ended before these events were delivered',
    );
  }
}
