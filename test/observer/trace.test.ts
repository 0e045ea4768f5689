/** A trace: what a process handles, without what is in it; always limited, over any thread. */
import { expect } from 'chai';
import { type Application, Message } from '../../src/index.ts';
import { GenServer, noreply, ok, type Request, Runtime, reply } from '../../src/otp/index.ts';
import { type OutlineDetail, outlineOf } from '../../src/otp/message-outline.ts';
import type { TraceRequest, TraceResult } from '../../src/otp/trace.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { ProbeA } from '../pipeline/fixtures/probe.ts';
import { rejection, stage } from '../pipeline/support/application.ts';
import { ask } from './support/client.ts';

type Call = Request<{ type: 'add'; by: number; card: string }, number> | Request<{ type: 'fail' }, never>;
interface Counter {
  argument: number;
  state: number;
  call: Call;
  cast: { type: 'sleep' };
}

describe('The outline of a message', () => {
  const rows: readonly (readonly [unknown, OutlineDetail, string])[] = [
    [5, 'kinds', 'number'],
    ['secret plan', 'kinds', 'string'],
    ['secret plan', 'values', '"secret plan"'],
    ['x'.repeat(80), 'values', `"${'x'.repeat(60)}"… (80 characters)`],
    [{ type: 'demand', count: 5 }, 'kinds', '{type: demand, count: number}'],
    [{ type: 'demand', count: 5 }, 'values', '{type: demand, count: 5}'],
    [{ type: 'x', token: 'abc', user: 'u' }, 'values', '{type: x, token: string, user: "u"}'],
    [{ events: [{ id: 1 }, { id: 2 }] }, 'kinds', '{events: [2 × {id: number}]}'],
    [{ 'a@example.com': 1 }, 'kinds', '{…: number}'],
    [{ a: { type: 'mine' } }, 'kinds', '{a: {type: string}}'],
    [{ a: { b: { c: { d: 1 } } } }, 'kinds', '{a: {b: {c: {…}}}}'],
    [new Map([['a', 1]]), 'values', 'Map(1)'],
    [new Uint8Array(7), 'values', '7 bytes'],
    [new TypeError('the card 4111'), 'values', 'TypeError'],
    [new Message('k', { a: 1 }), 'kinds', 'Message {partitionKey: string, data: string}'],
    [
      Object.fromEntries([...'abcdefghij'].map((name) => [name, 1])),
      'kinds',
      `{${[...'abcdefgh'].map((name) => `${name}: number`).join(', ')}, … 2 more}`,
    ],
    [null, 'kinds', 'null'],
    [undefined, 'kinds', 'undefined'],
    [() => 1, 'values', 'function'],
    [[], 'kinds', '[]'],
  ];
  for (const [message, detail, outline] of rows)
    it(`is ${outline.slice(0, 50)}, ${detail}`, () => {
      expect(outlineOf(message, detail)).to.equal(outline);
    });

  it('calls no getter', () => {
    const trap = Object.defineProperty({}, 'a', {
      enumerable: true,
      get() {
        throw new Error('called');
      },
    });
    expect(outlineOf(trap, 'values')).to.equal('{a: undefined}');
  });
});

