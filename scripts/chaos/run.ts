/** A chaos run: the lives of one application, one after the other, and what is known of them when the last has ended. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Random, seededRandom } from '../../src/base/random.ts';
import type { RunningKinesis } from '../../src/testing/index.ts';
import { type ChaosType, FORWARDED, numberFrom, STREAMS } from './events.ts';
import { type Delivery, type Judgement, judge } from './judge.ts';
import type { Executed, LifeTask, Told } from './life.ts';
import type { Fault, Plan } from './plan.ts';
import { type Stored, storedIn } from './stored.ts';
import { CONFIRMED_SHARE, type WriterTask } from './writer.ts';

const WRITERS = 3;
/** Lives that are ended by SIGKILL, before the last one. */
const KILLS = 10;
/** What a life may take to show that it lives. */
const LIFE_TIMEOUT_MS = 1_800_000;
/** So few that batches which wait for a hot shard are in the way of others, and parked. */
const PLACES_WITH_HOT_SHARD = 2;
/** Nothing has reached Kinesis for so long: what a dead process had sent has arrived. */
const QUIET_MS = 300;

export interface Verdict extends Judgement {
  readonly seed: number;
  readonly events: number;
  readonly rate: number;
  readonly faults: readonly Fault[];
  readonly refused: number;
  readonly planted: number;
  /** Threads that were killed: `forwarding` of the type that has no handler, `parked` while batches were parked in them. */
  readonly threads: number;
  readonly forwarding: number;
  readonly parked: number;
  readonly processes: number;
  readonly hangs: number;
  readonly memory: number;
  /** Processes that were killed by SIGKILL. */
  readonly kills: number;
  /** Events that came back from the disk after them. */
  readonly recovered: number;
  /** Each start has found what the disk held, and no event twice. */
  readonly recoveredExact: boolean;
  readonly seconds: number;
}

