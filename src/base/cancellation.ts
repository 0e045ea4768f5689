/**
 * Says, once, that something is no longer wanted. What an AbortController is, for those within the library: that one takes 2 us
 * to make, and as much again to be listened to and to be aborted, and several are needed for each batch. Who must hand an
 * AbortSignal on gets one that is made when it is asked for.
 */
export class Cancellation {
  #cancelled = false;
  #reason: unknown;
  /** In the order in which they came. */
  #listeners: (() => void)[] | undefined;
  #controller: AbortController | undefined;

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Why; undefined until it is cancelled. */
  get reason(): unknown {
    return this.#reason;
  }

  /** A second time says nothing new. Listeners must not throw. */
  cancel(reason?: unknown): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#reason = reason;
    const listeners = this.#listeners ?? [];
    this.#listeners = undefined;
    for (const listener of listeners) listener();
    this.#controller?.abort(reason);
  }

  /** Calls `listener` when it is cancelled; never, when it has been. */
  onCancel(listener: () => void): void {
    if (this.#cancelled) return;
    if (this.#listeners === undefined) this.#listeners = [listener];
    else this.#listeners.push(listener);
  }

  offCancel(listener: () => void): void {
    const at = this.#listeners?.indexOf(listener) ?? -1;
    if (at >= 0) this.#listeners?.splice(at, 1);
  }

  /** The same for others: aborted with the reason, behind all who listen here. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#cancelled) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }
}
