/** Processes of two nodes: what they do to each other when it crosses on the way, and names of the other node. */
import { expect } from 'chai';
import type { ExitReason, OperationFailed } from '../../src/otp/exit-reason.ts';
import {
  type GenServer,
  type Request,
  type StartOptions,
  start,
  startLink,
} from '../../src/otp/gen-server.ts';
import { at, type Destination, type Pid, via } from '../../src/otp/pid.ts';
import type { Process } from '../../src/otp/process.ts';
import { lookup, registerAt, startRegistry, unregisterAt, updateAt } from '../../src/otp/registry.ts';
import { noreply, ok, reply } from '../../src/otp/result.ts';
import { type Consumer, startConsumer } from '../../src/otp/stage/consumer.ts';
import { emit, type Producer, startProducer } from '../../src/otp/stage/producer.ts';
import type { StartResult } from '../../src/otp/start.ts';
import { startSupervisor } from '../../src/otp/supervisor.ts';
import { TwoNodes } from '../support/two-nodes.ts';

interface Spec {
  readonly argument: { readonly trapExit?: boolean; readonly heard?: unknown[] };
  readonly state: undefined;
  readonly call:
    | Request<{ readonly type: 'node' }, number>
    | Request<{ readonly type: 'call'; readonly to: Destination }, unknown>;
}

const server = (trapExit: boolean): GenServer<Spec> => ({
  trapExit,
  init: () => ok(undefined),
  handleCall: {
    node: (_message, state, _from, self) => reply(self.pid.node, state),
    async call({ to }, state, _from, self) {
      const outcome = self.call(to, { type: 'node' });
      return reply(await outcome.catch((error: OperationFailed) => error.failure), state);
    },
  },
  handleInfo: (message, state, self) => {
    heard.get(self.pid.key)?.push(message);
    return noreply(state);
  },
});
const heard = new Map<number, unknown[]>();

