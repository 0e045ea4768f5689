/**
 * Sleeping on a shared word without a thread of its own: `Atomics.waitAsync`, which wakes within some 20 us.
 *
 * A sleeper does not keep its thread alive: whoever must not end while it sleeps holds a referenced port.
 */
import { type Clock, untilNextBeat } from '../../base/clock.ts';

/** Not in the library types of ES2023; Node has had it since 16. */
interface WaitAsync {
  waitAsync(
    words: Int32Array,
    index: number,
    value: number,
  ): { readonly async: false } | { readonly async: true; readonly value: Promise<string> };
}

export interface Watch {
  readonly clock: Clock;
  /**
   * The protocols on these words lose no wake-up by themselves. Against one that is lost below them (the engine, or
   * a thread that ended between its store and its notify), a sleeper looks again this rarely.
   */
  readonly recheckMs: number;
}

export const RECHECK_MS = 5000;

/** Resolves when `words[index]` is no longer `seen`, or, at a rare second look, `isDue` says that it should have been. */
export function changed(
  words: Int32Array,
  index: number,
  seen: number,
  watch: Watch,
  isDue: () => boolean,
): Promise<void> {
  const waiting = (Atomics as unknown as WaitAsync).waitAsync(words, index, seen);
  if (!waiting.async) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () =>
      watch.clock.setTimer(untilNextBeat(watch.clock, watch.recheckMs), () => {
        if (isDue()) Atomics.notify(words, index);
        else timer = look();
      });
    let timer = look();
    void waiting.value.then(() => {
      timer.clear();
      resolve();
    });
  });
}

const still = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread, its event loop and all: only where nothing else can run any more, in the process's `'exit'`. */
export function blockFor(delayMs: number): void {
  Atomics.wait(still, 0, 0, delayMs);
}
