/** What the compiler knows of calls: held by the build, which fails when an expected error does not come. */
import { expect } from 'chai';
import { GenServer, noreply, ok, type Request, Runtime, reply } from '../../src/otp/index.ts';

type Call = Request<{ type: 'get' }, number> | Request<{ type: 'describe'; prefix: string }, string>;
interface CounterSpec {
  readonly argument: number;
  readonly state: number;
  readonly call: Call;
  readonly cast: { readonly type: 'add'; readonly by: number };
}

const counter: GenServer<CounterSpec> = {
  init: (from) => ok(from),
  handleCall: {
    get: (_message, state) => reply(state, state),
    describe: ({ prefix }, state) => reply(`${prefix}${state}`, state),
  },
  handleCast: ({ by }, state) => noreply(state + by),
};

describe('The types of a GenServer', () => {
  it('give a call the type of its answer', async () => {
    const runtime = new Runtime();
    const started = await GenServer.start(runtime, counter, 1);
    if (started.type !== 'ok') return expect.fail('not started');
    const { pid } = started;
    GenServer.cast(runtime, pid, { type: 'add', by: 2 });
    const count: number = await GenServer.call(runtime, pid, { type: 'get' });
    const text: string = await GenServer.call(runtime, pid, { type: 'describe', prefix: 'n=' });
    expect([count, text]).to.deep.equal([3, 'n=3']);
  });

  it('refuse what the server does not take, and answers of the wrong type', () => {
    const refused = async (): Promise<void> => {
      const runtime = new Runtime();
      // @ts-expect-error the argument is a number
      const started = await GenServer.start(runtime, counter, 'one');
      if (started.type !== 'ok') return;
      // @ts-expect-error there is no such call
      await GenServer.call(runtime, started.pid, { type: 'reset' });
      // @ts-expect-error the prefix is missing
      await GenServer.call(runtime, started.pid, { type: 'describe' });
      // @ts-expect-error the answer is a number
      const text: string = await GenServer.call(runtime, started.pid, { type: 'get' });
      // @ts-expect-error there is no such cast
      GenServer.cast(runtime, started.pid, { type: 'subtract', by: text });
    };
    const wrong: GenServer<CounterSpec> = {
      init: (from) => ok(from),
      handleCall: {
        // @ts-expect-error get is answered with a number
        get: (_message, state) => reply('1', state),
        describe: (_message, state) => reply('', state),
      },
    };
    expect([refused, wrong]).to.have.lengthOf(2);
  });
});
