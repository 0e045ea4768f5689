/** The module of `memory()`: writes each send into the log that its descriptor brought, as one frame. */
import { type Backoff, backoffDelay } from '../../../base/backoff.ts';
import type { Cancellation } from '../../../base/cancellation.ts';
import { concerns, type InjectedFailure, InjectedFailures } from '../../../threads/shared-failures.ts';
import { MessageLog, type SharedLog } from '../../../threads/shared-log.ts';
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

  constructor(name: string, memory: SharedLog, context: AdapterContext) {
    this.#name = name;
    this.#log = new MessageLog(memory);
    this.#failures = new InjectedFailures(memory);
    this.#context = context;
    this.#sends = new OpenSends(context.clock);
    this.#book = new SendBook(context.clock);
  }

  send(stream: string, messages: readonly WireMessage[], options: SendOptions): Promise<void> {
    return this.#sends.run(options, (end) =>
      this.#book.enter(stream, messages, (page) => this.#deliver(stream, messages, page, end)),
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
    end: Cancellation,
  ): Promise<void> {
    if (messages.length === 0) return;
    const { clock, random } = this.#context;
    const since = clock.wallTime();
    for (let attempt = 1; ; attempt++) {
      page.meter.request(attempt === 1 ? 0 : messages.length);
      const failure = this.#failures.take(messages);
      if (failure === null || !failure.retryable) return this.#settle(stream, messages, page, failure);
      const { code } = failure;
      const message = this.#injected();
      page.meter.error(code, message);
      page.state = { type: 'failing', code, message, since, failures: attempt };
      await delay(clock, backoffDelay(BACKOFF, attempt, random), end);
    }
  }

  /** Runs to its end without a wait: a send is in the log as a whole or, when its thread dies, not at all. */
  #settle(
    stream: string,
    messages: readonly WireMessage[],
    page: StreamPage,
    failure: InjectedFailure | null,
  ): void {
    const isCondemned = (message: WireMessage) => failure !== null && concerns(message, failure);
    const others = messages.filter((message) => !isCondemned(message));
    const fits = others.length === 0 || this.#log.append(stream, others);
    page.state = { type: 'open' };
    if (fits)
      page.meter.sent(
        others.length,
        others.reduce((sum, message) => sum + recordBytes(message), 0),
      );
    const rejections: Rejection[] = [];
    for (const [index, message] of messages.entries()) {
      const bytes = recordBytes(message);
      if (failure !== null && isCondemned(message)) {
        rejections.push({ index, code: failure.code, message: this.#injected(), bytes, limit: null });
      } else if (!fits) {
        const text = `the memory adapter '${this.#name}' is full; give memory() a larger bytesMax`;
        rejections.push({ index, code: 'MemoryFull', message: text, bytes, limit: null });
      }
    }
    if (rejections.length === 0) return;
    page.meter.rejected(rejections.length);
    for (const rejection of rejections) {
      page.meter.error(rejection.code, rejection.message);
      this.#context.report({ type: 'rejected', stream, rejection });
    }
    throw new RecordsRejectedError(stream, messages.length, rejections);
  }

  #injected(): string {
    return `a failure injected into the memory adapter '${this.#name}'`;
  }
}
