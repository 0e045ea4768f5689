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
    const abort = () => controller.abort(new SendAbortedError(callerSignal.reason));
    callerSignal.addEventListener('abort', abort);
    const settled = orAborted(work(controller.signal), controller.signal).finally(() => {
      callerSignal.removeEventListener('abort', abort);
      this.#open.delete(controller);
    });
    this.#open.set(controller, settled);
    return settled;
  }

  /** Waits for the open sends up to `timeoutMs`, cuts off the rest, then calls `release`. */
  close(timeoutMs: number, release: () => void | Promise<void>): Promise<void> {
    this.#closing ??= this.#finish(timeoutMs).then(release);
    return this.#closing;
  }

  async #finish(timeoutMs: number): Promise<void> {
    const settled = Promise.allSettled(this.#open.values());
    const deadline = new AbortController();
    const drained = settled.then(() => deadline.abort());
    // The wait ends by the abort when everything has settled in time; that is its good end.
    await delay(this.#clock, timeoutMs, deadline.signal).catch(() => drained);
    for (const controller of this.#open.keys()) controller.abort(new AdapterClosedError());
    await settled;
  }
}
