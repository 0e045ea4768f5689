/**
 * The row `deliver, json` beside the same loop over the handler that the SDK takes unless told otherwise: a connection with
 * TLS and an HTTP/2 session for every request. Both speak to one sink, over TLS.
 */
import { checkLedger, deliver, startOnSink } from '../application.ts';
import { now } from '../clock.ts';
import { JsonEvent } from '../record-types/delivered.ts';
import { interleave } from '../rounds.ts';
import { rowOf } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { BATCH, sdkClient, sdkLoop } from '../sdk-loop.ts';
import { Sink } from '../sink.ts';
import { standardEvents } from '../standard-event.ts';
import { finish, jsonRequests } from './deliver.ts';

const ROUNDS = 5;
const EVENTS = 50_000;

export const deliverDefault: Scenario = {
  name: 'deliver-default',
  async run() {
    // The sink's certificate signs itself, and the SDK's default handler cannot be told of another authority.
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    const sink = await Sink.start('https');
    const app = await startOnSink(sink);
    const client = sdkClient(sink.endpoint, 'default');
    const events = standardEvents();
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
    const { ours, theirs } = await interleave(ROUNDS, {
      ours: side(() => deliver(JsonEvent, EVENTS, events)),
      theirs: side(() => sdkLoop(client, EVENTS / BATCH, (batch) => jsonRequests(events, batch))),
    });
    checkLedger(JsonEvent, (ROUNDS + 1) * EVENTS);
    await finish(app, sink, client);
    return [
      rowOf({
        scenario: 'deliver-default',
        yardstick: "SDK loop, the SDK's default handler",
        unit: 'thousand events/s',
        target: { type: 'ratio_at_least', ratio: 1.2 },
        ours,
        theirs,
      }),
    ];
  },
};
