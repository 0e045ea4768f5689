/**
 * `npm run chaos -- --events 100000 --seed 1`: an application in a process of its own, with several threads that record
 * into two types, which send to a Kinesis that fails in every way it can. Threads and processes of the tree are killed,
 * handlers hang, events are poison; and with `kill` the whole process is killed by SIGKILL and started again on the same
 * spool. At the end every event that was confirmed is looked up in what that Kinesis really holds. Exit code 1 if one is
 * missing, was never recorded, has two ids, or the ledger is not exact.
 *
 * The same seed gives the same faults, by request, and the same victims, in the same order.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Random, seededRandom } from '../src/base/random.ts';
import { type FaultRule, type RunningKinesis, startKinesisSimulator } from '../src/testing/index.ts';
import { type ChaosEvent, STREAMS } from './chaos/events.ts';
import { type Evidence, isClean, type Judgement, judge } from './chaos/judge.ts';
import type { Executed, LifeTask, Told } from './chaos/life.ts';
import type { WriterTask } from './chaos/writer.ts';

const WRITERS = 3;
/** Lives that are ended by SIGKILL, before the last one. */
const KILLS = 10;
/** What a life may take to show that it lives. */
const LIFE_TIMEOUT_MS = 300_000;
const REQUEST_FAULTS: Readonly<Record<string, readonly FaultRule[]>> = {
  partial: [{ fault: { type: 'partial' }, rate: 0.05 }],
  before: [{ fault: { type: 'error', code: 'InternalFailure', commit: 'before' }, rate: 0.05 }],
  after: [{ fault: { type: 'reset', commit: 'after' }, rate: 0.03 }],
  outage: [{ fault: { type: 'error', code: 'ServiceUnavailable', commit: 'before' }, timeMs: [3000, 6000] }],
  shard: [{ fault: { type: 'throttle-shard', shardId: 'shardId-000000000002' }, timeMs: [0, 15_000] }],
};
const FAULTS = [...Object.keys(REQUEST_FAULTS), 'threads', 'hang', 'poison', 'kill'];
/** Only when it is asked for: it takes its time, and few batches in flight. */
const SLOW_FAULT = 'shard';
/** So few that batches which wait for that shard are in the way of others, and parked. */
const PLACES_WITH_HOT_SHARD = 4;

interface Verdict extends Judgement {
  readonly refused: number;
  readonly planted: number;
  readonly threads: number;
  readonly processes: number;
  readonly hangs: number;
  /** Threads that were killed while batches were parked in them. */
  readonly parked: number;
  readonly kills: number;
  readonly recovered: number;
  readonly ledgerExact: boolean;
  readonly seconds: number;
}

