/** The browser's time, and its timers: nothing else of the page asks for them. */

export function now(): number {
  return Date.now();
}

/** Calls `tick` each second until the function it returns is called. */
export function everySecond(tick: () => void): () => void {
  const handle = setInterval(tick, 1000);
  return () => clearInterval(handle);
}

/** Calls `fire` once, so many milliseconds from now. */
export function after(delayMs: number, fire: () => void): void {
  setTimeout(fire, delayMs);
}
