/**
 * One life of the application, as a process of its own: writers record on its main thread and in worker threads, while
 * an executioner kills threads and processes, hangs handlers and exhausts their memory. It tells its parent what was confirmed, as it happens:
 * it may be killed at any moment.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { Application, kinesis, type Ledger, type Logger, Records } from '../../src/index.ts';
import { type ChaosEvent, FORWARDED, HANDLED, Orders } from './events.ts';
import { type WriterTask, type Written, write } from './writer.ts';

export interface LifeTask {
  readonly kinesis: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** A folder; undefined: no spool. */
  readonly spool: string | undefined;
  /** The first one writes on the main thread. */
  readonly writers: readonly WriterTask[];
  /** Batches in flight; undefined: as many as usual. */
  readonly places: number | undefined;
  readonly aggregation: 'none' | 'shard';
  readonly kills: boolean;
  readonly hangs: boolean;
  readonly memory: boolean;
  readonly seed: number;
}

/** What was done; of the threads that were killed `forwarding` ones forwarded, and `parked` ones had parked batches. */
export type Executed = 'threads' | 'processes' | 'hangs' | 'memory' | 'parked' | 'forwarding';

/** What is told to the parent. */
export type Told =
  | { readonly type: 'booted'; readonly recovered: number }
  | ({ readonly type: 'written' } & Written)
  | { readonly type: 'executed'; readonly what: Executed; readonly times: number }
  | { readonly type: 'pending'; readonly events: number }
  | { readonly type: 'letters'; readonly keys: readonly string[] }
  | {
      readonly type: 'stopped';
      readonly ledger: Ledger;
    };

const KILL_EVERY_MS = 100;
/** How often it says how much is left, when nothing is recorded or killed any more. */
const TELL_EVERY_MS = 10_000;
/** How many of these are orders: a hang takes its thread two seconds and more, and memory is not exhausted at once. */
const HANG_SHARE = 1 / 40;
const MEMORY_SHARE = 1 / 25;
/** How many victims are of the type that forwards: as many as of each other. */
const FORWARDED_SHARE = 1 / 3;
/** How many draws wait for a thread with parked batches, and how long: others are killed before anything is parked. */
const PATIENT_SHARE = 1 / 16;
const PATIENCE_MS = 4000;
const VICTIMS = [
  'thread',
  'thread',
  'thread',
  'thread',
  'thread',
  'thread',
  'Record',
  'Producer',
  'ConsumerSupervisor',
  'Consumer',
  'Registry',
  'Spool',
] as const;

async function main(task: LifeTask): Promise<void> {
  const orders = Orders.make();
  const letters: string[] = [];
  const app = await Application.start({
    adapter: kinesis({
      ...task.kinesis,
      aggregation: task.aggregation,
      requestTimeoutMs: 5000,
      backoff: { initialMs: 20, maxMs: 500 },
    }),
    queueBytes: 8 * 2 ** 20,
    logger: silent,
    ...(task.places === undefined ? {} : { maxDemand: task.places }),
    ...(task.spool === undefined
      ? { deadLetter: ({ data }) => void letters.push((data as ChaosEvent).key) }
      : { spool: { directory: task.spool } }),
  });
  tell({ type: 'booted', recovered: app.ledger().recovered });
  const over = new AbortController();
  const executed = executioner(app, task, orders, over.signal);
  const [first, ...others] = task.writers;
  await Promise.all([
    first === undefined ? undefined : write(first, (written) => tell({ type: 'written', ...written })),
    ...others.map(writeInThread),
  ]);
  over.abort();
  await executed;
  const draining = setInterval(() => tell({ type: 'pending', events: app.ledger().pending }), TELL_EVERY_MS);
  await app.flush();
  clearInterval(draining);
  letters.push(...(await storedLetters(app)));
  tell({ type: 'letters', keys: letters });
  const ledger = await app.stop({ timeoutMs: 120_000 });
  tell({ type: 'stopped', ledger });
  process.disconnect();
}

async function writeInThread(task: WriterTask): Promise<void> {
  const worker = new Worker(new URL('./writer.js', import.meta.url), {
    workerData: { records: Records.share(), task },
  });
  worker.on('message', (written: Written) => tell({ type: 'written', ...written }));
  await once(worker, 'exit');
}

/** Kills a thread or a process now and then, or has a handler do it, until it is told to stop. */
async function executioner(
  app: Application,
  task: LifeTask,
  orders: Orders,
  over: AbortSignal,
): Promise<void> {
  const random: Random = seededRandom(task.seed);
  const done = (what: Executed, times = 1): void => {
    if (times > 0) tell({ type: 'executed', what, times });
  };
  const tellBegun = (): void => {
    for (const type of HANDLED) {
      done('hangs', orders.begun(type, 'hang'));
      done('memory', orders.begun(type, 'memory'));
    }
  };
  for (let due = 0; !over.aborted && (task.kills || task.hangs || task.memory); ) {
    // What a kill took is part of the time to the next: else a machine that has much to do would kill far less.
    due = Math.max(due + KILL_EVERY_MS, performance.now());
    await sleep(due - performance.now());
    tellBegun();
    const victim = VICTIMS[Math.floor(random() * VICTIMS.length)];
    const handled = random() < 0.5 ? 'ChaosA' : 'ChaosB';
    const type = random() < FORWARDED_SHARE ? FORWARDED : handled;
    const share = random();
    if (task.hangs && share < HANG_SHARE) orders.give(handled, 'hang');
    else if (task.memory && share > 1 - MEMORY_SHARE) orders.give(handled, 'memory');
    else if (task.kills && victim === 'thread') {
      const isPatient = random() < PATIENT_SHARE;
      const parked = isPatient ? await whenParked(app, over) : await parkedTypes(app);
      const ended = (isPatient ? parked[0] : undefined) ?? type;
      if (parked.includes(ended)) done('parked');
      await app.endThread(ended);
      done('threads');
      if (ended === FORWARDED) done('forwarding');
    } else if (task.kills) {
      const { nodes } = await app.inspect();
      const candidates = nodes.filter(
        ({ name, recordType, pid }) =>
          name === victim && pid !== null && (recordType === null || recordType === type),
      );
      const pid = candidates[Math.floor(random() * candidates.length)]?.pid;
      if (pid != null && app.kill(pid)) done('processes');
    }
  }
  orders.withdraw();
  tellBegun();
}

/** The types that have parked batches. */
async function parkedTypes(app: Application): Promise<string[]> {
  const { records } = await app.inspect();
  return records.filter(({ parked }) => parked.batches > 0).map(({ name }) => name);
}

/** The same, as soon as there are any, or when it has waited long enough. */
async function whenParked(app: Application, over: AbortSignal): Promise<string[]> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const types = await parkedTypes(app);
    if (types.length > 0 || over.aborted || performance.now() > end) return types;
    await sleep(KILL_EVERY_MS);
  }
}

async function storedLetters(app: Application): Promise<string[]> {
  const keys: string[] = [];
  for (let after = ''; app.spool !== undefined; ) {
    const page = await app.spool.deadLetters({ after });
    keys.push(...page.map(({ data }) => (data as ChaosEvent).key));
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.id;
  }
  return keys;
}

function tell(told: Told): void {
  if (process.connected) process.send?.(told);
}

/** What is logged here is what is done on purpose. */
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

const [task] = (await once(process, 'message')) as [LifeTask];
await main(task);
