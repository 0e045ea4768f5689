import { expect } from 'chai';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { OperationFailed } from '../../src/otp/exit-reason.ts';
import { type GenServer, start } from '../../src/otp/gen-server.ts';
import type { Pid } from '../../src/otp/pid.ts';
import type { Process } from '../../src/otp/process.ts';
import { noreply, ok, reply } from '../../src/otp/result.ts';
import { Runtime } from '../../src/otp/runtime.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { Entries } from '../../src/threads/entries.ts';
import { termCodec } from '../../src/threads/term-codec.ts';
import { Thread, type ThreadHost, type ThreadOptions } from '../../src/threads/thread.ts';
import { ThreadTransport } from '../../src/threads/thread-transport.ts';
import type { EchoSpec, RoleApi } from './fixtures/role.ts';

/** A process on the main thread that keeps what it is told. */
interface WatcherSpec {
  readonly argument: { readonly heard: (message: unknown) => void };
  readonly state: undefined;
  readonly call: { type: 'echo'; value: unknown };
  readonly info: { readonly type: 'do'; readonly run: (self: Process) => void };
}

const watcher: GenServer<WatcherSpec> = {
  trapExit: true,
  init({ heard }, self) {
    listeners.set(self.pid.key, heard);
    return ok(undefined);
  },
  handleCall: { echo: ({ value }, state) => reply(value, state) },
  handleInfo(message, state, self) {
    if (message.type === 'do') message.run(self);
    else listeners.get(self.pid.key)?.(message);
    return noreply(state);
  },
};
const listeners = new Map<number, (message: unknown) => void>();

function host(clock: Clock = systemClock): ThreadHost {
  const transport = new ThreadTransport();
  return {
    runtime: new Runtime({ transport }),
    transport,
    codec: termCodec(),
    clock,
    entries: new Entries(undefined),
  };
}

let node = 0;
function thread(
  on: ThreadHost,
  argument: unknown = null,
  options: Partial<ThreadOptions> = {},
): Thread<RoleApi> {
  return new Thread<RoleApi>(on, {
    node: ++node,
    name: 'test',
    role: new URL('./fixtures/role.js', import.meta.url).href,
    argument,
    control: {},
    startTimeoutMs: 10_000,
    terminateTimeoutMs: 5_000,
    ...options,
  });
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it resolved'),
    (error: unknown) => error,
  );
}

