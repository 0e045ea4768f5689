/**
 * The sends of one attempt: what its handler has started by `sendData`, awaited or not. An attempt is over when all
 * of them have settled. A failure that the handler has not looked at fails the attempt; one that it awaited is the
 * handler's to judge.
 */
import type { Cancellation } from '../../base/cancellation.ts';
import type { Adapter, HeldBy, Hold, UnwrittenMessages } from '../adapter/adapter.ts';
import { SendAbortedError } from '../adapter/errors.ts';
import { sendOptions } from '../adapter/send-options.ts';
import type { MessageShape } from '../message.ts';

type Sender = Pick<Adapter, 'send' | 'sendUnwritten'>;

export interface SendsOptions {
  /** The order by keys is kept, also from one send to the next: those to one stream go one after the other. */
  readonly ordered?: boolean;
  /** Whether somebody waits for what is sent. */
  readonly isHurried?: () => boolean;
}

interface OpenSend {
  /** It waits for the one before it to the same stream. */
  inLine: boolean;
  /** As its adapter says, if it does. */
  heldBy?: HeldBy;
}

export class Sends {
  readonly #adapter: Sender;
  readonly #over: Cancellation;
  readonly #changed: (open: number) => void;
  readonly #options: SendsOptions;
  /** By stream, where the order is kept: when the last send to it has settled. */
  readonly #last = new Map<string, Promise<void>>();
  readonly #failures: { readonly send: ObservedSend; readonly error: unknown }[] = [];
  readonly #open = new Set<OpenSend>();
  /** The handler has returned. */
  #returned = false;
  /** Set while the batch is parked: has its handler go on again. */
  #comeBack: (() => Promise<void>) | undefined;
  #quiet: (() => void) | undefined;

  /** `over`: the attempt is. `changed` is told how many are under way, whenever that changes. */
  constructor(
    adapter: Sender,
    over: Cancellation,
    changed: (open: number) => void,
    options: SendsOptions = {},
  ) {
    this.#adapter = adapter;
    this.#over = over;
    this.#changed = changed;
    this.#options = options;
  }

  send(stream: string, messages: readonly MessageShape[] | UnwrittenMessages): Promise<void> {
    const open: OpenSend = { inLine: false };
    this.#open.add(open);
    this.#changed(this.#open.size);
    // No closure knows the messages: a send may wait long for the last of them.
    const sent = this.#start(open, stream, messages);
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

  #start(
    open: OpenSend,
    stream: string,
    messages: readonly MessageShape[] | UnwrittenMessages,
  ): Promise<void> {
    if (this.#options.ordered !== true) return this.#go(open, stream, messages);
    const before = this.#last.get(stream);
    open.inLine = before !== undefined;
    const mine =
      before === undefined
        ? this.#go(open, stream, messages)
        : before.then(() => this.#go(open, stream, messages));
    this.#last.set(
      stream,
      mine.catch(() => {}),
    );
    return mine;
  }

  #go(open: OpenSend, stream: string, messages: readonly MessageShape[] | UnwrittenMessages): Promise<void> {
    open.inLine = false;
    // What a handler sends after its attempt was given up goes nowhere.
    if (this.#over.cancelled) return Promise.reject(new SendAbortedError(this.#over.reason));
    const explain = (heldBy: HeldBy): void => {
      open.heldBy = heldBy;
    };
    const adapter = this.#adapter;
    try {
      const options = sendOptions(this.#over, { ...this.#options, explain });
      if (!('made' in messages)) return adapter.send(stream, messages, options);
      if (adapter.sendUnwritten === undefined) return adapter.send(stream, messages.made(), options);
      return adapter.sendUnwritten(stream, messages, options);
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
    for (const { heldBy, inLine } of this.#open) {
      if (inLine) continue;
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
