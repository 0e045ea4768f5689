/**
 * The record types of the soak: the thread of one is ended again and again, that of the other lives as long as the run.
 * Poison fails every time; all else is sent. Their threads do what they are told on a channel: they tell how much memory
 * they hold, hang, or end.
 */
import { BroadcastChannel, isMainThread } from 'node:worker_threads';
import { Message, Records } from '../../src/index.ts';
import { collectedMemory, type HeldMemory } from './memory.ts';

export interface SoakEvent {
  readonly n: number;
  readonly text: string;
  readonly poison?: true;
}

export const TYPES = ['Harmed', 'Steady'] as const;
export type SoakType = (typeof TYPES)[number];

function define(name: SoakType) {
  return Records.define<SoakEvent>({
    name,
    url: import.meta.url,
    flushIntervalMs: 200,
    stableMs: 10_000,
    hangTimeoutMs: 3000,
    maxAttempts: 3,
    backoff: { initialMs: 20, maxMs: 500 },
    async handleEvent(events, { sendData }) {
      listen(name);
      const poison = events.find(({ data }) => data.poison);
      if (poison !== undefined) throw new TypeError(`event ${poison.data.n} is poison`);
      await sendData(
        'soak',
        events.map(({ id, data }) => new Message(id, data)),
      );
    },
  });
}

export const Harmed = define('Harmed');
export const Steady = define('Steady');

export const CHANNEL = 'beamline soak';

/** What the threads are told. */
export type Order = { readonly type: 'measure' } | { readonly type: 'hang' | 'exit'; readonly to: SoakType };
/** What they answer to `measure`. */
export type Measured = { readonly type: 'measured'; readonly by: SoakType; readonly memory: HeldMemory };

let channel: BroadcastChannel | undefined;

/** From a thread's first batch on. */
function listen(name: SoakType): void {
  if (isMainThread || channel !== undefined) return;
  const joined = new BroadcastChannel(CHANNEL);
  joined.onmessage = (event) => obey(joined, name, (event as { data: Order | Measured }).data);
  channel = joined;
}

function obey(joined: BroadcastChannel, name: SoakType, order: Order | Measured): void {
  if (order.type === 'measure') {
    void collectedMemory().then((memory) =>
      joined.postMessage({ type: 'measured', by: name, memory } satisfies Measured),
    );
  } else if (order.type !== 'measured' && order.to === name) {
    if (order.type === 'exit') process.exit(13);
    // Until the thread is ended.
    for (const word = new Int32Array(new SharedArrayBuffer(4)); ; ) Atomics.wait(word, 0, 0, 1000);
  }
}
