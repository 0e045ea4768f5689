/**
 * The bound on requests in flight of one adapter, over all its streams. First come, first served; who gives up
 * waiting is out of the queue. The queue is bounded by the sends under way.
 */
import { assert } from '../../../base/assert.ts';
import { Ring } from '../../../base/ring.ts';

export class RequestSlots {
  #free: number;
  readonly #waiting = new Ring<() => void>();

  constructor(slots: number) {
    this.#free = slots;
  }

  /** Resolves with a slot, to be given back by `release`; rejects with the signal's reason, without one. */
  async acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const take = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.remove((waiter) => waiter === take);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(take);
    });
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
    assert(this.#free >= 0, 'a slot is released by who acquired it');
  }
}
