/**
 * A call to a process of another thread, beside a bare `postMessage` there and back. Where the system puts two threads that
 * wake each other decides more than what they do: on two cores either takes two to four times as long as on one. So they
 * are compared on one core, and stand beside each other as the system has them without anything to reach.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../src/base/clock.ts';
import { call } from '../../src/otp/gen-server.ts';
import { Runtime } from '../../src/otp/runtime.ts';
import { Entries } from '../../src/threads/entries.ts';
import { termCodec } from '../../src/threads/term-codec.ts';
import { Thread } from '../../src/threads/thread.ts';
import { ThreadTransport } from '../../src/threads/thread-transport.ts';
import { now } from '../clock.ts';
import { onOneCore } from '../core.ts';
import { BARE, type EchoApi } from '../echo-role.ts';
import { interleave } from '../rounds.ts';
import { type Row, rowOf, type Target } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';

const ROUNDS = 151;
const ROUND_TRIPS = 50;

export const otpRemote: Scenario = {
  name: 'otp-remote',
  async run() {
    const url = new URL('../echo-role.js', import.meta.url);
    const transport = new ThreadTransport();
    const runtime = new Runtime({ transport });
    const thread = new Thread<EchoApi>(
      { runtime, transport, codec: termCodec(), clock: systemClock, entries: new Entries(undefined) },
      {
        node: 1,
        name: 'echo',
        role: url.href,
        argument: null,
        control: {},
        startTimeoutMs: 10_000,
        terminateTimeoutMs: 5000,
      },
    );
    thread.ref();
    await thread.ready;
    const pid = await thread.control.pid();
    const bare = new Worker(url, { workerData: BARE });
    await once(bare, 'online');
    check((await call(runtime, pid, { type: 'echo', value: 7 })) === 7, 'the process does not answer');

    const perTrip = async (trip: (value: number) => Promise<unknown>): Promise<number> => {
      const start = now();
      for (let i = 0; i < ROUND_TRIPS; i++) await trip(i);
      return ((now() - start) / ROUND_TRIPS) * 1000;
    };
    let answered: (value: unknown) => void = () => {};
    bare.on('message', (value) => answered(value));
    const measure = () =>
      interleave(ROUNDS, {
        ours: () => perTrip((value) => call(runtime, pid, { type: 'echo', value })),
        theirs: () =>
          perTrip(
            (value) =>
              new Promise((resolve) => {
                answered = resolve;
                bare.postMessage({ type: 'echo', value });
              }),
          ),
      });
    const anywhere = await measure();
    const together = await onOneCore(measure);
    await thread.terminate('order');
    await bare.terminate();
    const row = (scenario: string, target: Target, sides: typeof anywhere): Row =>
      rowOf({ scenario, yardstick: 'postMessage, there and back', unit: 'us', target, ...sides });
    return [
      ...(together === undefined
        ? []
        : [row('otp-remote: call, on one core', { type: 'ratio_at_most', ratio: 1.5 }, together)]),
      row('otp-remote: call, as the system has it', { type: 'none' }, anywhere),
    ];
  },
};
