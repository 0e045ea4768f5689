/**
 * The application of the soak: the process whose memory is measured, and so one that keeps nothing of its own but a few
 * counts. It records into both types at an even rate, waits for some of the events, and does to itself what its parent
 * says.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';
import { Application, isBeamlineError, kinesis, type Ledger, type Logger } from '../../src/index.ts';
import { CHANNEL, Harmed, type Measured, type Order, type SoakEvent, Steady, TYPES } from './event.ts';
import { type CollectedMemory, collectedMemory, type HeldMemory } from './memory.ts';

export interface LifeTask {
  readonly endpoint: string;
  readonly region: string;
  /** Events a second. */
  readonly rate: number;
}

/** What its parent has it do to its type `Harmed`, and to the Registry of both. */
export type Harm = 'end' | 'hang' | 'exit' | 'Producer' | 'ConsumerSupervisor' | 'Registry';

export type LifeOrder =
  | { readonly type: 'harm'; readonly harm: Harm }
  | { readonly type: 'resident' }
  /** Collects all garbage first. */
  | { readonly type: 'held' }
  | { readonly type: 'stop' };

/** What it has done. */
export interface Written {
  readonly accepted: number;
  readonly refused: number;
  /** Accepted events that fail every time. */
  readonly planted: number;
  /** Waited for, and delivered. */
  readonly confirmed: number;
  /** Waited for, accepted, and neither delivered nor dead: none of them may be. */
  readonly unconfirmed: number;
  /** Dead letters that are no planted poison. */
  readonly unplanted: readonly string[];
}

export type LifeMessage =
  | { readonly type: 'started' }
  | { readonly type: 'resident'; readonly bytes: number }
  /** Undefined when the thread did not answer. */
  | { readonly type: 'held'; readonly memory: CollectedMemory | undefined }
  | { readonly type: 'stopped'; readonly ledger: Ledger; readonly written: Written };

const BURST_MS = 20;
const POISON_EVERY = 20_001;
const CONFIRM_EVERY = 7;
/** A thread that is being started again does not answer. */
const ANSWER_MS = 2000;
const STOP_TIMEOUT_MS = 300_000;
/** So many are named; more would not make it clearer. */
const UNPLANTED_MAX = 20;

class Writer {
  accepted = 0;
  refused = 0;
  planted = 0;
  confirmed = 0;
  unconfirmed = 0;
  readonly unplanted: string[] = [];
  #waiting = 0;

  /** In bursts, as many as are due: a loop that was late makes up for it. */
  async write(rate: number, over: AbortSignal): Promise<void> {
    const since = performance.now();
    for (let n = 0; !over.aborted; ) {
      for (const due = ((performance.now() - since) * rate) / 1000; n < due; n++) this.#write(n);
      await sleep(BURST_MS);
    }
    while (this.#waiting > 0) await sleep(BURST_MS);
  }

  bury({ n, poison }: SoakEvent, error: unknown): void {
    if (!poison && this.unplanted.length < UNPLANTED_MAX) this.unplanted.push(`event ${n}: ${String(error)}`);
  }

  #write(n: number): void {
    const poison = n % POISON_EVERY === POISON_EVERY - 1;
    const event: SoakEvent = { n, text: 'é'.repeat(n % 50), ...(poison ? { poison } : {}) };
    const type = n % 2 === 0 ? Harmed : Steady;
    if (n % CONFIRM_EVERY === 0) void this.#confirm(type, event);
    else this.#count(event, type.record(event));
  }

  async #confirm(type: typeof Harmed, event: SoakEvent): Promise<void> {
    this.#waiting++;
    try {
      await type.recordAndConfirm(event);
      this.confirmed++;
      this.#count(event, true);
    } catch (error) {
      if (!isBeamlineError(error)) throw error;
      const isDead = error.code === 'ERR_DEAD_LETTERED';
      const isRefused = error.code === 'ERR_QUEUE_FULL';
      if (!isDead && !isRefused) this.unconfirmed++;
      this.#count(event, !isRefused);
    } finally {
      this.#waiting--;
    }
  }

  #count({ poison }: SoakEvent, accepted: boolean): void {
    if (!accepted) this.refused++;
    else {
      this.accepted++;
      if (poison) this.planted++;
    }
  }
}

async function main({ endpoint, region, rate }: LifeTask): Promise<void> {
  const writer = new Writer();
  const app = await Application.start({
    adapter: kinesis({
      endpoint,
      region,
      credentials: { accessKeyId: 'soak', secretAccessKey: 'soak' },
      backoff: { initialMs: 20, maxMs: 500 },
    }),
    deadLetter: ({ data, error }) => writer.bury(data as SoakEvent, error),
    logger: silent,
  });
  const channel = new BroadcastChannel(CHANNEL);
  const over = new AbortController();
  const written = writer.write(rate, over.signal);
  process.on('message', (order: LifeOrder) => {
    switch (order.type) {
      case 'harm':
        return void harm(app, channel, order.harm);
      case 'resident':
        // As somebody does who watches.
        return void app.inspect().then(() => tell({ type: 'resident', bytes: process.memoryUsage.rss() }));
      case 'held':
        return void held(channel).then((memory) => tell({ type: 'held', memory }));
      case 'stop':
        over.abort();
    }
  });
  // A parent that is gone measures nothing.
  process.once('disconnect', () => process.exit());
  tell({ type: 'started' });
  await written;
  const ledger = await app.stop({ timeoutMs: STOP_TIMEOUT_MS });
  channel.close();
  const { accepted, refused, planted, confirmed, unconfirmed, unplanted } = writer;
  tell({
    type: 'stopped',
    ledger,
    written: { accepted, refused, planted, confirmed, unconfirmed, unplanted },
  });
  process.disconnect();
}

async function harm(app: Application, channel: BroadcastChannel, what: Harm): Promise<void> {
  switch (what) {
    case 'end':
      await app.endThread('Harmed');
      return;
    case 'hang':
    case 'exit':
      channel.postMessage({ type: what, to: 'Harmed' } satisfies Order);
      return;
    case 'Producer':
    case 'ConsumerSupervisor':
    case 'Registry': {
      const { nodes } = await app.inspect();
      const pid = nodes.find(
        ({ name, recordType, pid }) => name === what && recordType !== 'Steady' && pid !== null,
      )?.pid;
      if (pid != null) app.kill(pid);
    }
  }
}

/** By all three threads. */
async function held(channel: BroadcastChannel): Promise<CollectedMemory | undefined> {
  const answers = new Map<string, HeldMemory>();
  const answered = new Promise<void>((resolve) => {
    channel.onmessage = (event) => {
      const { by, memory } = (event as { data: Measured }).data;
      if (answers.set(by, memory).size === TYPES.length) resolve();
    };
  });
  channel.postMessage({ type: 'measure' } satisfies Order);
  await Promise.race([answered, sleep(ANSWER_MS)]);
  if (answers.size < TYPES.length) return undefined;
  const all = [await collectedMemory(), ...answers.values()];
  return {
    heapUsed: all.reduce((sum, { heapUsed }) => sum + heapUsed, 0),
    external: all.reduce((sum, { external }) => sum + external, 0),
    resident: process.memoryUsage.rss(),
  };
}

function tell(message: LifeMessage): void {
  process.send?.(message);
}

/** What is logged here is what is done on purpose. */
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

const [task] = (await once(process, 'message')) as [LifeTask];
await main(task);
