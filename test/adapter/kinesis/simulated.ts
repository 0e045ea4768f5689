/** The Kinesis adapter on a simulated Kinesis, both on a clock that stands still. */
import type { SendOptions, WireMessage } from '../../../src/pipeline/adapter/adapter.ts';
import { KinesisAdapter } from '../../../src/pipeline/adapter/kinesis/kinesis-adapter.ts';
import { type KinesisOptions, kinesisSchema } from '../../../src/pipeline/adapter/kinesis/options.ts';
import { parseOptions } from '../../../src/pipeline/adapter/options.ts';
import {
  type KinesisSimulatorOptions,
  ManualClock,
  runUntil,
  SimulatedKinesis,
} from '../../../src/testing/index.ts';
import { never, testContext } from '../context.ts';
import { watch } from './bench.ts';

export function simulated(options: KinesisSimulatorOptions = {}, adapterOptions: KinesisOptions = {}) {
  const clock = new ManualClock(1_700_000_000_000);
  const simulator = new SimulatedKinesis({ streams: { s: 4 }, latencyMs: 20, ...options }, clock);
  const context = testContext({ clock });
  const settings = parseOptions('kinesis()', kinesisSchema, adapterOptions);
  const adapter = new KinesisAdapter(settings, simulator.transport(), context);
  const { oracle } = simulator;
  const sendMessages = (messages: readonly WireMessage[], options: Partial<SendOptions> = {}) =>
    watch(adapter.send('s', messages, { signal: never, ...options }));
  const send = (data: readonly string[], options: Partial<SendOptions> = {}) =>
    sendMessages(
      data.map((text) => ({ partitionKey: text, data: text })),
      options,
    );
  return {
    clock,
    context,
    simulator,
    oracle,
    adapter,
    send,
    sendMessages,
    requests: () => oracle.counts().calls.PutRecords ?? 0,
    records: () => oracle.records('s'),
    found: () => oracle.userRecords('s').records.map(({ data }) => data.toString()),
    done: (...sends: { state: string }[]) =>
      runUntil(clock, () => sends.every(({ state }) => state !== 'pending')),
  };
}
