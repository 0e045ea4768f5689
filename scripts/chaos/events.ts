/**
 * The record types of the chaos run. Each event says where it comes from and which of its kind it is, so that the
 * judge can tell what is missing from what was never there; and some are poison.
 */
import { getEnvironmentData } from 'node:worker_threads';
import { Message, Records } from '../../src/index.ts';

export interface ChaosEvent {
  /** `<writer>-<number>`: unique in the run, and known to the judge beforehand. */
  readonly key: string;
  /** What the handler does when it meets the event: it fails, or ends its thread, every time. */
  readonly poison?: 'throw' | 'exit';
  readonly text: string;
}

export const TYPES = ['ChaosA', 'ChaosB'] as const;
export type ChaosType = (typeof TYPES)[number];
export const STREAMS: Readonly<Record<ChaosType, string>> = { ChaosA: 'chaos-a', ChaosB: 'chaos-b' };
/** How long a handler may block its thread. */
export const HANG_TIMEOUT_MS = 1000;
/** Names the words by which a handler is told to hang: one for each type, in the order of TYPES. */
export const HANGS = 'beamline chaos: hangs';

export function textOf(number: number): string {
  return 'é'.repeat(number % 50);
}

function define(name: ChaosType) {
  return Records.define<ChaosEvent>({
    name,
    url: import.meta.url,
    flushIntervalMs: 50,
    batchSize: 200,
    maxAttempts: 3,
    hangTimeoutMs: HANG_TIMEOUT_MS,
    backoff: { initialMs: 20, maxMs: 500 },
    async handleEvent(events, { sendData }) {
      hangIfTold(name);
      for (const { data } of events) {
        if (data.poison === 'throw') throw new Error(`poison ${data.key}`);
        if (data.poison === 'exit') process.exit(13);
      }
      await sendData(
        STREAMS[name],
        events.map(({ id, data }) => new Message(data.key, { id, ...data })),
      );
    },
  });
}

/** Blocks this thread until it is ended. */
function hangIfTold(name: ChaosType): void {
  const told = getEnvironmentData(HANGS);
  if (!(told instanceof SharedArrayBuffer)) return;
  const words = new Int32Array(told);
  if (Atomics.exchange(words, TYPES.indexOf(name), 0) === 1)
    for (;;) Atomics.wait(words, TYPES.length, 0, 1000);
}

export const ChaosA = define('ChaosA');
export const ChaosB = define('ChaosB');
