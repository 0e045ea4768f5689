/**
 * From `record()` to delivered, beside one request by the bare SDK to the same sink: at 1,000 events a second with
 * `flushIntervalMs` 50; when a batch is full at once; and for `recordAndConfirm` without a spool.
 */
import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { startOnSink } from '../application.ts';
import { now, sleep } from '../clock.ts';
import { CHANNEL, type Delivered, TimedEvent } from '../record-types/timed.ts';
import { quantile, type Row, rowOf, type Target } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { sdkClient } from '../sdk-loop.ts';
import { Sink } from '../sink.ts';
import { finish } from './deliver.ts';

const FLUSH_MS = 50;
const BATCH = 100;
const STEADY_MS = 10_000;
const TIMES = 100;

export const latency: Scenario = {
  name: 'latency',
  async run() {
    const sink = await Sink.start();
    const app = await startOnSink(sink);
    const client = sdkClient(sink.endpoint);
    let heard: (delivered: Delivered) => void = () => {};
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = (event) => heard((event as { data: Delivered }).data);
    TimedEvent.record({ at: now() });
    await TimedEvent.flush();

    const steady = await steadyLoad((listener) => {
      heard = listener;
    });
    const [requests, full, confirmed]: [number[], number[], number[]] = [[], [], []];
    for (let i = -10; i < TIMES; i++) {
      const request = await oneRequest(client);
      const batch = await fullBatch((listener) => {
        heard = listener;
      });
      const start = now();
      await TimedEvent.recordAndConfirm({ at: start });
      const confirmation = now() - start;
      if (i < 0) continue;
      requests.push(request);
      full.push(batch);
      confirmed.push(confirmation);
    }
    channel.close();
    await finish(app, sink, client);

    const one = { p50: quantile(requests, 0.5), p99: quantile(requests, 0.99) };
    const row = (scenario: string, yardstick: string, ours: number, theirs: number, target: Target): Row =>
      rowOf({ scenario, yardstick, unit: 'ms', target, ours: [ours], theirs: [theirs] });
    const none: Target = { type: 'none' };
    const within = (ms: number): Target => ({
      type: 'at_most',
      value: one.p99 + ms,
      why: `one request + ${ms} ms`,
    });
    const interval = `${FLUSH_MS} ms + one request`;
    return [
      row('latency, 1,000 events/s: p50', interval, quantile(steady, 0.5), FLUSH_MS + one.p50, none),
      row('latency, 1,000 events/s: p99', interval, quantile(steady, 0.99), FLUSH_MS + one.p99, {
        type: 'at_most',
        value: 75,
      }),
      row('latency, full batch: p50', 'one request', quantile(full, 0.5), one.p50, none),
      row('latency, full batch: p99', 'one request', quantile(full, 0.99), one.p99, within(10)),
      row('latency, recordAndConfirm: p50', 'one request', quantile(confirmed, 0.5), one.p50, none),
      row('latency, recordAndConfirm: p99', 'one request', quantile(confirmed, 0.99), one.p99, within(20)),
    ];
  },
};

type Listen = (listener: (delivered: Delivered) => void) => void;

/** Milliseconds from the record of each event to its delivery. */
async function steadyLoad(listen: Listen): Promise<number[]> {
  const latencies: number[] = [];
  listen(({ at, recordedAt }) => latencies.push(...recordedAt.map((start) => at - start)));
  const start = now();
  let recorded = 0;
  while (now() - start < STEADY_MS) {
    for (const due = now() - start; recorded < due; recorded++) TimedEvent.record({ at: now() });
    await sleep(1);
  }
  await TimedEvent.flush();
  await sleep(20);
  check(latencies.length === recorded, `${latencies.length} of ${recorded} were heard of`);
  return latencies;
}

async function fullBatch(listen: Listen): Promise<number> {
  const start = now();
  const delivered = new Promise<number>((resolve) => {
    let events = 0;
    listen(({ at, recordedAt }) => {
      events += recordedAt.length;
      if (events === BATCH) resolve(at);
    });
  });
  for (let i = 0; i < BATCH; i++) TimedEvent.record({ at: start });
  return (await delivered) - start;
}

/** The same batch by the bare SDK. */
async function oneRequest(client: KinesisClient): Promise<number> {
  const Records = Array.from({ length: BATCH }, (_, i) => ({
    PartitionKey: `boot-0-${i}`,
    Data: Buffer.from(JSON.stringify({ at: now() })),
  }));
  const start = now();
  await client.send(new PutRecordsCommand({ StreamName: 'timed', Records }));
  return now() - start;
}
