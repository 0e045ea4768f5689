/** A handler that passes prepared bytes through, beside a bare SDK that sends batches prepared beforehand. */
import type { PutRecordsRequestEntry } from '@aws-sdk/client-kinesis';
import { checkLedger, deliver, startOnSink } from '../application.ts';
import { now } from '../clock.ts';
import { BytesEvent } from '../record-types/delivered.ts';
import { interleave } from '../rounds.ts';
import { rowOf } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { BATCH, sdkClient, sdkLoop } from '../sdk-loop.ts';
import { Sink } from '../sink.ts';
import { standardEvents } from '../standard-event.ts';
import { finish } from './deliver.ts';

const ROUNDS = 7;
const EVENTS = 100_000;

export const deliverBytes: Scenario = {
  name: 'deliver-bytes',
  async run() {
    const sink = await Sink.start();
    const app = await startOnSink(sink);
    const client = sdkClient(sink.endpoint);
    const events = standardEvents().map((event) => Buffer.from(JSON.stringify(event)));
    const batch: PutRecordsRequestEntry[] = events
      .slice(0, BATCH)
      .map((Data) => ({ PartitionKey: 'key', Data }));
    const side = (work: () => Promise<void>) => async (): Promise<number> => {
      let seconds = 0;
      const records = await sink.during(async () => {
        const start = now();
        await work();
        seconds = (now() - start) / 1000;
      });
      check(records === EVENTS, `${records} of ${EVENTS} records came to the sink`);
      return EVENTS / seconds / 1000;
    };
    await deliver(BytesEvent, BATCH, events);
    const [first] = await sink.newest();
    check(first?.data === String(events[0]), `${first?.data} is not what was recorded`);
    const { ours, theirs } = await interleave(ROUNDS, {
      ours: side(() => deliver(BytesEvent, EVENTS, events)),
      theirs: side(() => sdkLoop(client, EVENTS / BATCH, () => [['bytes', batch]])),
    });
    checkLedger(BytesEvent, BATCH + (ROUNDS + 1) * EVENTS);
    await finish(app, sink, client);
    return [
      rowOf({
        scenario: 'deliver-bytes',
        yardstick: 'SDK loop, prepared batches',
        unit: 'thousand events/s',
        target: { type: 'ratio_at_least', ratio: 0.8 },
        ours,
        theirs,
      }),
    ];
  },
};
