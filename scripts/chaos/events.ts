/**
 * The record types of the chaos run. Each event says where it comes from and which of its kind it is, so that the
 * judge can tell what is missing from what was never there; and some are poison.
 */
import { Message, Records } from '../../src/index.ts';

export interface ChaosEvent {
  /** `<writer>-<number>`: unique in the run, and known to the judge beforehand. */
  readonly key: string;
  /** What the handler does when it meets the event: it fails, or ends its thread, every time. */
  readonly poison?: 'throw' | 'exit';
  readonly text: string;
}

export const STREAMS: Readonly<Record<string, string>> = { ChaosA: 'chaos-a', ChaosB: 'chaos-b' };

function define(name: 'ChaosA' | 'ChaosB') {
  return Records.define<ChaosEvent>({
    name,
    url: import.meta.url,
    flushIntervalMs: 50,
    batchSize: 200,
    maxAttempts: 3,
    hangTimeoutMs: 2000,
    backoff: { initialMs: 20, maxMs: 500 },
    async handleEvent(events, { sendData }) {
      for (const { data } of events) {
        if (data.poison === 'throw') throw new Error(`poison ${data.key}`);
        if (data.poison === 'exit') process.exit(13);
      }
      await sendData(
        STREAMS[name] as string,
        events.map(({ id, data }) => new Message(data.key, { id, ...data })),
      );
    },
  });
}

export const ChaosA = define('ChaosA');
export const ChaosB = define('ChaosB');
