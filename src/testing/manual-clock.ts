/**
 * A clock that stands still until it is told to go on. Timers fire inside `fireNext` and `advance` only: one after
 * the other, earliest first, those of one instant in the order they were set.
 *
 *     const clock = new ManualClock();
 *     const runtime = new Runtime({ clock });
 *     clock.advance(5000);
 */
import type { Clock, Timer } from '../base/clock.ts';

interface Pending {
  readonly dueAt: number;
  readonly fire: () => void;
}

export class ManualClock implements Clock {
  /** Earliest first; behind all that are due no later, so that the order of setting decides ties. */
  readonly #timers: Pending[] = [];
  readonly #epoch: number;
  #now = 0;

  /** `epoch` is the wall time, in milliseconds, at which the clock starts. */
  constructor(epoch = 0) {
    this.#epoch = epoch;
  }

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#epoch + this.#now;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer: Pending = { dueAt: this.#now + Math.max(0, delayMs), fire };
    this.#timers.splice(this.#placeFor(timer.dueAt), 0, timer);
    return {
      clear: () => {
        const index = this.#timers.indexOf(timer);
        if (index !== -1) this.#timers.splice(index, 1);
      },
    };
  }

  /** The moment of the earliest timer that is set. */
  get nextDueAt(): number | undefined {
    return this.#timers[0]?.dueAt;
  }

  /** Goes to the moment of the earliest timer and fires that one alone; false when none is set. */
  fireNext(): boolean {
    const timer = this.#timers.shift();
    if (timer === undefined) return false;
    this.#now = timer.dueAt;
    timer.fire();
    return true;
  }

  /** Goes on by `delayMs` and fires what falls due on the way. */
  advance(delayMs: number): void {
    const end = this.#now + delayMs;
    while (this.nextDueAt !== undefined && this.nextDueAt <= end) this.fireNext();
    this.#now = end;
  }

  #placeFor(dueAt: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle] as Pending).dueAt <= dueAt) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
