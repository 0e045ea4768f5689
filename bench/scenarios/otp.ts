/**
 * Processes of one runtime: a call, a cast that is drained, and spawn + monitor + exit, per operation. The yardstick is
 * the BEAM (Erlang/OTP 25, `GenServer` of Elixir 1.14) on the machine that the table was made on; Erlang is no dependency
 * of this project, so its figures stand here.
 */

import {
  GenServer,
  noreply,
  ok,
  type Pid,
  type Process,
  type Request,
  Runtime,
  reply,
} from '../../src/otp/index.ts';
import { now } from '../clock.ts';
import { interleave } from '../rounds.ts';
import { rowOf } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';

const BEAM = { call: 1.2, cast: 0.12, spawn: 1.2 };
/** Each is over within a millisecond or two, before a busy system gives the core to somebody else. */
const ROUNDS = 501;
const CALLS = 500;
const CASTS = 5000;
const SPAWNS = 300;

interface CounterSpec {
  readonly state: number;
  readonly call: Request<{ type: 'add'; by: number }, number> | Request<{ type: 'get' }, number>;
  readonly cast: { readonly type: 'add'; readonly by: number };
}

const counter: GenServer<CounterSpec> = {
  init: () => ok(0),
  handleCall: {
    add: ({ by }, state) => reply(state + by, state + by),
    get: (_message, state) => reply(state, state),
  },
  handleCast: ({ by }, state) => noreply(state + by),
};

type Step = 'calls' | 'casts' | 'spawns';

/** A process does the work, as it would on the BEAM: what is measured is what a process pays. */
interface DriverSpec {
  readonly argument: Pid<CounterSpec>;
  readonly state: Pid<CounterSpec>;
  readonly call: Request<{ type: Step }, number>;
}

const driver: GenServer<DriverSpec> = {
  init: (target) => ok(target),
  handleCall: {
    async calls(_message, target, _from, self) {
      const startedAt = now();
      for (let i = 0; i < CALLS; i++) await GenServer.call(self, target, { type: 'add', by: 1 });
      return reply(((now() - startedAt) / CALLS) * 1000, target);
    },
    async casts(_message, target, _from, self) {
      const before = await GenServer.call(self, target, { type: 'get' });
      const startedAt = now();
      for (let i = 0; i < CASTS; i++) GenServer.cast(self, target, { type: 'add', by: 1 });
      const after = await GenServer.call(self, target, { type: 'get' });
      const took = now() - startedAt;
      check(after - before === CASTS, `${after - before} of ${CASTS} casts were counted`);
      return reply((took / CASTS) * 1000, target);
    },
    async spawns(_message, target, _from, self) {
      const startedAt = now();
      for (let i = 0; i < SPAWNS; i++) {
        const { pid } = self.runtime.spawn(ENDS);
        const reason = await self.awaitDown(self.monitor(pid));
        // What it says is not made for each: that took a tenth of the time.
        if (reason !== 'normal') check(false, `a process ended with ${JSON.stringify(reason)}`);
      }
      return reply(((now() - startedAt) / SPAWNS) * 1000, target);
    },
  },
};

/** Ends as soon as it runs. */
const ENDS = {
  kind: 'ends',
  start: (process: Process): void => process.end('normal'),
  receive: (): void => {},
};

export const otp: Scenario = {
  name: 'otp',
  async run() {
    const runtime = new Runtime();
    const target = await GenServer.start(runtime, counter, undefined);
    check(target.type === 'ok', 'the server did not start');
    const by = await GenServer.start(runtime, driver, target.pid);
    check(by.type === 'ok', 'the driver did not start');
    check(
      (await GenServer.call(runtime, target.pid, { type: 'add', by: 2 })) === 2,
      'the server does not count',
    );
    const step = (type: Step) => () => GenServer.call(runtime, by.pid, { type }, { timeoutMs: 60_000 });
    const { calls, casts, spawns } = await interleave(ROUNDS, {
      calls: step('calls'),
      casts: step('casts'),
      spawns: step('spawns'),
    });
    const row = (scenario: string, ours: readonly number[], theirs: number) =>
      rowOf({
        scenario,
        yardstick: 'BEAM',
        unit: 'us',
        target: { type: 'ratio_at_most', ratio: 1 },
        ours,
        theirs: [theirs],
      });
    return [
      row('otp: call', calls, BEAM.call),
      row('otp: cast and drain', casts, BEAM.cast),
      row('otp: spawn + monitor + exit', spawns, BEAM.spawn),
    ];
  },
};
