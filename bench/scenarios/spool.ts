/**
 * What a spool costs: deliveries a second and the caller's side of `record()`, beside the same application without one;
 * and how long `recordAndConfirm` takes, to the disk or to the sink, whichever is first, beside one request to the sink.
 *
 * The caller's side is the main thread's CPU. The time that passes stands beside it: while events are recorded as fast as
 * they are taken, the type's thread, the spool's, the sink and the main thread want the cores, and one of them waits.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { deliver, QUIET } from '../application.ts';
import { mainThreadCpu, now } from '../clock.ts';
import { JsonEvent } from '../record-types/delivered.ts';
import { interleave } from '../rounds.ts';
import { median, quantile, type Row, rowOf } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { CREDENTIALS, REGION, sdkClient } from '../sdk-loop.ts';
import { Application, kinesis } from '../shipped.ts';
import { Sink } from '../sink.ts';
import { standardEvents } from '../standard-event.ts';

const ROUNDS = 5;
const EVENTS = 100_000;
const RECORDS = 20_000;
const BURSTS = 7;
const CONFIRMATIONS = 500;

export const spool: Scenario = {
  name: 'spool',
  async run() {
    const sink = await Sink.start();
    const folder = mkdtempSync(join(tmpdir(), 'beamline-bench-'));
    const adapter = kinesis({ region: REGION, endpoint: sink.endpoint, credentials: CREDENTIALS });
    const start = (directory: string | undefined): Promise<Application> =>
      Application.start({
        adapter,
        logger: QUIET,
        ...(directory === undefined ? {} : { spool: { directory } }),
      });
    const calls: { readonly ours: Call[]; readonly theirs: Call[] } = { ours: [], theirs: [] };
    const side = (directory: string | undefined, into: Call[]) => () => measure(sink, start(directory), into);
    const { ours, theirs } = await interleave(ROUNDS, {
      ours: side(join(folder, 'store'), calls.ours),
      theirs: side(undefined, calls.theirs),
    });
    // The first of either is the round that is thrown away.
    const each = (of: (call: Call) => number) => ({
      ours: calls.ours.slice(1).map(of),
      theirs: calls.theirs.slice(1).map(of),
    });
    const rows = [
      rowOf({
        scenario: 'spool: deliver, json',
        yardstick: 'without a spool',
        unit: 'thousand events/s',
        target: { type: 'ratio_at_least', ratio: 0.8 },
        ours,
        theirs,
      }),
      rowOf({
        scenario: "spool: record(), the caller's side",
        yardstick: 'without a spool',
        unit: 'us of CPU an event',
        target: { type: 'ratio_at_most', ratio: 1.1 },
        ...each(({ cpu }) => cpu),
      }),
      rowOf({
        scenario: 'spool: record(), the time that passes',
        yardstick: 'without a spool',
        unit: 'us an event',
        target: { type: 'none' },
        ...each(({ passed }) => passed),
      }),
      ...(await confirmations(sink, await start(join(folder, 'store')))),
    ];
    sink.stop();
    rmSync(folder, { recursive: true, force: true });
    return rows;
  },
};

/** What a call of `record()` takes, in microseconds. */
interface Call {
  readonly cpu: number;
  readonly passed: number;
}

/** Thousand events a second; what a call of `record()` takes goes to `calls`. */
async function measure(sink: Sink, starting: Promise<Application>, calls: Call[]): Promise<number> {
  const app = await starting;
  const events = standardEvents();
  await deliver(JsonEvent, 1000, events);
  const bursts: Call[] = [];
  for (let n = 0; n < BURSTS; n++) {
    bursts.push(burst(events));
    await JsonEvent.flush();
  }
  calls.push({
    cpu: median(bursts.map(({ cpu }) => cpu)),
    passed: median(bursts.map(({ passed }) => passed)),
  });
  let seconds = 0;
  const records = await sink.during(async () => {
    const from = now();
    await deliver(JsonEvent, EVENTS, events);
    seconds = (now() - from) / 1000;
  });
  const { delivered, pending } = await app.stop();
  check(records === EVENTS && pending === 0, `${records} of ${EVENTS} records, ${pending} pending`);
  check(delivered === 1000 + BURSTS * RECORDS + EVENTS, `${delivered} events were delivered`);
  return EVENTS / seconds / 1000;
}

function burst(events: ReturnType<typeof standardEvents>): Call {
  const [from, cpuFrom] = [now(), mainThreadCpu()];
  for (let i = 0; i < RECORDS; i++) JsonEvent.record(events[i % events.length] as (typeof events)[number]);
  const [cpu, passed] = [mainThreadCpu() - cpuFrom, now() - from];
  return { cpu: (cpu / RECORDS) * 1000, passed: (passed / RECORDS) * 1000 };
}

async function confirmations(sink: Sink, app: Application): Promise<Row[]> {
  const [event] = standardEvents();
  const client = sdkClient(sink.endpoint);
  const requests: number[] = [];
  const confirmed: number[] = [];
  for (let i = -50; i < CONFIRMATIONS; i++) {
    const Data = Buffer.from(JSON.stringify(event));
    const requestFrom = now();
    await client.send(new PutRecordsCommand({ StreamName: 'json', Records: [{ PartitionKey: '1', Data }] }));
    const request = now() - requestFrom;
    const from = now();
    await JsonEvent.recordAndConfirm(event as NonNullable<typeof event>);
    if (i < 0) continue;
    requests.push(request);
    confirmed.push(now() - from);
  }
  client.destroy();
  await app.stop();
  const row = (part: number, name: string): Row =>
    rowOf({
      scenario: `spool: recordAndConfirm, ${name}`,
      yardstick: 'one request',
      unit: 'ms',
      target: part === 0.99 ? { type: 'at_most', value: 20 } : { type: 'none' },
      ours: [quantile(confirmed, part)],
      theirs: [quantile(requests, part)],
    });
  return [row(0.5, 'p50'), row(0.99, 'p99')];
}
