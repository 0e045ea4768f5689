/**
 * 100-byte events with distinct keys, aggregated by shard, from `record()` to a simulated Kinesis in another process;
 * beside an SDK loop on one thread that makes each event's JSON and sends a record for each. Of a type that forwards its events,
 * and of one with a handler that makes the same messages. The simulator answers as Kinesis does and takes whatever comes; it
 * works for each record, so it has less to do for those that are shared.
 */
import type { PutRecordsRequestEntry } from '@aws-sdk/client-kinesis';
import type { RecordHandle } from '../../src/index.ts';
import { startKinesisSimulator } from '../../src/testing/index.ts';
import { checkLedger, deliver, QUIET } from '../application.ts';
import { now } from '../clock.ts';
import { HandledHundred, type Hundred, HundredEvent } from '../record-types/hundred.ts';
import { interleave } from '../rounds.ts';
import { rowOf, type Target } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { BATCH, CREDENTIALS, REGION, sdkClient, sdkLoop } from '../sdk-loop.ts';
import { Application, kinesis } from '../shipped.ts';
import { type Sent, Simulator } from '../simulator.ts';

const ROUNDS = 5;
/** Three seconds of the loop, so that it is speed that is measured, and not the first and the last request. */
const EVENTS = 300_000;
const MILLION = 1_000_000;

export const deliverAggregated: Scenario = {
  name: 'deliver-aggregated',
  async run() {
    const events = hundredByteEvents();
    for (const type of [HundredEvent, HandledHundred]) await checkEvents(type, events);
    const simulator = await Simulator.start();
    const app = await startOn(simulator.endpoint);
    const client = sdkClient(simulator.endpoint);
    const sent: { ours: Sent[]; handled: Sent[]; theirs: Sent[] } = { ours: [], handled: [], theirs: [] };
    const side = (into: Sent[], work: () => Promise<void>) => async (): Promise<number> => {
      let seconds = 0;
      into.push(
        await simulator.during(async () => {
          const startedAt = now();
          await work();
          seconds = (now() - startedAt) / 1000;
        }),
      );
      return EVENTS / seconds / 1000;
    };
    const { ours, handled, theirs } = await interleave(ROUNDS, {
      ours: side(sent.ours, () => deliver(HundredEvent, EVENTS, events)),
      handled: side(sent.handled, () => deliver(HandledHundred, EVENTS, events)),
      theirs: side(sent.theirs, () =>
        sdkLoop(client, EVENTS / BATCH, (batch) => [['hundred', requestOf(events, batch)]]),
      ),
    });
    check(
      sent.theirs.every(({ records }) => records === EVENTS),
      'the loop sends a record for each event',
    );
    for (const type of [HundredEvent, HandledHundred]) checkLedger(type, (ROUNDS + 1) * EVENTS);
    const ledger = await app.stop();
    check(ledger.pending === 0, `${ledger.pending} events were left`);
    client.destroy();
    simulator.stop();
    const perMillion = (each: readonly Sent[], what: 'units' | 'requests') =>
      each.slice(1).map((counts) => (counts[what] / EVENTS) * MILLION);
    const row = (what: 'units' | 'requests', unit: string, target: Target) =>
      rowOf({
        scenario: `deliver-aggregated: ${unit}`,
        yardstick: 'SDK loop, a record an event',
        unit: 'per million events',
        target,
        ours: perMillion(sent.ours, what),
        theirs: perMillion(sent.theirs, what),
      });
    return [
      rowOf({
        scenario: 'deliver-aggregated, 100 bytes',
        yardstick: 'SDK loop, a record an event',
        unit: 'thousand events/s',
        target: { type: 'ratio_at_least', ratio: 2 },
        ours,
        theirs,
      }),
      rowOf({
        scenario: 'deliver-aggregated: by a handler',
        yardstick: 'SDK loop, a record an event',
        unit: 'thousand events/s',
        target: { type: 'none' },
        ours: handled,
        theirs,
      }),
      // 150 times fewer.
      row('units', 'billing units', { type: 'ratio_at_most', ratio: 0.0066 }),
      row('requests', 'requests', { type: 'none' }),
    ];
  },
};

function startOn(endpoint: string): Promise<Application> {
  const adapter = kinesis({ region: REGION, endpoint, credentials: CREDENTIALS, aggregation: 'shard' });
  return Application.start({ adapter, logger: QUIET });
}

function requestOf(events: readonly Hundred[], batch: number): PutRecordsRequestEntry[] {
  return Array.from({ length: BATCH }, (_, i) => {
    const event = events[(batch * BATCH + i) % events.length] as Hundred;
    return { PartitionKey: event.user, Data: Buffer.from(JSON.stringify(event)) };
  });
}

function hundredByteEvents(): readonly Hundred[] {
  return Array.from({ length: 20_000 }, (_, i) => {
    const event = {
      user: `user-${String(i).padStart(8, '0')}`,
      step: 'confirmed',
      at: 1_767_225_600_000 + i,
      page: '/sign-up/confirmed',
      n: 10_000 + i,
    };
    const bytes = JSON.stringify(event).length;
    check(bytes === 100, `the event has ${bytes} bytes`);
    return event;
  });
}

/** What is timed arrives: every event once, in records that it shares. */
async function checkEvents(type: RecordHandle<Hundred>, events: readonly Hundred[]): Promise<void> {
  const simulator = await startKinesisSimulator({ streams: { hundred: 4 }, limits: false });
  const app = await startOn(simulator.endpoint);
  await deliver(type, events.length, events);
  await app.stop();
  const idOf = (data: Buffer) => (JSON.parse(data.toString()) as Hundred).user;
  const { missing, invented, duplicates } = simulator.oracle.audit(
    'hundred',
    events.map(({ user }) => user),
    idOf,
  );
  const { recordsCommitted } = simulator.oracle.counts();
  await simulator.stop();
  check(missing.length + invented.length + duplicates === 0, 'what came is not what was recorded');
  // Until the shards are known each event is a record by itself.
  check(recordsCommitted < events.length / 2, `${recordsCommitted} records for ${events.length} events`);
}
