/**
 * `npm run chaos -- --events 100000 --seed 1`: several threads record into two types, which send to a Kinesis that
 * fails in every way it can, while an executioner kills threads and processes. At the end every event is looked up in
 * what that Kinesis really holds. Exit code 1 if one is missing, was never recorded, or the ledger is not exact.
 *
 * The same seed gives the same faults, by request, and the same victims, in the same order.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Random, seededRandom } from '../src/base/random.ts';
import { Application, type DeadLetter, kinesis, type Logger, Records } from '../src/index.ts';
import { type FaultRule, type RunningKinesis, startKinesisSimulator } from '../src/testing/index.ts';
import { type ChaosEvent, STREAMS } from './chaos/events.ts';
import type { WriterTask } from './chaos/writer.ts';

const WRITERS = 3;
const KILL_EVERY_MS = 150;
/** So few places that batches which a hot shard holds up are in the way of others, and parked. */
const PLACES_WITH_HOT_SHARD = 4;
const FAULTS: Readonly<Record<string, readonly FaultRule[]>> = {
  partial: [{ fault: { type: 'partial' }, rate: 0.05 }],
  before: [{ fault: { type: 'error', code: 'InternalFailure', commit: 'before' }, rate: 0.05 }],
  after: [{ fault: { type: 'reset', commit: 'after' }, rate: 0.03 }],
  outage: [{ fault: { type: 'error', code: 'ServiceUnavailable', commit: 'before' }, timeMs: [3000, 6000] }],
  shard: [{ fault: { type: 'throttle-shard', shardId: 'shardId-000000000002' }, timeMs: [0, 15_000] }],
};
const VICTIMS = [
  'thread',
  'thread',
  'Record',
  'Producer',
  'ConsumerSupervisor',
  'Consumer',
  'Registry',
] as const;

interface Verdict {
  readonly accepted: number;
  readonly refused: number;
  readonly missing: number;
  readonly invented: number;
  readonly duplicates: number;
  readonly letters: number;
  readonly planted: number;
  readonly threads: number;
  readonly processes: number;
  /** Threads that were killed while they had batches parked, and the most events that one of them had. */
  readonly killedParked: number;
  readonly mostParked: number;
  readonly ledgerExact: boolean;
  readonly seconds: number;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      events: { type: 'string', default: '30000' },
      seed: { type: 'string', default: '1' },
      rate: { type: 'string', default: '4000' },
      faults: { type: 'string', default: 'partial,before,after,outage,kill,poison' },
      json: { type: 'boolean', default: false },
    },
  });
  const events = positive('events', values.events);
  const seed = positive('seed', values.seed);
  const rate = positive('rate', values.rate);
  const faults = new Set(values.faults.split(','));
  const known = [...Object.keys(FAULTS), 'kill', 'poison'];
  for (const fault of faults)
    if (!known.includes(fault)) throw new RangeError(`--faults: ${fault} is none of ${known.join(', ')}`);

  const simulator = await startKinesisSimulator({
    streams: { 'chaos-a': 4, 'chaos-b': 4 },
    limits: false,
    latencyMs: { meanMs: 50, spread: 0.75 },
    seed,
    faults: Object.entries(FAULTS).flatMap(([name, rules]) => (faults.has(name) ? rules : [])),
  });
  const verdict = await run(simulator, { events, rate, faults, random: seededRandom(seed) });
  await simulator.stop();
  report(verdict, values.json);
  const { missing, invented, letters, planted, ledgerExact } = verdict;
  return missing === 0 && invented === 0 && letters === planted && ledgerExact ? 0 : 1;
}