/** Pids as texts: a pid that crossed is another object. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

describe('two nodes', () => {
  let nodes: TwoNodes;
  beforeEach(() => {
    nodes = new TwoNodes();
  });

  /** What a promise comes to, once nothing is under way any more. */
  async function outcome<Value>(promise: Promise<Value>): Promise<Value> {
    await nodes.settle();
    return promise;
  }

  async function begin(node: number, options: StartOptions = {}, trapExit = false): Promise<Process> {
    const started = await outcome(start(nodes.runtime(node), server(trapExit), {}, options));
    if (started.type !== 'ok') return expect.fail(`not started: ${JSON.stringify(started)}`);
    heard.set(started.pid.key, []);
    return nodes.runtime(node).find(started.pid) as Process;
  }

  const failure = (promise: Promise<unknown>): Promise<unknown> =>
    outcome(promise.then(() => expect.fail('it succeeded')).catch((error: unknown) => error));

  describe('links that cross on the way', () => {
    it('are none, or of two, when one side links anew while the other unlinks', async () => {
      const [a, b] = [await begin(0), await begin(1)];
      a.link(b.pid);
      await nodes.settle();
      a.unlink(b.pid);
      b.unlink(a.pid);
      b.link(a.pid);
      await nodes.settle();
      expect([a.links.size, b.links.size]).to.deep.equal([0, 0]);
      b.link(a.pid);
      await nodes.settle();
      expect([a.links.size, b.links.size]).to.deep.equal([1, 1]);
    });

    it('are none, or of two, when both link and one thinks better of it', async () => {
      const [a, b] = [await begin(0), await begin(1)];
      a.link(b.pid);
      b.link(a.pid);
      b.unlink(a.pid);
      await nodes.settle();
      expect([a.links.size, b.links.size]).to.deep.equal([0, 0]);
    });
  });

  describe('a process that takes a name of the other node', () => {
    it('holds it before its init runs, and frees it before anybody hears of its end', async () => {
      const main = nodes.runtime(0);
      const atInit: (Pid | undefined)[] = [];
      const module: GenServer<{ readonly argument: undefined }> = {
        init(_argument, self) {
          atInit.push(main.whereis('worker'));
          expect(main.whereis('worker')?.key).to.equal(self.pid.key);
          return ok(undefined);
        },
      };
      const runtime = nodes.runtime(1);
      const child = (supervisor: Process): Promise<StartResult> =>
        startLink({ runtime, pid: supervisor.pid }, module, undefined, { name: at(0, 'worker') });
      await outcome(
        startSupervisor(
          main,
          { children: [{ id: 'worker', start: child }], maxRestarts: 10 },
          { name: 'top' },
        ),
      );
      for (let restart = 1; restart <= 10; restart++) {
        const before = main.whereis('worker') as Pid;
        main.exit(before, 'kill');
        await nodes.settle();
        expect(main.whereis('worker'), `after restart ${restart}`).not.to.deep.equal(before);
        expect(atInit).to.have.lengthOf(restart + 1);
      }
      main.exit(main.whereis('top') as Pid, 'kill');
      await nodes.settle();
      expect(main.whereis('worker')).to.equal(undefined);
      expect(runtime.processCount).to.equal(0);
    });

    it('does not come to life when it is taken', async () => {
      const holder = await begin(0, { name: 'one' });
      const started = await outcome(start(nodes.runtime(1), server(false), {}, { name: at(0, 'one') }));
      expect(plain(started)).to.deep.equal({
        type: 'error',
        reason: { type: 'already_started', pid: String(holder.pid) },
      });
      expect(nodes.runtime(1).processCount).to.equal(0);
    });

    it('takes it with a value, and a link, when it is one of a Registry', async () => {
      const registry = await outcome(startRegistry(nodes.runtime(0), { name: 'registry', keys: 'unique' }));
      const holder = await begin(1, { name: at(0, via('registry', ['key', 1], 'value')) });
      expect(plain(lookup(nodes.runtime(0), 'registry', ['key', 1]))).to.deep.equal([
        { key: ['key', 1], pid: String(holder.pid), value: 'value' },
      ]);
      if (registry.type === 'ok') nodes.runtime(0).exit(registry.pid, 'kill');
      await nodes.settle();
      expect(holder.alive).to.equal(false);
    });

    it('is not started under a name of a registry that is not there', async () => {
      const name = at(0, via('nowhere', 1));
      expect(await failure(start(nodes.runtime(1), server(false), {}, { name }))).to.include({
        code: 'ERR_UNKNOWN_REGISTRY',
      });
    });

    it('may take one, and one only, while it lives, and give it up', async () => {
      const [a, b] = [await begin(1), await begin(1)];
      await outcome(a.registerAt(0, 'one'));
      expect(await failure(b.registerAt(0, 'one'))).to.include({ code: 'ERR_NAME' });
      expect(await failure(a.registerAt(0, 'two'))).to.include({ code: 'ERR_NAME' });
      await outcome(a.unregisterAt(0, 'one'));
      expect(await failure(a.unregisterAt(0, 'one'))).to.include({ code: 'ERR_NAME' });
      await outcome(b.registerAt(0, 'one'));
      expect(String(nodes.runtime(0).whereis('one'))).to.equal(String(b.pid));
    });

    it('loses it with its node', async () => {
      await outcome(startRegistry(nodes.runtime(0), { name: 'registry', keys: 'duplicate' }));
      await begin(1, { name: at(0, 'one') });
      await begin(1, { name: at(0, via('registry', 'key')) });
      nodes.fail();
      expect(nodes.runtime(0).whereis('one')).to.equal(undefined);
      expect(lookup(nodes.runtime(0), 'registry', 'key')).to.deep.equal([]);
      const orphan = nodes.runtime(1);
      expect(await outcome(start(orphan, server(false), {}, { name: at(0, 'one') }))).to.deep.equal({
        type: 'error',
        reason: 'noconnection',
      });
    });
  });

  describe('a name of the other node', () => {
    for (const [what, where, name] of [
      ['a local name', 0, at(0, 'one')],
      ['a local name that is held by a process of the own node', 1, at(0, 'one')],
      ['a name in a Registry', 0, at(0, via('registry', 'one'))],
      ['a name in a Registry that is held by a process of the own node', 1, at(0, via('registry', 'one'))],
    ] as const) {
      it(`leads to its holder: ${what}`, async () => {
        await outcome(startRegistry(nodes.runtime(0), { name: 'registry', keys: 'unique' }));
        const holder = await begin(where, { name: where === 0 ? name.name : name });
        const watcher = await begin(1);
        expect(await outcome(watcher.call(name, { type: 'node' }))).to.equal(where);
        watcher.send(name, 'hello');
        watcher.monitor(name);
        expect(String(await outcome(Promise.resolve(nodes.runtime(1).locate(watcher, name))))).to.equal(
          String(holder.pid),
        );
        expect(heard.get(holder.pid.key)).to.deep.equal(['hello']);
        expect(
          await outcome(holder.call(name, { type: 'node' }).catch((error: OperationFailed) => error.failure)),
        ).to.equal('calling_self');
        nodes.runtime(where).exit(holder.pid, 'kill');
        await nodes.settle();
        expect(heard.get(watcher.pid.key)).to.deep.include({
          type: 'DOWN',
          ref: (heard.get(watcher.pid.key) as { ref: number }[])[0]?.ref,
          target: name,
          reason: 'killed' satisfies ExitReason,
        });
        expect(await failure(watcher.call(name, { type: 'node' }))).to.include({ failure: 'noproc' });
      });
    }

    it('is where a consumer may subscribe', async () => {
      const events: unknown[] = [];
      const producer: Producer<{ readonly argument: undefined }> = {
        init: () => ok(undefined),
        handleDemand: (count, state) => emit(Array.from({ length: Math.min(2, count) }).fill('event'), state),
      };
      const consumer: Consumer<{ readonly argument: undefined }> = {
        init: () => ok(undefined),
        handleEvents(batch, _subscription, state) {
          events.push(...batch);
          return noreply(state);
        },
      };
      await outcome(startProducer(nodes.runtime(0), producer, undefined, {}, { name: 'producer' }));
      const to = { to: at(0, 'producer'), maxDemand: 2, minDemand: 0 };
      await outcome(
        startConsumer(nodes.runtime(1), consumer, undefined, { subscribeTo: [{ ...to, maxDemand: 5 }] }),
      );
      expect(events.slice(0, 2)).to.deep.equal(['event', 'event']);
      const nobody = [{ to: at(0, 'nobody') }];
      expect(
        await outcome(startConsumer(nodes.runtime(1), consumer, undefined, { subscribeTo: nobody })),
      ).to.deep.equal({ type: 'error', reason: 'noproc' });
    });
  });

  describe('a Registry of the other node', () => {
    it('is written to as one of the own', async () => {
      const registry = at(0, 'registry');
      await outcome(startRegistry(nodes.runtime(0), { name: 'registry', keys: 'unique' }));
      const [a, b] = [await begin(1), await begin(1)];
      expect(await outcome(registerAt(a, registry, 'key', 1))).to.deep.equal({ type: 'ok' });
      expect(plain(await outcome(registerAt(b, registry, 'key', 2)))).to.deep.equal({
        type: 'already_registered',
        pid: String(a.pid),
      });
      expect(await outcome(updateAt(b, registry, 'key', 3))).to.equal(undefined);
      expect(await outcome(updateAt(a, registry, 'key', 4))).to.deep.equal({ before: 1 });
      expect(a.links.size).to.equal(1);
      await outcome(unregisterAt(a, registry, 'key'));
      expect(a.links.size).to.equal(0);
      expect(await outcome(registerAt(b, registry, 'key', 5))).to.deep.equal({ type: 'ok' });
      expect(await failure(registerAt(b, at(0, 'nowhere'), 'key'))).to.include({
        code: 'ERR_UNKNOWN_REGISTRY',
      });
    });

    it('of duplicate keys has no values to update', async () => {
      await outcome(startRegistry(nodes.runtime(0), { name: 'registry', keys: 'duplicate' }));
      const a = await begin(1);
      await outcome(registerAt(a, at(0, 'registry'), 'key'));
      expect(await failure(updateAt(a, at(0, 'registry'), 'key', 1))).to.include({
        code: 'ERR_DUPLICATE_KEYS',
      });
    });
  });
});
