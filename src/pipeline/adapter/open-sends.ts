/**
 * The sends of one adapter that are under way, and its one way to an end: open, closing (no new sends, those
 * under way may finish), closed (the rest was cut off). Shared by all adapters of this library, so that an abort
 * and a close mean the same in each.
 */
import { Cancellation } from '../../base/cancellation.ts';
import type { Clock } from '../../base/clock.ts';
import type { SendOptions } from './adapter.ts';
import { AdapterClosedError, SendAbortedError } from './errors.ts';
import { endOf } from './send-options.ts';
import { delay, orCancelled } from './wait.ts';

export class OpenSends {
  readonly #clock: Clock;
  readonly #open = new Map<Cancellation, Promise<void>>();
  readonly #followers = new Map<AbortSignal, Follower>();
  #closing: Promise<void> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get closed(): boolean {
    return this.#closing !== null;
  }

  /**
   * Runs one send. It is handed an end of its own, which comes with the caller's and with that of `close`; when it
   * does the result rejects at once, and what `work` still comes to is of no interest to anybody.
   */
  async run(options: SendOptions, work: (end: Cancellation) => Promise<void>): Promise<void> {
    if (this.#closing !== null) throw new AdapterClosedError();
    const caller = endOf(options);
    if (caller instanceof Cancellation) return this.#run(caller, work);
    if (caller.aborted) throw new SendAbortedError(caller.reason);
    const follower = this.#followers.get(caller) ?? new Follower(caller);
    this.#followers.set(caller, follower);
    follower.sends++;
    return this.#run(follower.end, work).finally(() => {
      if (--follower.sends > 0) return;
      follower.leave();
      this.#followers.delete(caller);
    });
  }

  /** Waits for the open sends up to `timeoutMs`, cuts off the rest, then calls `release`. */
  close(timeoutMs: number, release: () => void): Promise<void> {
    this.#closing ??= this.#finish(timeoutMs).then(release);
    return this.#closing;
  }

  async #run(caller: Cancellation, work: (end: Cancellation) => Promise<void>): Promise<void> {
    if (caller.cancelled) throw new SendAbortedError(caller.reason);
    const end = new Cancellation();
    const abort = (): void => end.cancel(new SendAbortedError(caller.reason));
    caller.onCancel(abort);
    const settled = orCancelled(work(end), end).finally(() => {
      this.#open.delete(end);
      caller.offCancel(abort);
    });
    this.#open.set(end, settled);
    return settled;
  }

  async #finish(timeoutMs: number): Promise<void> {
    const settled = Promise.allSettled(this.#open.values());
    const drained = new Cancellation();
    settled.then(() => drained.cancel());
    // The wait ends by its deadline or because there is nothing left to wait for; both are good ends of it.
    await delay(this.#clock, timeoutMs, drained).catch(() => settled);
    for (const end of this.#open.keys()) end.cancel(new AdapterClosedError());
    await settled;
  }
}

/**
 * Follows a signal for all the sends that it ends. One listener for all of them, because Node warns of a leak at
 * eleven, and a batch may well send more than ten times under its one signal.
 */
class Follower {
  readonly end = new Cancellation();
  readonly #signal: AbortSignal;
  sends = 0;
  readonly #abort = () => this.end.cancel(this.#signal.reason);

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#abort);
  }

  leave(): void {
    this.#signal.removeEventListener('abort', this.#abort);
  }
}
