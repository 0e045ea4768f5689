/**
 * Lets batches run side by side, and one that is suspected of ending its thread run alone: the next one that asks
 * waits while a batch runs alone, and a batch that must be alone waits until nobody runs. First come, first served.
 */
import { Ring } from '../../base/ring.ts';

export type Pass = 'shared' | 'alone';

export class Gate {
  readonly #waiting = new Ring<{ readonly pass: Pass; readonly enter: () => void }>();
  #running = 0;
  #alone = false;

  /** How many are inside. */
  get running(): number {
    return this.#running;
  }

  enter(pass: Pass): Promise<void> {
    return new Promise((enter) => {
      this.#waiting.push({ pass, enter });
      this.#admit();
    });
  }

  leave(): void {
    this.#running--;
    this.#alone = false;
    this.#admit();
  }

  #admit(): void {
    for (;;) {
      const first = this.#waiting.shift();
      if (first === undefined) return;
      if (this.#alone || (first.pass === 'alone' && this.#running > 0)) {
        this.#waiting.unshift(first);
        return;
      }
      this.#running++;
      this.#alone = first.pass === 'alone';
      first.enter();
    }
  }
}
