/**
 * One thing that a process, or code outside of any process, waits for: the answer to a call, the outcome of a
 * start. A wait settles once. A wait whose owner has ended never settles: what the owner would have done next
 * does not happen.
 */
import type { Timer } from '../base/clock.ts';
import type { Process } from './process.ts';

export class Wait<Value> {
  /** The process that waits; `undefined` for code outside of any process. */
  readonly owner: Process | undefined;
  readonly #resolve: (value: Value) => void;
  readonly #reject: (error: unknown) => void;
  timer: Timer | undefined = undefined;
  #settled = false;
  /** Told when the wait is over, whichever way, so that its table forgets it. */
  onSettled: (() => void) | undefined = undefined;

  constructor(owner: Process | undefined, resolve: (value: Value) => void, reject: (error: unknown) => void) {
    this.owner = owner;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get settled(): boolean {
    return this.#settled;
  }

  resolve(value: Value): void {
    if (this.#finish()) this.#resolve(value);
  }

  reject(error: unknown): void {
    if (this.#finish()) this.#reject(error);
  }

  /** True when the outcome may be handed over. */
  #finish(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.timer?.clear();
    this.onSettled?.();
    return this.owner === undefined || this.owner.alive;
  }
}
