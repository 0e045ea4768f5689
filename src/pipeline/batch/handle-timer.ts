/** Measures how long a handler takes, the time that it has sends under way left out; calls `expired` at the limit. */
import type { Clock, Timer } from '../../base/clock.ts';

export class HandleTimer {
  readonly #clock: Clock;
  readonly #expired: () => void;
  #leftMs: number;
  #runningSince = 0;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(clock: Clock, limitMs: number, expired: () => void) {
    this.#clock = clock;
    this.#leftMs = limitMs;
    this.#expired = expired;
    this.resume();
  }

  pause(): void {
    if (this.#timer === undefined) return;
    this.#timer.clear();
    this.#timer = undefined;
    this.#leftMs -= this.#clock.now() - this.#runningSince;
  }

  resume(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#runningSince = this.#clock.now();
    this.#timer = this.#clock.setTimer(Math.max(0, this.#leftMs), this.#expired);
  }

  /** For good. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.clear();
    this.#timer = undefined;
  }
}
