import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import { systemClock } from '../../src/base/clock.ts';
import {
  ConsumerSupervisor,
  DynamicSupervisor,
  formatReason,
  GenServer,
  ok,
  type Process,
  Registry,
  Runtime,
  type StartResult,
  Supervisor,
} from '../../src/otp/index.ts';

const idle: GenServer = { init: () => ok(undefined) };
const child = (fields: object) =>
  ({ id: 'a', start: (self: Process) => GenServer.startLink(self, idle, undefined), ...fields }) as never;
const started = (result: StartResult) =>
  result.type === 'error' ? formatReason(result.reason) : result.type;

const OPTIONS: readonly (readonly [options: object | undefined, told: string])[] = [
  [undefined, 'options: expected an object; undefined came'],
  [{ strategy: 'one_for_al' }, 'strategy: expected one_for_one, one_for_all, rest_for_one; one_for_al came'],
  [{ maxRestarts: -1 }, 'maxRestarts: expected a whole number from 0; -1 came'],
  [{ maxRestarts: Number.NaN }, 'maxRestarts: expected a whole number from 0; NaN came'],
  [{ maxSeconds: 0 }, 'maxSeconds: expected a number above 0; 0 came'],
  [{ maxSeconds: '5' }, 'maxSeconds: expected a number above 0; 5 came'],
  [{ autoShutdown: 'any' }, 'autoShutdown: expected never, any_significant, all_significant; any came'],
];

const SPECS: readonly (readonly [spec: unknown, told: string])[] = [
  [undefined, 'a child: expected an object { id, start }; undefined came'],
  [child({ id: undefined }), 'id: expected a text; undefined came'],
  [{ id: 'a' }, 'start of a: expected a function; undefined came'],
  [child({ restart: 'permament' }), 'restart of a: expected permanent, transient, temporary; permament came'],
  [
    child({ shutdown: 'brutalkill' }),
    'shutdown of a: expected milliseconds from 0, brutal_kill, infinity; brutalkill came',
  ],
  [child({ shutdown: -1 }), 'shutdown of a: expected milliseconds from 0, brutal_kill, infinity; -1 came'],
  [child({ type: 'supervisr' }), 'type of a: expected worker, supervisor; supervisr came'],
];

describe('What a supervisor cannot use', () => {
  const runtime = new Runtime();

  for (const [options, told] of OPTIONS)
    it(`is told at the start, as by OTP: ${told}`, async () => {
      const given = options === undefined ? undefined : { children: [], ...options };
      expect(started(await Supervisor.start(runtime, given as never))).to.equal(`bad options: ${told}`);
      if (options === undefined || !('strategy' in options || 'autoShutdown' in options)) {
        const dynamic = await DynamicSupervisor.start(runtime, (options ?? null) as never);
        expect(started(dynamic)).to.match(/^bad options/);
      }
    });

  it('is a list of children that is none', async () => {
    expect(started(await Supervisor.start(runtime, {} as never))).to.equal(
      'bad options: children: expected a list',
    );
  });

  for (const [spec, told] of SPECS)
    it(`is a child: ${told}; its supervisor goes on`, async () => {
      const problem = { type: 'invalid', message: told };
      const refused = await Supervisor.start(runtime, { children: [spec as never] });
      expect(refused).to.deep.equal({ type: 'error', reason: { type: 'start_spec', problem } });

      const supervisor = await Supervisor.start(runtime, { children: [child({ id: 'other' })] });
      const dynamic = await DynamicSupervisor.start(runtime, {});
      if (supervisor.type !== 'ok' || dynamic.type !== 'ok') throw new Error('not started');
      const answer = { type: 'error', reason: { type: 'child_spec', problem } };
      expect(await Supervisor.startChild(runtime, supervisor.pid, spec as never)).to.deep.equal(answer);
      expect(await Supervisor.countChildren(runtime, supervisor.pid)).to.include({ active: 1 });
      expect(await DynamicSupervisor.startChild(runtime, dynamic.pid, spec as never)).to.deep.equal(answer);
      expect(await DynamicSupervisor.countChildren(runtime, dynamic.pid)).to.include({ active: 0 });
    });

  it('is a budget of its own for the child of one that is not dynamic', async () => {
    const backoff = { initialMs: 1, maxMs: 1, factor: 1, jitter: 0, stableMs: 1 };
    expect(started(await Supervisor.start(runtime, { children: [child({ backoff })] }))).to.include(
      'backoff of a',
    );
  });

  it('is a restart that a pool does not know, and the keys of a registry', async () => {
    const pool = await ConsumerSupervisor.start(runtime, { child, restart: 'permanet' as never });
    expect(started(pool)).to.equal('bad options: restart must be temporary or transient, got permanet');
    const registry = await Registry.start(runtime, { name: 'r', keys: 'uniqe' as never });
    expect(started(registry)).to.equal('bad options: keys must be unique or duplicate, got uniqe');
  });
});

describe('A timer of the system clock', () => {
  it('that is longer than those of Node is as long as it says', () => {
    const time = useFakeTimers();
    try {
      const fired: string[] = [];
      const month = 30 * 86_400_000;
      systemClock.setTimer(month, () => fired.push('month'));
      systemClock.setTimer(month, () => fired.push('cleared')).clear();
      systemClock.setTimer(Number.POSITIVE_INFINITY, () => fired.push('never'));
      const late = systemClock.setTimer(month, () => fired.push('cleared late'));
      time.tick(month - 1);
      expect(fired).to.deep.equal([]);
      late.clear();
      time.tick(1);
      expect(fired).to.deep.equal(['month']);
    } finally {
      time.restore();
    }
  });
});