export class Run {
  readonly #plan: Plan;
  readonly #simulator: RunningKinesis;
  readonly #spool: string | undefined;
  readonly #random: Random;
  readonly #tell: (line: string) => void;
  readonly #confirmed = new Map<string, string>();
  readonly #accepted = new Set<string>();
  readonly #planned = new Set<string>();
  readonly #planted = new Set<string>();
  readonly #letters: string[] = [];
  readonly #executed: Record<Executed, number> = {
    threads: 0,
    processes: 0,
    hangs: 0,
    memory: 0,
    parked: 0,
    forwarding: 0,
  };
  #refused = 0;
  #kills = 0;
  #recovered = 0;
  #recoveredExact = true;
  #lastSince = 0;
  #acceptedLast = 0;
  #last: Extract<Told, { type: 'stopped' }> | undefined;

  /** `tell` hears how far it has come. */
  constructor(plan: Plan, simulator: RunningKinesis, folder: string, tell: (line: string) => void) {
    this.#tell = tell;
    this.#plan = plan;
    this.#simulator = simulator;
    this.#spool = plan.faults.has('kill') ? join(folder, 'spool') : undefined;
    this.#random = seededRandom(plan.seed);
  }

  async toItsEnd(): Promise<Verdict> {
    const since = performance.now();
    const { events, faults, rate, seed } = this.#plan;
    const kills = this.#spool === undefined ? 0 : KILLS;
    for (let life = 0; life <= kills; life++) {
      const from = Math.floor((events * life) / (kills + 1));
      const to = Math.floor((events * (life + 1)) / (kills + 1));
      await this.#live(life, this.#tasks(from, to, life === kills), life < kills);
    }
    const last = this.#last;
    if (last === undefined) throw new Error('the last life did not come to its end');
    return {
      seed,
      events,
      rate,
      faults: [...faults],
      ...judge({
        planned: this.#planned,
        confirmed: this.#confirmed,
        accepted: this.#accepted,
        planted: this.#planted,
        letters: this.#letters,
        found: this.#found(),
        ledger: last.ledger,
        acceptedLast: this.#acceptedLast,
      }),
      refused: this.#refused,
      planted: this.#planted.size,
      ...this.#executed,
      kills: this.#kills,
      recovered: this.#recovered,
      recoveredExact: this.#recoveredExact,
      seconds: Math.round((performance.now() - since) / 1000),
    };
  }

  /** Each writer's share of a life's events, with poison among them. */
  #tasks(from: number, to: number, isLast: boolean): WriterTask[] {
    return Array.from({ length: WRITERS }, (_, writer) => {
      const [first, end] = [Math.floor(from / WRITERS), Math.floor(to / WRITERS)];
      const pick = (type: ChaosType): number =>
        numberFrom(first + Math.floor(this.#random() * (end - first - 2)), type);
      // An event that ends its thread takes some twenty threads: one in the run.
      const kind = isLast && writer === 0 ? 'exit' : 'throw';
      const poison: WriterTask['poison'] = this.#plan.faults.has('poison')
        ? [
            [pick(this.#random() < 0.5 ? 'ChaosA' : 'ChaosB'), kind],
            [pick(FORWARDED), writer % 2 === 0 ? 'keyless' : 'bigint'],
          ]
        : [];
      for (let n = first; n < end; n++) this.#planned.add(`${writer}-${n}`);
      for (const [n] of poison) this.#planted.add(`${writer}-${n}`);
      return { writer, from: first, to: end, perSecond: this.#plan.rate / WRITERS, poison };
    });
  }

  async #live(life: number, writers: readonly WriterTask[], isKilled: boolean): Promise<void> {
    await this.#allArrived();
    this.#lastSince = Date.now();
    const stored = this.#spool === undefined || life === 0 ? undefined : await storedIn(this.#spool);
    const since = performance.now();
    const child = fork(fileURLToPath(new URL('./life.js', import.meta.url)));
    const timer = setTimeout(() => child.kill('SIGKILL'), LIFE_TIMEOUT_MS);
    const planned = writers.reduce((sum, { from, to }) => sum + to - from, 0);
    /** So many events are confirmed when it is killed. */
    const share = CONFIRMED_SHARE * (0.6 + 0.35 * this.#random());
    const fatal = isKilled ? Math.floor(planned * share) : Number.POSITIVE_INFINITY;
    const accepted: string[] = [];
    let confirmed = 0;
    let isBooted = false;
    child.on('message', (told: Told) => {
      if (told.type === 'written') {
        for (const [key, id] of told.confirmed) this.#confirmed.set(key, id);
        accepted.push(...told.accepted);
        this.#refused += told.refused.length;
        confirmed += told.confirmed.length;
        if (confirmed >= fatal && !child.killed && child.kill('SIGKILL')) this.#kills++;
      } else if (told.type === 'executed') this.#executed[told.what] += told.times;
      else if (told.type === 'pending') this.#tell(`life ${life}: ${told.events} pending`);
      else if (told.type === 'letters') this.#letters.push(...told.keys);
      else if (told.type === 'stopped') this.#last = told;
      else {
        isBooted = true;
        this.#boot(told.recovered, stored);
      }
    });
    child.send(this.#task(life, writers));
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    clearTimeout(timer);
    this.#tell(
      `life ${life}: ${confirmed} of ${planned} confirmed, ${stored?.events ?? 0} found on the disk, ended by ` +
        `${signal ?? `exit code ${code}`} after ${((performance.now() - since) / 1000).toFixed(1)} s`,
    );
    const isAsMeant = isKilled ? confirmed >= fatal && signal === 'SIGKILL' : code === 0;
    if (!isBooted || !isAsMeant) throw new Error(`life ${life} ended by ${signal ?? `exit code ${code}`}`);
    if (isKilled) return;
    for (const key of accepted) this.#accepted.add(key);
    this.#acceptedLast = accepted.length + confirmed;
  }

  #task(life: number, writers: readonly WriterTask[]): LifeTask {
    const { faults, seed } = this.#plan;
    const { endpoint, region, credentials } = this.#simulator;
    return {
      kinesis: { endpoint, region, credentials },
      spool: this.#spool,
      writers,
      places: faults.has('shard') ? PLACES_WITH_HOT_SHARD : undefined,
      // What one leaves behind another sends in its own way.
      aggregation: life % 2 === 0 ? 'shard' : 'none',
      kills: faults.has('threads'),
      hangs: faults.has('hang'),
      memory: faults.has('memory'),
      seed: seed * 1000 + life,
    };
  }

  /** A process has started on what another has left behind. */
  #boot(recovered: number, stored: Stored = { events: 0, twice: 0 }): void {
    this.#recovered += recovered;
    if (stored.events !== recovered || stored.twice > 0) this.#recoveredExact = false;
  }

  async #allArrived(): Promise<void> {
    const { oracle } = this.#simulator;
    for (let before = -1; before !== oracle.counts().recordsCommitted; ) {
      before = oracle.counts().recordsCommitted;
      await sleep(QUIET_MS);
    }
  }

  /** What a reader gets: an event in an aggregate that he would drop is missing. */
  *#found(): Generator<Delivery> {
    for (const stream of Object.values(STREAMS)) {
      for (const { partitionKey, data, arrivedAt } of this.#simulator.oracle.userRecords(stream).records) {
        const event = JSON.parse(data.toString()) as Delivery['event'];
        yield { event, partitionKey, isLast: arrivedAt >= this.#lastSince };
      }
    }
  }
}
