/** A record type whose handler tells, on a channel, when its events were in the stream. */
import { threadId } from 'node:worker_threads';
import { now } from '../clock.ts';
import { Message, Records } from '../shipped.ts';

export interface Timed {
  /** When it was recorded, by `now()`. */
  readonly at: number;
}

export interface Delivered {
  readonly thread: number;
  readonly at: number;
  readonly recordedAt: readonly number[];
}

export const CHANNEL = 'bench-delivered';

const channel = new BroadcastChannel(CHANNEL);
(channel as unknown as { unref(): void }).unref();

export const TimedEvent = Records.define<Timed>({
  name: 'Timed',
  url: import.meta.url,
  batchSize: 100,
  flushIntervalMs: 50,
  stableMs: 0,
  async handleEvent(events, { sendData }) {
    await sendData(
      'timed',
      events.map(({ id, data }) => new Message(id, data)),
    );
    channel.postMessage({
      thread: threadId,
      at: now(),
      recordedAt: events.map(({ data }) => data.at),
    } satisfies Delivered);
  },
});
