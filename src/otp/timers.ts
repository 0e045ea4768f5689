/**
 * The timers of one process. Those of its own end with it; a letter, a message to another process that is to be sent
 * later, outlives its sender. Made with the first of them: most processes have none.
 */
import type { Clock, Timer } from '../base/clock.ts';
import { SparseMap } from '../base/sparse-map.ts';
import type { Ref } from './envelope.ts';

export class Timers {
  readonly #clock: Clock;
  readonly #own = new SparseMap<Ref, Timer>();
  readonly #letters = new SparseMap<Ref, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `fire` unless the process has ended by then. */
  set(ref: Ref, delayMs: number, fire: () => void): void {
    this.#add(this.#own, ref, delayMs, fire);
  }

  /** Calls `send` whether or not the process has ended by then. */
  setLetter(ref: Ref, delayMs: number, send: () => void): void {
    this.#add(this.#letters, ref, delayMs, send);
  }

  #add(table: SparseMap<Ref, Timer>, ref: Ref, delayMs: number, fire: () => void): void {
    const timer = this.#clock.setTimer(delayMs, () => {
      table.delete(ref);
      fire();
    });
    table.set(ref, timer);
  }

  /** True when it had not fired yet. */
  cancel(ref: Ref): boolean {
    const table = this.#own.has(ref) ? this.#own : this.#letters;
    table.get(ref)?.clear();
    return table.delete(ref);
  }

  /** The process has ended. */
  end(): void {
    this.#own.each((timer) => timer.clear());
    this.#own.clear();
  }
}
