/** The module of `nullAdapter()`: every send succeeds. It keeps nothing but counts. */
import type { Adapter, CreateAdapter, SendOptions, WireMessage } from '../adapter.ts';
import { OpenSends } from '../open-sends.ts';
import { parseOptions } from '../options.ts';
import { recordBytes } from '../record-bytes.ts';
import { SendBook } from '../send-book.ts';
import { delay } from '../wait.ts';
import { nullSchema } from './options.ts';

export const createAdapter: CreateAdapter = (options, { clock }): Adapter => {
  const { delayMs } = parseOptions('nullAdapter()', nullSchema, options);
  const sends = new OpenSends(clock);
  const book = new SendBook(clock);
  return {
    send(stream: string, messages: readonly WireMessage[], options: SendOptions) {
      return sends.run(options, (end) =>
        book.enter(stream, messages, async ({ meter }) => {
          if (messages.length === 0) return;
          if (delayMs > 0) await delay(clock, delayMs, end);
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
