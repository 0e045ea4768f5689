/**
 * The sends of one adapter that are under way, and its one way to an end: open, closing (no new sends, those
 * under way may finish), closed (the rest was cut off). Shared by all adapters of this library, so that an abort
 * and a close mean the same in each.
 */
import type { Clock } from '../../base/clock.ts';
import { AdapterClosedError, SendAbortedError } from './errors.ts';
import { delay, orAborted } from './wait.ts';

export class OpenSends {
  readonly #clock: Clock;
  readonly #open = new Map<AbortController, Promise<void>>();
  readonly #callers = new Map<AbortSignal, Caller>();
  #closing: Promise<void> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get closed(): boolean {
    return this.#closing !== null;
  }

  /**
   * Runs one send. It is handed a signal that is aborted by the caller's own and by the end of `close`; when that
   * happens the result rejects at once, and what `work` still comes to is of no interest to anybody.
   */
  async run(callerSignal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#closing !== null) throw new AdapterClosedError();
    if (callerSignal.aborted) throw new SendAbortedError(callerSignal.reason);
    const controller = new AbortController();
    const caller = this.#callers.get(callerSignal) ?? new Caller(callerSignal);
    this.#callers.set(callerSignal, caller);
    caller.add(controller);
    const settled = orAborted(work(controller.signal), controller.signal).finally(() => {
      this.#open.delete(controller);
      if (caller.remove(controller) === 0) this.#callers.delete(callerSignal);
    });
    this.#open.set(controller, settled);
    return settled;
  }

  /** Waits for the open sends up to `timeoutMs`, cuts off the rest, then calls `release`. */
  close(timeoutMs: number, release: () => void): Promise<void> {
    this.#closing ??= this.#finish(timeoutMs).then(release);
    return this.#closing;
  }

  async #finish(timeoutMs: number): Promise<void> {
    const settled = Promise.allSettled(this.#open.values());
    const drained = new AbortController();
    settled.then(() => drained.abort());
    // The wait ends by its deadline or because there is nothing left to wait for; both are good ends of it.
    await delay(this.#clock, timeoutMs, drained.signal).catch(() => settled);
    for (const controller of this.#open.keys()) controller.abort(new AdapterClosedError());
    await settled;
  }
}

/**
 * A caller's signal and the sends that it ends. One listener for all of them, because Node warns of a leak at
 * eleven, and a batch may well send more than ten times under its one signal.
 */
class Caller {
  readonly #signal: AbortSignal;
  readonly #controllers = new Set<AbortController>();
  readonly #abort = () => {
    for (const controller of this.#controllers) controller.abort(new SendAbortedError(this.#signal.reason));
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#abort);
  }

  add(controller: AbortController): void {
    this.#controllers.add(controller);
  }

  /** How many are left. */
  remove(controller: AbortController): number {
    this.#controllers.delete(controller);
    if (this.#controllers.size === 0) this.#signal.removeEventListener('abort', this.#abort);
    return this.#controllers.size;
  }
}
