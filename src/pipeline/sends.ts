/**
 * The sends of one attempt: what its handler has started by `sendData`, awaited or not. An attempt is over when all
 * of them have settled. A failure that the handler has not looked at fails the attempt; one that it awaited is the
 * handler's to judge.
 */
import type { Adapter } from './adapter/adapter.ts';
import { SendAbortedError } from './adapter/errors.ts';
import type { MessageShape } from './message.ts';

export interface SendsOptions {
  /** The order by keys is kept, also from one send to the next: those to one stream go one after the other. */
  readonly ordered?: boolean;
}

export class Sends {
  readonly #adapter: Pick<Adapter, 'send'>;
  readonly #signal: AbortSignal;
  readonly #changed: (open: number) => void;
  readonly #ordered: boolean;
  /** By stream, where the order is kept: when the last send to it has settled. */
  readonly #last = new Map<string, Promise<void>>();
  readonly #failures: { readonly send: ObservedSend; readonly error: unknown }[] = [];
  #open = 0;
  #quiet: (() => void) | undefined;

  /** `changed` is told how many are under way, whenever that changes. */
  constructor(
    adapter: Pick<Adapter, 'send'>,
    signal: AbortSignal,
    changed: (open: number) => void,
    { ordered = false }: SendsOptions = {},
  ) {
    this.#adapter = adapter;
    this.#signal = signal;
    this.#changed = changed;
    this.#ordered = ordered;
  }

  send(stream: string, messages: readonly MessageShape[]): Promise<void> {
    this.#change(1);
    const send = new ObservedSend((resolve, reject) => {
      this.#start(stream, messages).then(
        () => {
          resolve();
          this.#change(-1);
        },
        (error: unknown) => {
          this.#failures.push({ send, error });
          reject(error);
          this.#change(-1);
        },
      );
    });
    // A rejection that nobody looks at must not end the thread: it fails the attempt.
    send.ignore();
    return send;
  }

  #start(stream: string, messages: readonly MessageShape[]): Promise<void> {
    if (!this.#ordered) return this.#go(stream, messages);
    const before = this.#last.get(stream);
    const mine =
      before === undefined ? this.#go(stream, messages) : before.then(() => this.#go(stream, messages));
    this.#last.set(
      stream,
      mine.catch(() => {}),
    );
    return mine;
  }

  #go(stream: string, messages: readonly MessageShape[]): Promise<void> {
    // What a handler sends after its attempt was given up goes nowhere.
    if (this.#signal.aborted) return Promise.reject(new SendAbortedError(this.#signal.reason));
    return this.#adapter.send(stream, messages, { signal: this.#signal, ordered: this.#ordered });
  }

  /** Resolves when none is under way, with the first failure that nobody looked at. */
  async settled(): Promise<{ readonly error: unknown } | undefined> {
    while (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#quiet = resolve;
      });
    }
    const failure = this.#failures.find(({ send }) => !send.observed);
    return failure === undefined ? undefined : { error: failure.error };
  }

  #change(by: 1 | -1): void {
    this.#open += by;
    this.#changed(this.#open);
    if (this.#open === 0) this.#quiet?.();
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
