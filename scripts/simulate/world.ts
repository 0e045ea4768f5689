/** A simulated Kinesis with producers on it, on a clock that goes as fast as there is work to do. */
import type { WireMessage } from '../../src/pipeline/adapter/adapter.ts';
import {
  type Audit,
  auditOf,
  type KinesisSimulatorOptions,
  ManualClock,
  runTo,
  runUntil,
  SimulatedKinesis,
} from '../../src/testing/index.ts';
import { Producer, type ProducerOptions } from './producer.ts';

export const STREAM = 'events';
/** 2023-11-14T22:13:20Z: nothing in a run depends on the day. */
const EPOCH = 1_700_000_000_000;
const EVENT_BYTES = 100;
const FILLER = 'x'.repeat(EVENT_BYTES);

export interface WorldOptions extends Omit<KinesisSimulatorOptions, 'streams'> {
  readonly shards: number;
  readonly producers: readonly (Omit<ProducerOptions, 'message' | 'seed'> & {
    readonly key?: (event: number) => string;
  })[];
}

export class World {
  readonly clock = new ManualClock(EPOCH);
  readonly kinesis: SimulatedKinesis;
  readonly producers: readonly Producer[];

  constructor({ shards, producers, ...options }: WorldOptions) {
    const latencyMs = { meanMs: 50, spread: 0.75 };
    this.kinesis = new SimulatedKinesis({ latencyMs, ...options, streams: { [STREAM]: shards } }, this.clock);
    this.producers = producers.map(({ key = String, ...rest }, p) => {
      const message = (event: number): WireMessage => {
        const id = `${p}-${event}`;
        return { partitionKey: `user-${p}-${key(event)}`, data: id + FILLER.slice(id.length) };
      };
      return new Producer(this.kinesis, this.clock, STREAM, { ...rest, message, seed: p + 1 });
    });
  }

  /** To this moment, in milliseconds since the start. */
  runTo(ms: number): Promise<void> {
    return runTo(this.clock, ms);
  }

  /** Until all that was offered is delivered; gives the moment. */
  async drain(): Promise<number> {
    await runUntil(this.clock, () => this.producers.every(({ isDone }) => isDone));
    return this.clock.now();
  }

  audit(): Audit {
    const { records } = this.kinesis.oracle.userRecords(STREAM);
    return auditOf(
      records.map(({ data }) => data.toString('latin1').replace(/x+$/, '')),
      this.producers.flatMap(({ offered }, p) =>
        Array.from({ length: offered }, (_, event) => `${p}-${event}`),
      ),
    );
  }

  /** Of what was sent to the shards, the share that they refused. */
  get refused(): number {
    const { recordsCommitted, recordsThrottled } = this.kinesis.oracle.counts();
    return recordsThrottled / (recordsCommitted + recordsThrottled);
  }
}
