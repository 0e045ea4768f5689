/** A type's thread is ended under load: how long until the next batch is in the stream, beside the start of a bare worker. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { startOnSink } from '../application.ts';
import { now, sleep } from '../clock.ts';
import { CHANNEL, type Delivered, TimedEvent } from '../record-types/timed.ts';
import { interleave } from '../rounds.ts';
import { rowOf } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { Sink } from '../sink.ts';

const ROUNDS = 21;

export const recovery: Scenario = {
  name: 'recovery',
  async run() {
    const sink = await Sink.start();
    const app = await startOnSink(sink);
    let heard: (delivered: Delivered) => void = () => {};
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = (event) => heard((event as { data: Delivered }).data);
    const next = (unlike: number): Promise<Delivered> =>
      new Promise((resolve) => {
        heard = (delivered) => {
          if (delivered.thread !== unlike) resolve(delivered);
        };
      });
    const load = setInterval(() => {
      for (let i = 0; i < 5; i++) TimedEvent.record({ at: now() });
    }, 5);
    const { ours, theirs } = await interleave(ROUNDS, {
      ours: async () => {
        const { thread } = await next(-1);
        const start = now();
        const recovered = next(thread);
        void app.endThread(TimedEvent.name);
        return (await recovered).at - start;
      },
      theirs: async () => {
        const start = now();
        const bare = new Worker('0', { eval: true });
        await once(bare, 'exit');
        const took = now() - start;
        await sleep(100);
        return took;
      },
    });
    clearInterval(load);
    channel.close();
    const { accepted, delivered, pending } = await app.stop();
    check(accepted === delivered && pending === 0, `${delivered} of ${accepted} events were delivered`);
    sink.stop();
    return [
      rowOf({
        scenario: 'recovery, median',
        yardstick: 'a bare worker, start to end',
        unit: 'ms',
        target: { type: 'at_most', value: 250 },
        ours,
        theirs,
      }),
    ];
  },
};
