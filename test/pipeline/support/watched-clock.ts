/** A manual clock that tells when a timer is set: for tests that go on when something has begun to wait. */
import type { Timer } from '../../../src/base/clock.ts';
import { ManualClock } from '../../../src/testing/index.ts';

export class WatchedClock extends ManualClock {
  readonly #waiting = new Set<(delayMs: number) => void>();

  override setTimer(delayMs: number, fire: () => void): Timer {
    const timer = super.setTimer(delayMs, fire);
    for (const look of this.#waiting) look(delayMs);
    return timer;
  }

  /** Resolves when the next timer of this length is set. */
  armed(lengthMs: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (delayMs: number): void => {
        if (delayMs !== lengthMs) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }
}
