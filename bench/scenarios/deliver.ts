/**
 * Events a second from `record()` to the counting sink, through the real SDK, beside an SDK loop on one thread that makes
 * the same records; and what each takes of the main thread.
 *
 * `sign-up` is the document's handler, which sends every event to two streams; `json` sends its JSON to one. The loop does
 * what a handler would have to do, and nothing else.
 */
import type { KinesisClient, PutRecordsRequestEntry } from '@aws-sdk/client-kinesis';
import type { RecordHandle } from '../../src/index.ts';
import { checkLedger, deliver as deliverAll, startOnSink } from '../application.ts';
import { mainThreadCpu, now } from '../clock.ts';
import { contextOf, JsonEvent, SignUpEvent } from '../record-types/delivered.ts';
import { interleave } from '../rounds.ts';
import { type Row, rowOf, type Target } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { BATCH, sdkClient, sdkLoop } from '../sdk-loop.ts';
import { type Application, masterJson } from '../shipped.ts';
import { Sink } from '../sink.ts';
import { type SignUp, standardEvents } from '../standard-event.ts';

const ROUNDS = 7;

interface Kind {
  readonly name: string;
  readonly handle: RecordHandle<SignUp>;
  readonly streams: number;
  readonly events: number;
  readonly requests: (
    events: readonly SignUp[],
    batch: number,
  ) => readonly (readonly [string, PutRecordsRequestEntry[]])[];
}

const KINDS: readonly Kind[] = [
  {
    name: 'sign-up',
    handle: SignUpEvent,
    streams: 2,
    events: 50_000,
    requests(events, batch) {
      const signup: PutRecordsRequestEntry[] = [];
      const master: PutRecordsRequestEntry[] = [];
      for (let i = 0; i < BATCH; i++) {
        const { user, step, request } = events[(batch * BATCH + i) % events.length] as SignUp;
        const id = `boot-0-${batch * BATCH + i}`;
        const PartitionKey = String(user.id);
        signup.push({ PartitionKey, Data: Buffer.from(JSON.stringify({ eventId: id })) });
        const text = masterJson(id, user.publicId, user, contextOf(step, request));
        master.push({ PartitionKey, Data: Buffer.from(text) });
      }
      return [
        ['signup', signup],
        ['master', master],
      ];
    },
  },
  { name: 'json', handle: JsonEvent, streams: 1, events: 100_000, requests: jsonRequests },
];

export function jsonRequests(
  events: readonly SignUp[],
  batch: number,
): readonly (readonly [string, PutRecordsRequestEntry[]])[] {
  const records: PutRecordsRequestEntry[] = [];
  for (let i = 0; i < BATCH; i++) {
    const event = events[(batch * BATCH + i) % events.length] as SignUp;
    records.push({ PartitionKey: String(event.user.id), Data: Buffer.from(JSON.stringify(event)) });
  }
  return [['json', records]];
}

export const deliver: Scenario = {
  name: 'deliver',
  async run() {
    const sink = await Sink.start();
    const app = await startOnSink(sink);
    const client = sdkClient(sink.endpoint);
    const rows: Row[] = [];
    for (const kind of KINDS) rows.push(...(await measure(kind, sink, client)));
    await finish(app, sink, client);
    return rows;
  },
};

async function measure(kind: Kind, sink: Sink, client: KinesisClient): Promise<Row[]> {
  const { name, handle, streams, events: count, requests } = kind;
  const events = standardEvents();
  const cpu: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  const side = (into: number[], work: () => Promise<void>) => async (): Promise<number> => {
    let seconds = 0;
    const records = await sink.during(async () => {
      const [startedAt, cpuBefore] = [now(), mainThreadCpu()];
      await work();
      seconds = (now() - startedAt) / 1000;
      into.push(((mainThreadCpu() - cpuBefore) / count) * 1000);
    });
    check(records === count * streams, `${records} of ${count * streams} records came to the sink`);
    return count / seconds / 1000;
  };
  await checkRecords(kind, sink, client, events);
  const { ours, theirs } = await interleave(ROUNDS, {
    ours: side(cpu.ours, () => deliverAll(handle, count, events)),
    theirs: side(cpu.theirs, () => sdkLoop(client, count / BATCH, (batch) => requests(events, batch))),
  });
  checkLedger(handle, BATCH + (ROUNDS + 1) * count);
  const row = (
    what: string,
    unit: string,
    target: Target,
    both: { ours: readonly number[]; theirs: readonly number[] },
  ) => rowOf({ scenario: what, yardstick: 'SDK loop, one thread', unit, target, ...both });
  return [
    row(`deliver, ${name}`, 'thousand events/s', { type: 'ratio_at_least', ratio: 0.75 }, { ours, theirs }),
    row(
      `deliver, ${name}: the main thread's share`,
      'us of CPU an event',
      { type: 'ratio_at_most', ratio: 0.2 },
      {
        ours: cpu.ours.slice(1),
        theirs: cpu.theirs.slice(1),
      },
    ),
  ];
}

/** Both sides send the same, but for the ids that beamline gives and the time at which each was made. */
async function checkRecords(
  { handle, requests, streams }: Kind,
  sink: Sink,
  client: KinesisClient,
  events: readonly SignUp[],
): Promise<void> {
  const without = (text: string) => text.replace(/"(?:event_?[iI]d|sent_at)":"[^"]*",?/g, '');
  await sdkLoop(client, 1, (batch) => requests(events, batch));
  const theirs = (await sink.newest()).map(({ data }) => without(data)).sort();
  const records = await sink.during(() => deliverAll(handle, BATCH, events));
  const ours = (await sink.newest()).map(({ data }) => without(data)).sort();
  check(records === BATCH * streams, `${records} records of the first batch`);
  check(
    ours.every((data, i) => theirs.includes(data) && ours.length <= theirs.length && i >= 0),
    `${ours[0]} instead of ${theirs[0]}`,
  );
}

export async function finish(app: Application, sink: Sink, client: KinesisClient): Promise<void> {
  const ledger = await app.stop();
  check(ledger.pending === 0, `${ledger.pending} events were left`);
  client.destroy();
  sink.stop();
}
