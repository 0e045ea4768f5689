import { expect } from 'chai';
import type { ChildSpec } from '../src/otp/child-spec.ts';
import {
  keyedChildren,
  startDynamicChild,
  startDynamicSupervisor,
  terminateDynamicChild,
} from '../src/otp/dynamic-supervisor.ts';
import { type GenServer, startLink } from '../src/otp/gen-server.ts';
import type { KeyedInfo } from '../src/otp/keyed-children.ts';
import { ok } from '../src/otp/result.ts';
import { Runtime } from '../src/otp/runtime.ts';
import type { StartResult } from '../src/otp/start.ts';
import { ManualClock } from '../src/testing/manual-clock.ts';

const idle: GenServer<{ state: undefined }> = { init: () => ok(undefined) };
const backoff = { initialMs: 100, maxMs: 1000, factor: 2, jitter: 0, stableMs: 5000 };

describe('keyed children of a DynamicSupervisor', () => {
  let clock: ManualClock;
  let runtime: Runtime;
  let changes: (KeyedInfo | undefined)[];
  let waiting: ((change: KeyedInfo | undefined) => boolean) | undefined;
  let wake: () => void;

  beforeEach(() => {
    clock = new ManualClock();
    changes = [];
    waiting = undefined;
    runtime = new Runtime({ clock });
  });

  const supervisor = async () => {
    const started = await startDynamicSupervisor(runtime, {
      onKeyed(_key, info) {
        changes.push(info);
        if (waiting?.(info) === true) wake();
      },
    });
    return started.type === 'ok' ? started.pid : expect.fail('not started');
  };
  const until = (matches: (change: KeyedInfo | undefined) => boolean): Promise<void> => {
    if (changes.some(matches)) return Promise.resolve();
    waiting = matches;
    return new Promise((resolve) => {
      wake = resolve;
    });
  };
  const child = (start: ChildSpec['start'], id = 'a'): ChildSpec => ({ id, start, backoff });
  const running = (restarts: number) => (change: KeyedInfo | undefined) =>
    change?.state === 'running' && change.restarts === restarts;
  it('answer a second request for a key with the child that is there', async () => {
    const pid = await supervisor();
    const spec = child((parent) => startLink(parent, idle, undefined));
    expect(await startDynamicChild(runtime, pid, spec)).to.deep.equal({ type: 'pending', state: 'starting' });
    await until(running(0));
    const again = await startDynamicChild(runtime, pid, spec);
    expect(again).to.include({ type: 'ok' });
    expect(runtime.processCount).to.equal(2);
  });

  it('do not hold up their supervisor while they start', async () => {
    const pid = await supervisor();
    await startDynamicChild(
      runtime,
      pid,
      child(() => new Promise<StartResult>(() => {}), 'hangs'),
    );
    await startDynamicChild(
      runtime,
      pid,
      child((parent) => startLink(parent, idle, undefined)),
    );
    await until(running(0));
    expect((await keyedChildren(runtime, pid)).map(({ key, state }) => [key, state])).to.deep.equal([
      ['hangs', 'starting'],
      ['a', 'running'],
    ]);
  });

  it('are restarted at once, then after a growing delay, and are forgiven when they were stable', async () => {
    const pid = await supervisor();
    await startDynamicChild(
      runtime,
      pid,
      child((parent) => startLink(parent, idle, undefined)),
    );
    const dueIn: (number | undefined)[] = [];
    for (let restart = 0; restart < 4; restart++) {
      await until(running(restart));
      const current = changes.at(-1)?.pid;
      if (current === undefined) return expect.fail('not running');
      if (restart === 3) clock.advance(5000);
      runtime.exit(current, 'kill');
      await until((change) => change?.state === 'restarting' && change.restarts === restart + 1);
      dueIn.push(
        changes.find((change) => change?.state === 'restarting' && change.restarts === restart + 1)?.dueInMs,
      );
      clock.advance(dueIn.at(-1) ?? 0);
    }
    expect(dueIn).to.deep.equal([0, 100, 200, 0]);
    await until(running(4));
    expect(runtime.isAlive(pid)).to.equal(true);
  });

  it('are tried again when their start fails, and gone when they are terminated', async () => {
    const pid = await supervisor();
    let failures = 2;
    await startDynamicChild(
      runtime,
      pid,
      child((parent) =>
        failures-- > 0
          ? Promise.resolve({ type: 'error', reason: 'boom' })
          : startLink(parent, idle, undefined),
      ),
    );
    await until((change) => change?.state === 'restarting' && change.dueInMs === 100);
    clock.advance(100);
    await until(running(2));
    expect(await terminateDynamicChild(runtime, pid, 'a')).to.deep.equal({ type: 'ok' });
    expect(changes.at(-1)).to.equal(undefined);
    expect(runtime.processCount).to.equal(1);
    expect(await terminateDynamicChild(runtime, pid, 'a')).to.deep.equal({
      type: 'error',
      reason: 'not_found',
    });
  });
});
