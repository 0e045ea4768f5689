/** A GenServer called by its pid, whose type checks the messages, and by its name, whose type cannot. */
import { expect } from 'chai';
import {
  GenServer,
  noreply,
  OperationFailed,
  ok,
  type Request,
  Runtime,
  reply,
} from '../../src/otp/index.ts';

interface CounterSpec {
  readonly argument: number;
  readonly state: number;
  readonly call: Request<{ type: 'get' }, number>;
  readonly cast: { readonly type: 'add'; readonly by: number };
}

const counter: GenServer<CounterSpec> = {
  init: (from) => ok(from),
  handleCall: { get: (_message, state) => reply(state, state) },
  handleCast: ({ by }, state) => noreply(state + by),
};

describe('GenServer', () => {
  it('is called and cast to by its pid and by its name alike', async () => {
    const runtime = new Runtime();
    const started = await GenServer.start(runtime, counter, 1, { name: 'counter' });
    if (started.type !== 'ok') throw new Error(`not started: ${started.type}`);
    GenServer.cast(runtime, started.pid, { type: 'add', by: 2 });
    GenServer.cast(runtime, 'counter', { type: 'add', by: 3 });
    const byPid: number = await GenServer.call(runtime, started.pid, { type: 'get' });
    const byName: unknown = await GenServer.call(runtime, 'counter', { type: 'get' });
    expect([byPid, byName]).to.deep.equal([6, 6]);
  });

  it('fails with noproc when nobody holds the name', async () => {
    const failed = await GenServer.call(new Runtime(), 'nobody', { type: 'get' }).catch(
      (error: unknown) => error,
    );
    expect(failed).to.be.instanceOf(OperationFailed).with.property('failure', 'noproc');
  });
});
