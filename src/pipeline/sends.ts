/**
 * The sends of one attempt: what its handler has started by `sendData`, awaited or not. An attempt is over when all
 * of them have settled. A failure that the handler has not looked at fails the attempt; one that it awaited is the
 * handler's to judge.
 */
import type { Adapter, HeldBy, Hold, SendOptions } from './adapter/adapter.ts';
import { SendAbortedError } from './adapter/errors.ts';
import type { MessageShape } from './message.ts';

interface OpenSend {
  /** As its adapter says, if it does. */
  heldBy?: HeldBy;
}

export class Sends {
  readonly #adapter: Pick<Adapter, 'send'>;
  readonly #signal: AbortSignal;
  readonly #changed: (open: number) => void;
  readonly #failures: { readonly send: ObservedSend; readonly error: unknown }[] = [];
  readonly #open = new Set<OpenSend>();
  /** The handler has returned. */
  #returned = false;
  /** Set while the batch is parked: has its handler go on again. */
  #comeBack: (() => Promise<void>) | undefined;
  #quiet: (() => void) | undefined;

  /** `changed` is told how many are under way, whenever that changes. */
  constructor(adapter: Pick<Adapter, 'send'>, signal: AbortSignal, changed: (open: number) => void) {
    this.#adapter = adapter;
    this.#signal = signal;
    this.#changed = changed;
  }

  send(stream: string, messages: readonly MessageShape[]): Promise<void> {
    const open: OpenSend = {};
    this.#open.add(open);
    this.#changed(this.#open.size);
    const explain = (heldBy: HeldBy): void => {
      open.heldBy = heldBy;
    };
    // No closure knows the messages: a send may wait long for the last of them.
    const sent = this.#start(stream, messages, { signal: this.#signal, explain });
    const send = new ObservedSend((resolve, reject) => {
      sent.then(
        () => this.#answer(open, resolve),
        (error: unknown) =>
          this.#answer(open, () => {
            this.#failures.push({ send, error });
            reject(error);
          }),
      );
    });
    // A rejection that nobody looks at must not end the thread: it fails the attempt.
    send.ignore();
    return send;
  }

  #start(stream: string, messages: readonly MessageShape[], options: SendOptions): Promise<void> {
    // What a handler sends after its attempt was given up goes nowhere.
    if (this.#signal.aborted) return Promise.reject(new SendAbortedError(this.#signal.reason));
    try {
      return this.#adapter.send(stream, messages, options);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  /** Resolves when none is under way, with the first failure that nobody looked at. */
  async settled(): Promise<{ readonly error: unknown } | undefined> {
    this.#returned = true;
    while (this.#open.size > 0) {
      await new Promise<void>((resolve) => {
        this.#quiet = resolve;
      });
    }
    const failure = this.#failures.find(({ send }) => !send.observed);
    return failure === undefined ? undefined : { error: failure.error };
  }

  /** What all that is under way is held up by; nothing, if something is not, or nothing is under way. */
  heldBy(): readonly Hold[] {
    const all: Hold[] = [];
    for (const { heldBy } of this.#open) {
      const holds = heldBy?.() ?? [];
      if (holds.length === 0) return [];
      all.push(...holds);
    }
    return all;
  }

  /** The batch is parked. Before a send is answered, so that the handler goes on, `comeBack` is waited for. */
  park(comeBack: () => Promise<void>): void {
    this.#comeBack = comeBack;
  }

  #answer(open: OpenSend, answer: () => void): void {
    const answered = (): void => {
      answer();
      this.#open.delete(open);
      this.#changed(this.#open.size);
      if (this.#open.size === 0) this.#quiet?.();
    };
    // A handler that has returned has nothing to go on with.
    if (this.#comeBack === undefined || this.#returned) answered();
    else void this.#comeBack().then(answered);
  }
}

/** A promise that knows whether anybody awaits it. `await`, `then` and `Promise.all` all go through `then`. */
class ObservedSend extends Promise<void> {
  observed = false;

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // biome-ignore lint/suspicious/noThenProperty: being told of `then` is what this class is for
  override then<A = void, B = never>(
    onFulfilled?: ((value: void) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.observed = true;
    return super.then(onFulfilled, onRejected);
  }

  ignore(): void {
    void super.then(undefined, () => {});
  }
}
