/**
 * Time, handed in. Nothing outside this file reads the wall clock or sets a timer of its own accord, so that a
 * test can hold time still.
 */

/** A timer that was set; give it back to `clear`. */
export interface Timer {
  readonly clear: () => void;
}

export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. For durations. */
  now(): number;
  /** Milliseconds since the Unix epoch. For what is written down. */
  wallTime(): number;
  /** Calls `fire` once, `delayMs` from now, unless cleared before. Timers of one instant fire in the order set. */
  setTimer(delayMs: number, fire: () => void): Timer;
}

/** Some 24.8 days. What is longer Node takes for 1 ms. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

/** In several steps; one without end never fires. */
function setLongTimer(delayMs: number, fire: () => void): Timer {
  let step = systemClock.setTimer(TIMEOUT_MAX_MS, () => {
    step = systemClock.setTimer(delayMs - TIMEOUT_MAX_MS, fire);
  });
  return { clear: () => step.clear() };
}

/** The system's clock. Its timers do not keep the Node process alive by themselves. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimer(delayMs, fire) {
    if (delayMs > TIMEOUT_MAX_MS) return setLongTimer(delayMs, fire);
    const handle = setTimeout(fire, delayMs);
    handle.unref();
    return { clear: () => clearTimeout(handle) };
  },
};

/**
 * Milliseconds to the next moment of those that lie `periodMs` apart and are the same for all of this thread: what many
 * do every so often then costs the thread one wake-up and not one for each. A beat that is all but there is passed over:
 * a timer may be a little early.
 */
export function untilNextBeat(clock: Clock, periodMs: number): number {
  const delayMs = periodMs - (clock.now() % periodMs);
  return delayMs < periodMs / 10 ? delayMs + periodMs : delayMs;
}

const HOLD_MS = 60_000;

/** Keeps the Node process alive until the function it returns is called: no timer of `systemClock` does. */
export function holdProcess(): () => void {
  const handle = setInterval(() => {}, HOLD_MS);
  return () => clearInterval(handle);
}
