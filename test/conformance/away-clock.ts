/**
 * The time of the second thread: that of the main thread's clock, which stands still while either thread is busy. The
 * main thread tells when it goes on, and which timer has fired.
 */
import type { Clock, Timer } from '../../src/base/clock.ts';
import type { RemoteControl } from '../../src/threads/control-lane.ts';
import type { HomeControl } from './control.ts';

export class AwayClock implements Clock {
  readonly #home: RemoteControl<HomeControl>;
  readonly #timers = new Map<number, () => void>();
  #now = 0;
  #id = 0;

  constructor(home: RemoteControl<HomeControl>) {
    this.#home = home;
  }

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const id = ++this.#id;
    this.#timers.set(id, fire);
    void this.#home.setTimer(id, delayMs);
    return {
      clear: () => {
        if (this.#timers.delete(id)) void this.#home.clearTimer(id);
      },
    };
  }

  tick(now: number): void {
    this.#now = now;
  }

  fire(id: number): void {
    const fire = this.#timers.get(id);
    this.#timers.delete(id);
    fire?.();
  }
}
