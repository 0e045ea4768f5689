/**
 * The record types of the demo, a shop's. Each record type's thread imports this file by its URL, so it is a module of its
 * own also where the rest is bundled. An event does what its fate says: that is how things are made to go wrong.
 */
import { systemClock } from '../../base/clock.ts';
import { Message } from '../../pipeline/message.ts';
import type { TypeOptionsInput as RecordOptions } from '../../pipeline/options/options.ts';
import { type RecordHandle, Records } from '../../pipeline/records.ts';

export interface ShopEvent {
  readonly user: number;
  readonly what: string;
  /** `crash`: ends its thread. `fail`: its handler throws. `hang`: its handler does not yield for a while. */
  readonly fate?: 'crash' | 'fail' | 'hang';
}

const HANG_MS = 4000;

function define(
  name: string,
  streams: readonly string[],
  options: RecordOptions = {},
): RecordHandle<ShopEvent> {
  return Records.define<ShopEvent>({
    ...options,
    name,
    url: import.meta.url,
    async handleEvent(events, { sendData }) {
      const fate = events.find(({ data }) => data.fate !== undefined)?.data.fate;
      if (fate === 'fail') throw new TypeError(`Cannot read properties of undefined (reading 'total')`);
      if (fate === 'crash')
        queueMicrotask(() => {
          throw new RangeError('Invalid array length in the price calculation');
        });
      if (fate === 'hang') blockFor(HANG_MS);
      for (const stream of streams)
        await sendData(
          stream,
          events.map(({ id, data: { user, what } }) => new Message(user, { id, user, what })),
        );
    },
  });
}

function blockFor(durationMs: number): void {
  const until = systemClock.now() + durationMs;
  while (systemClock.now() < until);
}

export const SignUp = define('SignUp', ['signup', 'master']);
export const PageView = define('PageView', ['pageview']);
/** Small batches: the event that ends its thread is soon found among the others. */
export const Checkout = define('Checkout', ['checkout', 'master'], { batchSize: 4, maxAttempts: 2 });
