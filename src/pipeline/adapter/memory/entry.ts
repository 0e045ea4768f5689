/** The module of `memory()`: writes each send into the log that its descriptor brought, as one frame. */
import { type Backoff, backoffDelay } from '../../../base/backoff.ts';
import type {
  Adapter,
  AdapterContext,
  AdapterSnapshot,
  CloseOptions,
  Rejection,
  SendOptions,
  WireMessage,
} from '../adapter.ts';
import { RecordsRejectedError } from '../errors.ts';
import { OpenSends } from '../open-sends.ts';
import { parseOptions } from '../options.ts';
import { recordBytes } from '../record-bytes.ts';
import { SendBook, type StreamPage } from '../send-book.ts';
import { delay } from '../wait.ts';
import { concerns, FAILURES_BYTES, type InjectedFailure, InjectedFailures } from './failures.ts';
import { MessageLog } from './log.ts';
import { memoryWireSchema } from './options.ts';

/** Short, because it stands in tests. */
const BACKOFF: Backoff = { initialMs: 5, maxMs: 100, factor: 2, jitter: 0 };

export function createAdapter(options: unknown, context: AdapterContext): Adapter {
  const { name, memory } = parseOptions('memory()', memoryWireSchema, options);
  return new MemoryAdapter(name, memory, context);
}

class MemoryAdapter implements Adapter {
  readonly #name: string;
  readonly #log: MessageLog;
  readonly #failures: InjectedFailures;
  readonly #context: AdapterContext;
  readonly #sends: OpenSends;
  readonly #book: SendBook;

  constructor(name: string, memory: SharedArrayBuffer, context: AdapterContext) {
    this.#name = name;
    this.#log = new MessageLog(memory, FAILURES_BYTES);
    this.#failures = new InjectedFailures(memory);
    this.#context = context;
    this.#sends = new OpenSends(context.clock);
    this.#book = new SendBook(context.clock);
  }

  send(stream: string, messages: readonly WireMessage[], { signal }: SendOptions): Promise<void> {
    return this.#sends.run(signal, (inner) =>
      this.#book.enter(stream, messages, (page) => this.#deliver(stream, messages, page, inner)),
    );
  }

  close({ timeoutMs }: CloseOptions): Promise<void> {
    return this.#sends.close(timeoutMs, () => {});
  }

  snapshot(): AdapterSnapshot {
    return { adapter: this.#name, closed: this.#sends.closed, streams: this.#book.snapshot() };
  }

  async #deliver(
    stream: string,
    messages: readonly WireMessage[],
    page: StreamPage,
    signal: AbortSignal,
  ): Promise<void> {
    if (messages.length === 0) return;
    const since = this.#context.clock.wallTime();
    for (let attempt = 1; ; attempt++) {
      page.meter.request(attempt === 1 ? 0 : messages.length);
      const failure = this.#failures.take(messages);
      if (failure === null) {
        page.state = { type: 'open' };
        return this.#append(stream, messages, page, []);
      }
      const text = `an injected failure of the memory adapter '${this.#name}'`;
      page.meter.error(failure.code, text);
      if (!failure.retryable) return this.#reject(stream, messages, page, failure, text);
      page.state = { type: 'failing', code: failure.code, message: text, since, failures: attempt };
      await delay(this.#context.clock, backoffDelay(BACKOFF, attempt, this.#context.random), signal);
    }
  }

  #reject(
    stream: string,
    messages: readonly WireMessage[],
    page: StreamPage,
    failure: InjectedFailure,
    message: string,
  ): void {
    const condemned = new Set(messages.filter((candidate) => concerns(candidate, failure)));
    const rejections = rejectionsOf(messages, condemned, failure.code, message, null);
    const others = messages.filter((candidate) => !condemned.has(candidate));
    this.#append(stream, others, page, rejections);
  }

  /** Runs to its end without a wait, so that a send is in the log as a whole or, when its thread dies, not at all. */
  #append(
    stream: string,
    messages: readonly WireMessage[],
    page: StreamPage,
    rejections: readonly Rejection[],
  ): void {
    let rejected = rejections;
    if (messages.length > 0 && !this.#log.append(stream, messages)) {
      const text = `the memory adapter '${this.#name}' is full; give memory() a larger bytesMax`;
      page.meter.error('MemoryFull', text);
      rejected = rejectionsOf(messages, new Set(messages), 'MemoryFull', text, null);
    } else {
      page.meter.sent(
        messages.length,
        messages.reduce((sum, message) => sum + recordBytes(message), 0),
      );
    }
    page.meter.rejected(rejected.length);
    for (const rejection of rejected) this.#context.report({ type: 'rejected', stream, rejection });
    if (rejected.length > 0) {
      throw new RecordsRejectedError(stream, messages.length + rejections.length, rejected);
    }
  }
}

function rejectionsOf(
  messages: readonly WireMessage[],
  condemned: ReadonlySet<WireMessage>,
  code: string,
  message: string,
  limit: number | null,
): Rejection[] {
  return messages.flatMap((candidate, index) =>
    condemned.has(candidate) ? [{ index, code, message, bytes: recordBytes(candidate), limit }] : [],
  );
}
