/**
 * The end of the process, inside Node's `'exit'` event: nothing asynchronous happens on the main thread any more, but
 * the record types' threads run on. They are told, and the main thread waits until they have delivered what is queued,
 * or `timeoutMs` is over.
 *
 *     main thread                             a record type's thread
 *     EXITING = 1, wake --------------------> takes events from the queue without a Producer, runs them in a loop
 *     starts the threads that are missing --> finds the word set when it has loaded, does the same
 *     waits until nothing is ready <--------- frames are settled in shared memory
 *
 * What a thread cannot do by then: ask the main thread for anything. So credentials from a function must have been
 * asked for before, dead letters stay where they are, and `isolation: 'inline'` has no thread that could run.
 *
 * Before that, when nothing else is left to do, what is pending holds the process, for as long as `exitTimeoutMs`.
 */
import type { Clock } from '../../base/clock.ts';
import { blockFor } from '../../threads/queue/recording.ts';
import type { Engine } from '../engine.ts';
import type { PlacementInfo } from '../site/placement.ts';
import type { TypeQueue } from '../site/type-queue.ts';
import type { Logger } from '../telemetry/logger.ts';

/** How long the main thread sleeps between two looks at the queues. */
const LOOK_MS = 2;

export interface AtEnd {
  /** To be called inside of `'exit'`. */
  exit(): void;
  /** Nothing holds the process any more. */
  release(): void;
}

/** `settled` resolves when all is settled, or when its signal is aborted. */
export function deliverAtEnd(engine: Engine, settled: (late: AbortSignal) => Promise<void>): AtEnd {
  const { exitTimeoutMs } = engine.options;
  /** The end of the process was held up for long enough. */
  let givenUp = false;
  const beforeExit = (): void => {
    if (givenUp || [...engine.types.values()].every((type) => type.isSettled)) return;
    const late = new AbortController();
    const timer = engine.clock.setTimer(exitTimeoutMs, () => {
      givenUp = true;
      late.abort();
    });
    void settled(late.signal).finally(() => timer.clear());
  };
  const exit = (): void => {
    const types = [...engine.types.values()];
    if (!givenUp)
      deliverNow(
        { ...engine, exitTimeoutMs },
        types.map((type) => ({
          type,
          threadState: () => type.placement.info.state,
          // Its promise never settles: what it starts runs without this thread.
          startThread: () => void type.placement.open().catch(() => {}),
        })),
      );
    // A thread that ends inside of the store takes the process along.
    engine.spool?.closeNow();
  };
  process.on('beforeExit', beforeExit);
  return { exit, release: () => void process.off('beforeExit', beforeExit) };
}

/** A record type when the process ends, with the state of its thread. */
export interface EndingType {
  readonly type: Pick<TypeQueue, 'name' | 'options' | 'counts' | 'letters' | 'undelivered' | 'signals'>;
  threadState(): PlacementInfo['state'];
  /** Starts one; synchronous. */
  startThread(): void;
}

interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly exitTimeoutMs: number;
}

/** Waits, inside `'exit'`, while the threads deliver. */
export function deliverNow(
  { clock, logger, exitTimeoutMs }: Surroundings,
  types: readonly EndingType[],
): void {
  const due = types.filter(({ type }) => type.counts.pending > 0);
  // A dead letter needs the main thread to get to its sink.
  const waited = due.filter(({ type }) => type.options.isolation === 'thread' && type.undelivered > 0);
  for (const { type, threadState, startThread } of waited) {
    type.signals.announceExit();
    if (threadState() === 'none') startThread();
  }
  const end = clock.now() + exitTimeoutMs;
  while (waited.some(({ type }) => type.undelivered > 0) && clock.now() < end) blockFor(LOOK_MS);
  for (const { type, threadState } of due) {
    const { name, counts, options } = type;
    if (counts.pending === 0) continue;
    if (counts.spooled === counts.pending) continue;
    logger.error(
      {
        recordType: name,
        pending: counts.pending,
        letters: type.letters,
        thread: options.isolation === 'inline' ? 'inline' : threadState(),
      },
      'the process ended before these events were delivered',
    );
  }
}