async function run(
  simulator: RunningKinesis,
  {
    events,
    rate,
    faults,
    random,
  }: { events: number; rate: number; faults: ReadonlySet<string>; random: Random },
): Promise<Verdict> {
  const since = performance.now();
  const letters = new Map<string, DeadLetter>();
  const app = await Application.start({
    adapter: kinesis({
      endpoint: simulator.endpoint,
      region: simulator.region,
      credentials: simulator.credentials,
      requestTimeoutMs: 5000,
      backoff: { initialMs: 20, maxMs: 500 },
    }),
    ...(faults.has('shard') ? { maxDemand: PLACES_WITH_HOT_SHARD } : {}),
    deadLetter: (letter) => void letters.set((letter.data as ChaosEvent).key, letter),
    logger: silent,
  });
  const tasks = writerTasks(events, rate, faults.has('poison'), random);
  const refused = new Set<string>();
  const over = new AbortController();
  const kills = faults.has('kill')
    ? executioner(app, random, over.signal)
    : Promise.resolve({ threads: 0, processes: 0, killedParked: 0, mostParked: 0 });
  await Promise.all(
    tasks.map(async (task) => {
      const worker = new Worker(new URL('./chaos/writer.js', import.meta.url), {
        workerData: { ...task, records: Records.share() } satisfies WriterTask,
      });
      for (const key of (await once(worker, 'message'))[0] as string[]) refused.add(key);
    }),
  );
  over.abort();
  const killed = await kills;
  await app.flush();
  const ledger = await app.stop({ timeoutMs: 120_000 });

  const planted = new Set(tasks.flatMap(({ writer, poison }) => poison.map(([n]) => `${writer}-${n}`)));
  const all = tasks.flatMap(({ writer, events: count }) =>
    Array.from({ length: count }, (_, n) => `${writer}-${n}`),
  );
  const accepted = all.filter((key) => !refused.has(key));
  const expected = accepted.filter((key) => !planted.has(key));
  const found = Object.values(STREAMS).flatMap((stream) =>
    simulator.oracle
      .userRecords(stream)
      .records.map(({ data }) => (JSON.parse(data.toString()) as ChaosEvent).key),
  );
  const distinct = new Set(found);
  const missing = expected.filter((key) => !distinct.has(key));
  const wanted = new Set(expected);
  const invented = [...distinct].filter((key) => !wanted.has(key));
  return {
    accepted: accepted.length,
    refused: refused.size,
    missing: missing.length,
    invented: invented.length,
    duplicates: found.length - distinct.size,
    letters: letters.size,
    planted: [...planted].filter((key) => !refused.has(key)).length,
    ...killed,
    ledgerExact:
      ledger.accepted === accepted.length &&
      ledger.delivered === distinct.size &&
      ledger.deadLettered === letters.size &&
      ledger.pending === 0 &&
      ledger.refused === refused.size,
    seconds: (performance.now() - since) / 1000,
  };
}

/** Each writer's share, with a poisonous event of each kind in it. */
function writerTasks(
  events: number,
  rate: number,
  poisonous: boolean,
  random: Random,
): Omit<WriterTask, 'records'>[] {
  return Array.from({ length: WRITERS }, (_, writer) => {
    const count = Math.floor(events / WRITERS) + (writer < events % WRITERS ? 1 : 0);
    const pick = (): number => Math.floor(random() * count);
    const throws = pick();
    const exits = pick();
    const poison: WriterTask['poison'] = [
      [throws, 'throw'],
      ...(exits === throws || writer > 0 ? [] : [[exits, 'exit'] as const]),
    ];
    return { writer: writer + 1, events: count, perSecond: rate / WRITERS, poison: poisonous ? poison : [] };
  });
}

/** Kills a thread or a process now and then, until it is told to stop. */
async function executioner(
  app: Application,
  random: Random,
  over: AbortSignal,
): Promise<Pick<Verdict, 'threads' | 'processes' | 'killedParked' | 'mostParked'>> {
  const killed = { threads: 0, processes: 0, killedParked: 0, mostParked: 0 };
  while (!over.aborted) {
    await sleep(KILL_EVERY_MS);
    const victim = VICTIMS[Math.floor(random() * VICTIMS.length)];
    const type = random() < 0.5 ? 'ChaosA' : 'ChaosB';
    const { nodes, records } = await app.inspect();
    if (victim === 'thread') {
      const events = records.find(({ name }) => name === type)?.parked.events ?? 0;
      killed.mostParked = Math.max(killed.mostParked, events);
      if (events > 0) killed.killedParked++;
      await app.endThread(type);
      killed.threads++;
      continue;
    }
    const candidates = nodes.filter(
      ({ name, recordType, pid }) =>
        name === victim && pid !== null && (recordType === null || recordType === type),
    );
    const pid = candidates[Math.floor(random() * candidates.length)]?.pid;
    if (pid != null && app.kill(pid)) killed.processes++;
  }
  return killed;
}

function report(verdict: Verdict, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(verdict));
    return;
  }
  const {
    accepted,
    refused,
    missing,
    invented,
    duplicates,
    letters,
    planted,
    threads,
    processes,
    killedParked,
    mostParked,
    ledgerExact,
    seconds,
  } = verdict;
  console.log(
    `${accepted} accepted, ${refused} refused, ${missing} missing, ${invented} invented, ${duplicates} duplicates, ` +
      `${letters} dead letters of ${planted} planted poison, ${threads} threads and ${processes} processes killed, ` +
      `${killedParked} of the threads with up to ${mostParked} events parked, ` +
      `the ledger ${ledgerExact ? 'equals' : 'DIFFERS FROM'} what Kinesis holds, ${seconds.toFixed(1)} s`,
  );
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`--${option}: expected a whole number from 1 on, got ${text}`);
  return value;
}

/** What is logged here is what is done on purpose. */
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

process.exitCode = await main();
