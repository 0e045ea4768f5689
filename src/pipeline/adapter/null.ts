/**
 * The adapter that delivers to nowhere: every send succeeds. For a dry run, for benchmarks of what comes before
 * it, and for switching analytics off. It keeps nothing but counts.
 */
import * as v from 'valibot';
import type { Adapter, AdapterDescriptor, CreateAdapter, SendOptions, WireMessage } from './adapter.ts';
import { OpenSends } from './open-sends.ts';
import { optionsObject, parseOptions, wholeNumberBetween } from './options.ts';
import { recordBytes } from './record-bytes.ts';
import { SendBook } from './send-book.ts';
import { delay } from './wait.ts';

const schema = optionsObject({
  /** How long each send takes, in milliseconds. */
  delayMs: v.optional(wholeNumberBetween(0, 3_600_000), 0),
});

export type NullAdapterOptions = v.InferInput<typeof schema>;

/**
 * ```ts
 * await Application.start({ adapter: nullAdapter() });
 * ```
 * Throws `ERR_OPTIONS`.
 */
export function nullAdapter(options: NullAdapterOptions = {}): AdapterDescriptor {
  return { module: import.meta.url, options: parseOptions('nullAdapter()', schema, options) };
}

export const createAdapter: CreateAdapter = (options, { clock }): Adapter => {
  const { delayMs } = parseOptions('nullAdapter()', schema, options);
  const sends = new OpenSends(clock);
  const book = new SendBook(clock);
  return {
    send(stream: string, messages: readonly WireMessage[], { signal }: SendOptions) {
      return sends.run(signal, (inner) =>
        book.enter(stream, messages, async ({ meter }) => {
          if (messages.length === 0) return;
          if (delayMs > 0) await delay(clock, delayMs, inner);
          meter.request(0);
          meter.sent(
            messages.length,
            messages.reduce((sum, message) => sum + recordBytes(message), 0),
          );
        }),
      );
    },
    close: ({ timeoutMs }) => sends.close(timeoutMs, () => {}),
    snapshot: () => ({ adapter: 'null', closed: sends.closed, streams: book.snapshot() }),
  };
};
