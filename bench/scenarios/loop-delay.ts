/** The delay of the main thread's event loop while 50,000 events a second come in, p99: beside batching with the SDK there. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { PutRecordsRequestEntry } from '@aws-sdk/client-kinesis';
import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { deliver, startOnSink } from '../application.ts';
import { now, sleep } from '../clock.ts';
import { JsonEvent } from '../record-types/delivered.ts';
import { interleave } from '../rounds.ts';
import { rowOf } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { BATCH, sdkClient } from '../sdk-loop.ts';
import { Sink } from '../sink.ts';
import { type SignUp, standardEvents } from '../standard-event.ts';
import { finish } from './deliver.ts';

const ROUNDS = 7;
const EVENTS_PER_MS = 50;
const ROUND_MS = 2000;

export const loopDelay: Scenario = {
  name: 'loop-delay',
  async run() {
    const sink = await Sink.start();
    const app = await startOnSink(sink);
    const client = sdkClient(sink.endpoint);
    const events = standardEvents();
    await deliver(JsonEvent, BATCH, events);

    let open: Promise<unknown>[] = [];
    let batch: PutRecordsRequestEntry[] = [];
    const put = (event: SignUp): void => {
      batch.push({ PartitionKey: String(event.user.id), Data: Buffer.from(JSON.stringify(event)) });
      if (batch.length < BATCH) return;
      open.push(client.send(new PutRecordsCommand({ StreamName: 'json', Records: batch })));
      batch = [];
    };
    const side =
      (take: (event: SignUp) => void, drain: () => Promise<unknown>) => async (): Promise<number> => {
        let delay = 0;
        let offered = 0;
        const records = await sink.during(async () => {
          ({ delay, offered } = await underLoad(events, take));
          await drain();
        });
        // What is no full batch at the end waits for the next round of the loop.
        check(Math.abs(records - offered) < BATCH, `${records} of ${offered} records came to the sink`);
        return delay;
      };
    const { ours, theirs } = await interleave(ROUNDS, {
      ours: side(
        (event) => check(JsonEvent.record(event), 'the queue is full'),
        () => JsonEvent.flush(),
      ),
      theirs: side(put, async () => {
        await Promise.all(open);
        open = [];
      }),
    });
    await finish(app, sink, client);
    return [
      rowOf({
        scenario: 'loop-delay, p99',
        yardstick: 'SDK batching on the main thread',
        unit: 'ms',
        target: { type: 'ratio_at_most', ratio: 0.5 },
        ours,
        theirs,
      }),
    ];
  },
};

/** Offers the load, as far as the loop lets it, and gives the p99 of the loop's delay in milliseconds. */
async function underLoad(
  events: readonly SignUp[],
  take: (event: SignUp) => void,
): Promise<{ readonly delay: number; readonly offered: number }> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const start = now();
  let offered = 0;
  while (now() - start < ROUND_MS) {
    const due = Math.floor((now() - start) * EVENTS_PER_MS);
    for (; offered < due; offered++) take(events[offered % events.length] as SignUp);
    await sleep(1);
  }
  histogram.disable();
  return { delay: histogram.percentile(99) / 1e6, offered };
}