describe('Thread', () => {
  let on: ThreadHost;
  let running: Thread<RoleApi>[];
  beforeEach(() => {
    on = host();
    running = [];
  });
  afterEach(() => Promise.all(running.map((each) => each.terminate('order'))));

  const begin = (argument?: unknown, options?: Partial<ThreadOptions>): Thread<RoleApi> => {
    const begun = thread(on, argument, options);
    running.push(begun);
    return begun;
  };

  /** A parent on this thread with an echo server in the other as its child. */
  const family = async (other: Thread<RoleApi>) => {
    const heard: unknown[] = [];
    let wake: (() => void) | undefined;
    const started = await start(
      on.runtime,
      watcher,
      {
        heard(message) {
          heard.push(message);
          wake?.();
        },
      },
      { name: 'watcher' },
    );
    if (started.type !== 'ok') return expect.fail('the watcher did not start');
    await other.ready;
    const child = await other.control.startEcho(started.pid);
    if (child.type !== 'ok') return expect.fail('the child did not start');
    const messages = async (count: number) => {
      while (heard.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return heard;
    };
    return { parent: started.pid, child: child.pid as Pid<EchoSpec>, messages };
  };

  it('runs a process of its own that is called as any other', async () => {
    const { child } = await family(begin());
    expect(child.node).to.equal(node);
    const value = { text: 'hé', list: [1, { deep: new Date(5) }], pid: child, bytes: new Uint8Array([1, 2]) };
    expect(await on.runtime.call(child, { type: 'echo', value })).to.deep.equal({ ...value, pid: child });
  });

  it('reaches names of the thread that started it', async () => {
    const { child } = await family(begin());
    const pid = (await on.runtime.call(child, { type: 'ask_main', name: 'watcher' })) as Pid;
    expect(pid.key).to.equal(child.key);
    const failed = await rejection(on.runtime.call(child, { type: 'ask_main', name: 'nobody' }));
    expect((failed as OperationFailed).failure).to.deep.equal({
      type: 'failed',
      operation: 'call',
      reason: 'noproc',
    });
  });

  it('tells a linked parent how a process ended, with an error that is whole', async () => {
    const { child, messages } = await family(begin());
    const failed = (await rejection(
      on.runtime.call(child, { type: 'fail', message: 'no' }),
    )) as OperationFailed;
    expect(failed).to.be.instanceOf(OperationFailed);
    const [exit] = (await messages(1)) as {
      type: string;
      reason: { error: Error & { code: string; detail: unknown } };
    }[];
    expect(exit?.type).to.equal('EXIT');
    expect(exit?.reason.error).to.include({ name: 'EchoError', message: 'no', code: 'ERR_ECHO' });
    expect(exit?.reason.error.detail).to.deep.equal({ at: 'echo' });
  });

  it('ends with noconnection for every link, monitor and call into it, each once', async () => {
    const other = begin();
    const { parent, child, messages } = await family(other);
    on.runtime.send(parent, { type: 'do', run: (self: Process) => void self.monitor(child) });
    const open = rejection(
      on.runtime.call(child, { type: 'never' }, { timeoutMs: Number.POSITIVE_INFINITY }),
    );
    const control = rejection(other.control.never());
    await on.runtime.call(child, { type: 'echo', value: 0 });
    await other.control.exit(3).catch(() => {});
    const error = await other.ended;
    expect(error.message).to.contain('exit code 3');
    expect(((await open) as OperationFailed).failure).to.equal('noconnection');
    expect(await control).to.equal(error);
    const heard = (await messages(2)) as { type: string; reason: string }[];
    expect(heard.map(({ type, reason }) => [type, reason])).to.have.deep.members([
      ['EXIT', 'noconnection'],
      ['DOWN', 'noconnection'],
    ]);
    expect(
      ((await rejection(on.runtime.call(child, { type: 'echo', value: 1 }))) as OperationFailed).failure,
    ).to.equal('noconnection');
    on.runtime.send(parent, { type: 'do', run: (self: Process) => void self.monitor(child) });
    expect(((await messages(3))[2] as { reason: string }).reason).to.equal('noconnection');
  });

  it('tells why it could not boot', async () => {
    const error = (await rejection(begin('refuse').ready)) as Error & { code: string };
    expect(error).to.include({ message: 'will not boot', code: 'ERR_ECHO' });
    const missing = begin(null, { role: new URL('./fixtures/none.js', import.meta.url).href });
    expect(((await rejection(missing.ready)) as { code: string }).code).to.equal('ERR_MODULE_NOT_FOUND');
  });

  it('is ended though its code never yields', async () => {
    const other = begin();
    await other.ready;
    const call = rejection(other.control.hang());
    await other.terminate('order');
    expect(other.state).to.equal('ended');
    expect(((await call) as { code: string }).code).to.equal('ERR_THREAD_ENDED');
  });

  it('is ended when one of its processes is killed and its code never yields', async () => {
    const clock = new ManualClock();
    on = host(clock);
    const other = begin();
    const { child, messages } = await family(other);
    const call = rejection(other.control.hang());
    on.runtime.exit(child, 'kill');
    clock.advance(4999);
    expect(other.state).to.equal('ready');
    clock.advance(1);
    const error = await other.ended;
    expect(error.message).to.contain('did not react to a kill within 5000 ms');
    expect(await call).to.equal(error);
    const [exit] = (await messages(1)) as { type: string; reason: string }[];
    expect(exit).to.include({ type: 'EXIT', reason: 'noconnection' });
  });

  it('goes on when it reacts to kills, however many', async () => {
    const clock = new ManualClock();
    on = host(clock);
    const other = begin();
    const { parent, messages } = await family(other);
    for (let i = 0; i < 5; i++) {
      const started = await other.control.startEcho(parent);
      if (started.type === 'ok') on.runtime.exit(started.pid, 'kill');
    }
    await messages(5);
    // What answers this was sent after the answers to the kills.
    await other.control.startEcho(parent);
    expect(clock.nextDueAt, 'a timer that is left over').to.equal(undefined);
    expect(other.state).to.equal('ready');
  });

  it('keeps the order of signals and control: a start is told after the exit signals sent before it', async () => {
    const other = begin();
    const { parent, messages } = await family(other);
    for (let i = 0; i < 100; i++) {
      const started = await other.control.startEcho(parent);
      if (started.type !== 'ok') return expect.fail('not started');
      on.runtime.exit(started.pid, 'kill');
      const again = await other.control.startEcho(parent);
      expect(again.type).to.equal('ok');
      const heard = (await messages(i + 1)) as { from: Pid }[];
      expect(heard).to.have.lengthOf(i + 1);
      expect(heard[i]?.from.key).to.equal(started.pid.key);
    }
  });
});
