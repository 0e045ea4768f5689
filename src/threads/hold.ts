/**
 * Keeps the Node process, or the thread, for as long as somebody waits for a promise of the library. Nothing that the
 * library has running does that by itself: an idle application holds nobody.
 */
import { holdProcess } from '../base/clock.ts';

export class Hold {
  /** How many promises are under way. */
  #underWay = 0;
  #release: (() => void) | undefined;

  async during<Value>(promise: Promise<Value>): Promise<Value> {
    this.#underWay++;
    this.#release ??= holdProcess();
    try {
      return await promise;
    } finally {
      this.#underWay--;
      if (this.#underWay === 0) {
        this.#release?.();
        this.#release = undefined;
      }
    }
  }
}
