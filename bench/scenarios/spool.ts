/**
 * What a spool costs: deliveries a second and the caller's side of `record()`, beside the same application without one;
 * and how long `recordAndConfirm` takes, to the disk or to the sink, whichever is first, beside one request to the sink.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { deliver, QUIET } from '../application.ts';
import { now } from '../clock.ts';
import { JsonEvent } from '../record-types/delivered.ts';
import { interleave } from '../rounds.ts';
import { quantile, type Row, rowOf } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { CREDENTIALS, REGION, sdkClient } from '../sdk-loop.ts';
import { Application, kinesis } from '../shipped.ts';
import { Sink } from '../sink.ts';
import { standardEvents } from '../standard-event.ts';

const ROUNDS = 5;
const EVENTS = 100_000;
const RECORDS = 20_000;
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
    const calls: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
    const side = (directory: string | undefined, into: number[]) => () =>
      measure(sink, start(directory), into);
    const { ours, theirs } = await interleave(ROUNDS, {
      ours: side(join(folder, 'store'), calls.ours),
      theirs: side(undefined, calls.theirs),
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
        unit: 'us an event',
        target: { type: 'ratio_at_most', ratio: 1.1 },
        ours: calls.ours.slice(1),
        theirs: calls.theirs.slice(1),
      }),
      ...(await confirmations(sink, await start(join(folder, 'store')))),
    ];
    sink.stop();
    rmSync(folder, { recursive: true, force: true });
    return rows;
  },
};

/** Thousand events a second; what a call of `record()` takes goes to `calls`. */
async function measure(sink: Sink, starting: Promise<Application>, calls: number[]): Promise<number> {
  const app = await starting;
  const events = standardEvents();
  await deliver(JsonEvent, 1000, events);
  const callsFrom = now();
  for (let i = 0; i < RECORDS; i++) JsonEvent.record(events[i % events.length] as (typeof events)[number]);
  calls.push(((now() - callsFrom) / RECORDS) * 1000);
  await JsonEvent.flush();
  let seconds = 0;
  const records = await sink.during(async () => {
    const from = now();
    await deliver(JsonEvent, EVENTS, events);
    seconds = (now() - from) / 1000;
  });
  const { delivered, pending } = await app.stop();
  check(records === EVENTS && pending === 0, `${records} of ${EVENTS} records, ${pending} pending`);
  check(delivered === 1000 + RECORDS + EVENTS, `${delivered} events were delivered`);
  return EVENTS / seconds / 1000;
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
