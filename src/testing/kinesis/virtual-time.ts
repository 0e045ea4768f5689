/**
 * Runs what stands on a clock that does not go by itself: from timer to timer, and between two of them everything
 * happens that needs no time.
 */
import type { ManualClock } from '../manual-clock.ts';

/** Goes on until `done` holds. Rejects when no timer is left and it does not hold. */
export async function runUntil(clock: ManualClock, done: () => boolean): Promise<void> {
  await settle();
  while (!done()) {
    if (!clock.fireNext()) throw new Error('no timer is left to wait for, and it has not happened');
    await settle();
  }
}

/** Goes on to this moment of the clock. */
export async function runTo(clock: ManualClock, now: number): Promise<void> {
  await settle();
  while (clock.nextDueAt !== undefined && clock.nextDueAt <= now) {
    clock.fireNext();
    await settle();
  }
  clock.advance(now - clock.now());
}

/** Resolves when everything that can happen without a timer or I/O has happened. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