interface Plan {
  readonly events: number;
  readonly rate: number;
  readonly seed: number;
  readonly faults: ReadonlySet<string>;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      events: { type: 'string', default: '30000' },
      seed: { type: 'string', default: '1' },
      rate: { type: 'string', default: '4000' },
      faults: { type: 'string', default: FAULTS.filter((fault) => fault !== SLOW_FAULT).join(',') },
      json: { type: 'boolean', default: false },
    },
  });
  const plan: Plan = {
    events: positive('events', values.events),
    seed: positive('seed', values.seed),
    rate: positive('rate', values.rate),
    faults: new Set(values.faults.split(',')),
  };
  for (const fault of plan.faults)
    if (!FAULTS.includes(fault)) throw new RangeError(`--faults: ${fault} is none of ${FAULTS.join(', ')}`);

  const simulator = await startKinesisSimulator({
    streams: { 'chaos-a': 4, 'chaos-b': 4 },
    limits: false,
    latencyMs: { meanMs: 50, spread: 0.75 },
    seed: plan.seed,
    faults: Object.entries(REQUEST_FAULTS).flatMap(([name, rules]) => (plan.faults.has(name) ? rules : [])),
  });
  const folder = await mkdtemp(join(tmpdir(), 'beamline-chaos-'));
  try {
    const verdict = await new Run(plan, simulator, folder).toItsEnd();
    report(verdict, values.json);
    return isClean(verdict) && verdict.ledgerExact ? 0 : 1;
  } finally {
    await simulator.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The lives of one application, one after the other. */
class Run {
  readonly #plan: Plan;
  readonly #simulator: RunningKinesis;
  readonly #folder: string;
  readonly #random: Random;
  readonly #confirmed = new Map<string, string>();
  readonly #accepted = new Set<string>();
  readonly #planned = new Set<string>();
  readonly #planted = new Set<string>();
  readonly #letters: string[] = [];
  #refused = 0;
  #kills = 0;
  readonly #executed: Record<Executed, number> = { threads: 0, processes: 0, hangs: 0, parked: 0 };
  #last: Extract<Told, { type: 'stopped' }> | undefined;

  constructor(plan: Plan, simulator: RunningKinesis, folder: string) {
    this.#plan = plan;
    this.#simulator = simulator;
    this.#folder = folder;
    this.#random = seededRandom(plan.seed);
  }

  async toItsEnd(): Promise<Verdict> {
    const since = performance.now();
    const { events, faults } = this.#plan;
    const kills = faults.has('kill') ? KILLS : 0;
    for (let life = 0; life <= kills; life++) {
      const from = Math.floor((events * life) / (kills + 1));
      const to = Math.floor((events * (life + 1)) / (kills + 1));
      await this.#live(life, this.#tasks(from, to, life === kills), life < kills);
    }
    const judgement = judge(this.#evidence());
    const last = this.#last;
    if (last === undefined) throw new Error('the last life did not come to its end');
    const { accepted, recovered, delivered, deadLettered, pending } = last.ledger;
    return {
      ...judgement,
      refused: this.#refused,
      planted: this.#planted.size,
      ...this.#executed,
      kills: this.#kills,
      recovered,
      ledgerExact:
        accepted + recovered === delivered + deadLettered &&
        pending === 0 &&
        (kills > 0 || (delivered === judgement.distinct && accepted === judgement.accepted)),
      seconds: (performance.now() - since) / 1000,
    };
  }

  /** Each writer's share of a life's events, with poison among them. */
  #tasks(from: number, to: number, isLast: boolean): WriterTask[] {
    return Array.from({ length: WRITERS }, (_, writer) => {
      const [first, end] = [Math.floor(from / WRITERS), Math.floor(to / WRITERS)];
      const pick = (): number => first + Math.floor(this.#random() * (end - first));
      // An event that ends its thread takes some twenty threads, with growing delays: one in the run.
      const kind = isLast && writer === 0 ? 'exit' : 'throw';
      const poison: WriterTask['poison'] = this.#plan.faults.has('poison') ? [[pick(), kind]] : [];
      for (let n = first; n < end; n++) this.#planned.add(`${writer}-${n}`);
      for (const [n] of poison) this.#planted.add(`${writer}-${n}`);
      return { writer, from: first, to: end, perSecond: this.#plan.rate / WRITERS, poison };
    });
  }

  async #live(life: number, writers: readonly WriterTask[], isKilled: boolean): Promise<void> {
    const { faults, seed } = this.#plan;
    const { endpoint, region, credentials } = this.#simulator;
    const child = fork(fileURLToPath(new URL('./chaos/life.js', import.meta.url)));
    const timer = setTimeout(() => child.kill('SIGKILL'), LIFE_TIMEOUT_MS);
    const task: LifeTask = {
      kinesis: { endpoint, region, credentials },
      spool: faults.has('kill') ? join(this.#folder, 'spool') : undefined,
      writers,
      places: faults.has(SLOW_FAULT) ? PLACES_WITH_HOT_SHARD : undefined,
      kills: faults.has('threads'),
      hangs: faults.has('hang'),
      seed: seed * 1000 + life,
    };
    const planned = writers.reduce((sum, { from, to }) => sum + to - from, 0);
    /** So many events are confirmed when it is killed. */
    const fatal = isKilled ? Math.floor(planned * (0.2 + 0.5 * this.#random())) : Number.POSITIVE_INFINITY;
    const accepted: string[] = [];
    let confirmed = 0;
    child.on('message', (told: Told) => {
      if (told.type === 'written') {
        for (const [key, id] of told.confirmed) this.#confirmed.set(key, id);
        accepted.push(...told.accepted);
        this.#refused += told.refused.length;
        confirmed += told.confirmed.length;
        if (confirmed >= fatal && !child.killed && child.kill('SIGKILL')) this.#kills++;
      } else if (told.type === 'executed') this.#executed[told.what]++;
      else if (told.type === 'letters') this.#letters.push(...told.keys);
      else if (told.type === 'stopped') this.#last = told;
    });
    child.send(task);
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    clearTimeout(timer);
    if (isKilled ? signal !== 'SIGKILL' : code !== 0)
      throw new Error(`life ${life} ended by ${signal ?? `exit code ${code}`}`);
    if (!isKilled) for (const key of accepted) this.#accepted.add(key);
  }

  #evidence(): Evidence {
    const found = Object.values(STREAMS).flatMap((stream) =>
      this.#simulator.oracle
        .userRecords(stream)
        .records.map(({ data }) => JSON.parse(data.toString()) as ChaosEvent & { readonly id: string }),
    );
    return {
      planned: this.#planned,
      confirmed: this.#confirmed,
      accepted: this.#accepted,
      planted: this.#planted,
      letters: this.#letters,
      found,
    };
  }
}

function report(verdict: Verdict, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(verdict));
    return;
  }
  const { accepted, confirmed, refused, missing, invented, duplicates, letters, seconds } = verdict;
  const strange = verdict.strangeIds + verdict.strangePayloads + verdict.wrongLetters;
  console.log(
    `${accepted} accepted, ${confirmed} confirmed, ${refused} refused, ${missing} missing, ${invented} invented, ` +
      `${duplicates} duplicates (${strange === 0 ? 'all with their id' : `${strange} STRANGE`}), ` +
      `${letters} dead letters of ${verdict.planted} planted poison, ${verdict.kills} kill -9 with ` +
      `${verdict.recovered} recovered by the last start, ${verdict.threads} threads (${verdict.parked} with parked batches) and ` +
      `${verdict.processes} processes killed, ${verdict.hangs} hangs; the ledger ` +
      `${verdict.ledgerExact ? 'is exact' : 'is NOT exact'}, ${seconds.toFixed(1)} s`,
  );
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`--${option}: expected a whole number from 1 on, got ${text}`);
  return value;
}

process.exitCode = await main();
