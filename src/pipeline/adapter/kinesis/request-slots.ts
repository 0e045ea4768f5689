/**
 * The bound on requests in flight of one adapter, over all its streams. Who finds none free stands in line, once,
 * and is called when one has become free: first come, first served.
 */
import { assert } from '../../../base/assert.ts';
import { Ring } from '../../../base/ring.ts';

export class RequestSlots {
  readonly #slots: number;
  #free: number;
  readonly #waiting = new Ring<() => void>();
  readonly #inLine = new Set<() => void>();

  constructor(slots: number) {
    this.#slots = slots;
    this.#free = slots;
  }

  /** Takes a slot, to be given back by `release`. If none is free `called` is called when it is worth asking again. */
  tryTake(called: () => void): boolean {
    if (this.#free > 0) {
      this.#free--;
      return true;
    }
    if (!this.#inLine.has(called)) {
      this.#inLine.add(called);
      this.#waiting.push(called);
    }
    return false;
  }

  release(): void {
    this.#free++;
    assert(this.#free <= this.#slots, 'a slot is released by who took it');
    // Who has nothing to send any more leaves the slot to the next in line.
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#inLine.delete(next);
      next();
      if (this.#free === 0) return;
    }
  }
}
