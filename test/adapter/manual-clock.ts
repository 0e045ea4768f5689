/** A clock that stands still until it is told to go on. */
import type { Clock, Timer } from '../../src/base/clock.ts';

interface Pending {
  readonly at: number;
  readonly fire: () => void;
}

export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<Pending>();

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return 1_700_000_000_000 + this.#now;
  }

  get timers(): number {
    return this.#timers.size;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const pending = { at: this.#now + delayMs, fire };
    this.#timers.add(pending);
    return { clear: () => this.#timers.delete(pending) };
  }

  /** Goes on by `ms`: each timer fires at its moment, and what follows from it happens before the next. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    await quiet();
    for (let next = this.#next(target); next !== null; next = this.#next(target)) {
      this.#now = next.at;
      this.#timers.delete(next);
      next.fire();
      await quiet();
    }
    this.#now = target;
  }

  /** Goes on from timer to timer until `done` holds. Fails when no timer is left to wait for. */
  async advanceUntil(done: () => boolean): Promise<void> {
    await quiet();
    while (!done()) {
      const next = this.#next(Number.POSITIVE_INFINITY);
      if (next === null) throw new Error('nothing is left to wait for, and it has not happened');
      await this.advance(next.at - this.#now);
    }
  }

  #next(until: number): Pending | null {
    let next: Pending | null = null;
    for (const pending of this.#timers) {
      if (pending.at <= until && (next === null || pending.at < next.at)) next = pending;
    }
    return next;
  }
}

/** Resolves when everything that can happen without a timer or I/O has happened. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