/** All that the runtime can do by now is done: it works in microtasks. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('A trace of a process', () => {
  const clock = new ManualClock();
  const counter: GenServer<Counter> = {
    init: (from) => ok(from),
    handleCall: {
      async add({ by }, count) {
        await new Promise<void>((resolve) => clock.setTimer(by, resolve));
        return reply(count + by, count + by);
      },
      fail() {
        throw new Error('lost count');
      },
    },
    handleCast: (_sleep, count) => noreply(count),
  };
  let runtime: Runtime;
  const started = async () => {
    runtime = new Runtime({ clock });
    const result = await GenServer.start(runtime, counter, 0);
    if (result.type !== 'ok') throw new Error('not started');
    return result.pid;
  };
  const request = (limit: number): TraceRequest => ({
    type: 'trace',
    limit,
    timeoutMs: 1000,
    detail: 'kinds',
  });
  const trace = (pid: Awaited<ReturnType<typeof started>>, limit: number): Promise<TraceResult> =>
    runtime.sys(pid, request(limit), 2000) as Promise<TraceResult>;

  it('shows the next messages with what each took, and ends at its limit', async () => {
    const pid = await started();
    const traced = trace(pid, 2);
    const sum = GenServer.call(runtime, pid, { type: 'add', by: 7, card: '4111' });
    GenServer.cast(runtime, pid, { type: 'sleep' });
    GenServer.cast(runtime, pid, { type: 'sleep' });
    await settled();
    clock.advance(7);
    expect(await sum).to.equal(7);
    const { entries, endedBy } = await traced;
    expect(endedBy).to.equal('limit');
    expect(entries.map(({ how, outline, waiting, tookMs }) => [how, outline, waiting, tookMs])).to.deep.equal(
      [
        ['call', '{type: add, by: number, card: string}', 2, 7],
        ['cast', '{type: sleep}', 1, 0],
      ],
    );
  });

  it('ends when its time is over, and the process is not measured any more', async () => {
    const pid = await started();
    const traced = trace(pid, 5);
    GenServer.cast(runtime, pid, { type: 'sleep' });
    await settled();
    clock.advance(1000);
    expect((await traced).endedBy).to.equal('time');
    GenServer.cast(runtime, pid, { type: 'sleep' });
    await settled();
    expect((await traced).entries).to.have.length(1);
    expect(runtime.find(pid)?.info().callbackMs).to.equal(undefined);
  });

  it('shows the message that a process did not survive', async () => {
    const pid = await started();
    const traced = trace(pid, 5);
    await rejection(GenServer.call(runtime, pid, { type: 'fail' }));
    const { entries, endedBy } = await traced;
    expect(endedBy).to.equal('process');
    expect(entries.map(({ type, tookMs }) => [type, tookMs])).to.deep.equal([['fail', null]]);
  });

  it('gives way to another', async () => {
    const pid = await started();
    const first = trace(pid, 5);
    const second = trace(pid, 1);
    GenServer.cast(runtime, pid, { type: 'sleep' });
    await settled();
    expect((await first).endedBy).to.equal('replaced');
    expect((await second).entries).to.have.length(1);
  });
});

describe('A trace over HTTP', () => {
  const at = stage();
  let app: Application;
  const producer = `api/v1/processes/${encodeURIComponent('Producer/ProbeA')}/trace`;
  const observed = async (options: Parameters<Application['observe']>[0]): Promise<string> => {
    app = await at.start();
    ProbeA.record({ n: 1 });
    await app.flush();
    return (await app.observe({ port: 0, ...options })).url;
  };

  it('shows what a process in another thread handles, without what is in it', async () => {
    const url = await observed({ allowActions: true });
    const asked = ask(`${url}/${producer}?limit=1&timeoutMs=10000`, { method: 'POST' });
    let seen = false;
    void asked.then(() => {
      seen = true;
    });
    for (let n = 2; !seen; n++) {
      ProbeA.record({ n });
      await app.flush();
    }
    const { status, body } = await asked;
    expect(status).to.equal(200);
    expect(body.endedBy).to.equal('limit');
    expect(body.entries).to.have.length(1);
    expect(body.entries[0].outline).to.be.a('string');
    expect(body.entries[0].tookMs).to.be.a('number');
  });

  for (const [what, query, options, status, code] of [
    ['that is not allowed', '', {}, 403, 'ERR_ACTIONS_OFF'],
    ['without a limit worth the name', '?limit=100000', { allowActions: true }, 400, 'ERR_QUERY'],
    ['without an end', '?timeoutMs=Infinity', { allowActions: true }, 400, 'ERR_QUERY'],
    ['that asks for more than is shown', '?payloads=true', { allowActions: true }, 403, 'ERR_STATE_HIDDEN'],
  ] as const)
    it(`refuses one ${what}`, async () => {
      const url = await observed(options);
      const reply = await ask(`${url}/${producer}${query}`, { method: 'POST' });
      expect(reply.status).to.equal(status);
      expect(reply.body.error.code).to.equal(code);
    });
});
