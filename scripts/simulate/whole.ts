/**
 * The whole pipeline on a simulated Kinesis and a clock that goes as fast as there is work to do: an application whose
 * record type runs on the main thread, and an adapter that finds that Kinesis where its descriptor cannot carry it.
 */

import { Application } from '../../src/observer/application.ts';
import type { Adapter, AdapterContext } from '../../src/pipeline/adapter/adapter.ts';
import { KinesisAdapter } from '../../src/pipeline/adapter/kinesis/kinesis-adapter.ts';
import { type KinesisOptions, kinesisSchema } from '../../src/pipeline/adapter/kinesis/options.ts';
import { parseOptions } from '../../src/pipeline/adapter/options.ts';
import { Message } from '../../src/pipeline/message.ts';
import { Records } from '../../src/pipeline/records.ts';
import {
  type Audit,
  auditOf,
  type KinesisSimulatorOptions,
  ManualClock,
  SimulatedKinesis,
} from '../../src/testing/index.ts';

const STREAM = 'events';
/** 2023-11-14T22:13:20Z: nothing in a run depends on the day. */
const EPOCH = 1_700_000_000_000;
const TEXT = 'x'.repeat(64);
const TICK_MS = 20;
/**
 * How many turns of the event loop everything that needs no time is given: processes send each other messages, batches
 * begin one a turn, and a sleeper on shared memory is woken from outside of the loop.
 */
const TURNS = 12;

/** Of 100 bytes as JSON. */
interface Event {
  readonly id: string;
  readonly shard: number;
  readonly text: string;
}

export const Recorded = Records.define<Event>({
  name: 'Simulated',
  url: import.meta.url,
  isolation: 'inline',
  async handleEvent(events, { sendData }) {
    await sendData(
      STREAM,
      events.map(({ data }) => {
        // In the middle of the shard's part, so that each is offered exactly as much.
        const explicitHashKey = String(((2n * BigInt(data.shard) + 1n) * 2n ** 128n) / (2n * BigInt(shards)));
        return new Message(data.id, data, { explicitHashKey });
      }),
    );
  },
});

let kinesis: SimulatedKinesis;
let shards = 1;

/** What the adapter's descriptor names. */
export function createAdapter(options: KinesisOptions, context: AdapterContext): Adapter {
  return new KinesisAdapter(parseOptions('kinesis()', kinesisSchema, options), kinesis.transport(), context);
}

export interface WholeOptions extends Omit<KinesisSimulatorOptions, 'streams'> {
  readonly shards: number;
  /** Events a second for each shard. */
  readonly rate: number;
  readonly parkedBytes: number;
  readonly adapter?: KinesisOptions;
}

export class Whole {
  readonly clock = new ManualClock(EPOCH);
  readonly kinesis: SimulatedKinesis;
  readonly #options: WholeOptions;
  readonly #accepted: string[] = [];
  #offered = 0;
  #app: Application | undefined;

  constructor({ shards: count, rate, parkedBytes, adapter, ...simulator }: WholeOptions) {
    const latencyMs = { meanMs: 50, spread: 0.75 };
    this.kinesis = new SimulatedKinesis(
      { latencyMs, ...simulator, streams: { [STREAM]: count } },
      this.clock,
    );
    this.#options = { shards: count, rate, parkedBytes, ...(adapter === undefined ? {} : { adapter }) };
    kinesis = this.kinesis;
    shards = count;
  }

  get application(): Application {
    if (this.#app === undefined) throw new Error('it is started first');
    return this.#app;
  }

  async start(): Promise<void> {
    const { parkedBytes, adapter = {} } = this.#options;
    const options = { adapter: { module: import.meta.url, options: adapter }, parkedBytes };
    this.#app = await this.during(Application.start(options, { clock: this.clock }));
  }

  /** Offers events until this moment, in milliseconds since the start. */
  async offerTo(ms: number): Promise<void> {
    const { rate } = this.#options;
    while (this.clock.now() < ms) {
      await this.#runTo(Math.min(ms, this.clock.now() + TICK_MS));
      const due = Math.floor((this.clock.now() / 1000) * rate * shards);
      for (; this.#offered < due; this.#offered++) {
        const id = String(1_000_000 + this.#offered);
        if (Recorded.record({ id, shard: this.#offered % shards, text: TEXT })) this.#accepted.push(id);
      }
      await turns();
    }
  }

  /** Goes on until this is settled. */
  async during<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const done = work.finally(() => {
      over = true;
    });
    done.catch(() => {});
    await turns();
    while (!over) {
      this.clock.fireNext();
      await turns();
    }
    return done;
  }

  audit(): Audit {
    const { records } = this.kinesis.oracle.userRecords(STREAM);
    return auditOf(
      records.map(({ data }) => (JSON.parse(data.toString()) as Event).id),
      this.#accepted,
    );
  }

  /** Records that each shard has taken. */
  taken(): number[] {
    return this.kinesis.oracle.shards(STREAM).map(({ recordsTaken }) => recordsTaken);
  }

  async #runTo(ms: number): Promise<void> {
    while (this.clock.nextDueAt !== undefined && this.clock.nextDueAt <= ms) {
      this.clock.fireNext();
      await turns(2);
    }
    this.clock.advance(ms - this.clock.now());
  }
}

async function turns(count = TURNS): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
