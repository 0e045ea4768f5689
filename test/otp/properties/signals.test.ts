/** Random processes on one and on two nodes, and whatever they can do to each other, in any interleaving. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type ExitReason, OperationFailed } from '../../../src/otp/exit-reason.ts';
import { TwoNodes } from '../../support/two-nodes.ts';
import { holds } from './holds.ts';
import { Puppet } from './puppet.ts';

/** `a` and `b` choose among all processes that there ever were. */
type Command =
  | { readonly type: 'spawn'; readonly node: number; readonly trapExit: boolean }
  | { readonly type: 'link' | 'unlink' | 'monitor' | 'letter'; readonly a: number; readonly b: number }
  | {
      readonly type: 'demonitor';
      readonly a: number;
      readonly index: number;
      readonly how: 'given up' | 'flushed';
    }
  | { readonly type: 'exit'; readonly a: number; readonly b: number; readonly reason: ExitReason }
  | { readonly type: 'stop'; readonly a: number; readonly reason: ExitReason }
  | {
      readonly type: 'call';
      readonly node: number;
      readonly b: number;
      readonly message: 'echo' | 'never' | 'crash';
      readonly timeoutMs: number;
    }
  | { readonly type: 'name'; readonly a: number; readonly node: number; readonly name: string }
  | { readonly type: 'carry'; readonly to: number; readonly count: number }
  | { readonly type: 'settle' }
  | { readonly type: 'pass'; readonly ms: number };

const some = fc.nat({ max: 1000 });
const node = fc.nat({ max: 1 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ type: fc.constant('spawn' as const), node, trapExit: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constantFrom('link' as const, 'unlink' as const, 'monitor' as const, 'letter' as const),
      a: some,
      b: some,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('demonitor' as const),
      a: some,
      index: some,
      how: fc.constantFrom('given up' as const, 'flushed' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('exit' as const),
      a: some,
      b: some,
      reason: fc.constantFrom<ExitReason>('kill', 'normal', 'shutdown', 'boom'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('stop' as const),
      a: some,
      reason: fc.constantFrom<ExitReason>('normal', 'boom'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('call' as const),
      node,
      b: some,
      message: fc.constantFrom('echo' as const, 'never' as const, 'crash' as const),
      timeoutMs: fc.constantFrom(100, 5000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('name' as const),
      a: some,
      node,
      name: fc.constantFrom('one', 'two'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('carry' as const), to: node, count: fc.nat({ max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.constantFrom(50, 200) }) },
);

interface Call {
  readonly node: number;
  readonly message: 'echo' | 'never' | 'crash';
  readonly value: number;
  outcome: unknown;
  settled: number;
}

class Play {
  readonly nodes = new TwoNodes();
  readonly puppets: Puppet[] = [];
  readonly calls: Call[] = [];
  #letters = 0;
  readonly #sent: { readonly from: Puppet; readonly to: Puppet; readonly number: number }[] = [];

  constructor(population: readonly (readonly [node: number, trapExit: boolean])[]) {
    for (const [on, trapExit] of population) this.#spawn(on, trapExit);
  }

  #spawn(on: number, trapExit: boolean): void {
    if (on === 0 || this.nodes.isUp) this.puppets.push(new Puppet(this.nodes.runtime(on), trapExit));
  }

  /** Those of a node that is gone do nothing any more. */
  #one(index: number): Puppet {
    const here = this.puppets.filter(({ pid }) => this.nodes.isUp || pid.node === 0);
    return here[index % here.length] as Puppet;
  }

  #any(index: number): Puppet {
    return this.puppets[index % this.puppets.length] as Puppet;
  }

  async run(next: Command): Promise<void> {
    switch (next.type) {
      case 'spawn':
        return this.#spawn(next.node, next.trapExit);
      case 'link':
      case 'unlink':
        return this.#one(next.a).act((self) => {
          const { pid } = this.#any(next.b);
          if (next.type === 'link') self.link(pid);
          else self.unlink(pid);
        });
      case 'monitor':
        return this.#one(next.a).monitor(this.#any(next.b).pid);
      case 'demonitor':
        return this.#one(next.a).demonitor(next.index, next.how);
      case 'letter':
        return this.#send(this.#one(next.a), this.#any(next.b));
      case 'exit':
        return this.#one(next.a).exit(this.#any(next.b).pid, next.reason);
      case 'stop':
        return this.#one(next.a).process.end(next.reason);
      case 'call':
        return this.#call(next);
      case 'name': {
        const { process } = this.#one(next.a);
        if (process.alive)
          await Promise.race([process.registerAt(next.node, next.name).catch(() => {}), undefined]);
        return;
      }
      case 'carry':
        return this.nodes.carry(next.to, next.count);
      case 'settle':
        return this.nodes.settle();
      case 'pass':
        return this.nodes.clock.advance(next.ms);
    }
  }

  #send(from: Puppet, to: Puppet): void {
    const number = ++this.#letters;
    from.act((self) => {
      self.send(to.pid, { type: 'letter', from: self.pid.key, number });
      this.#sent.push({ from, to, number });
    });
  }

  #call({ node: on, b, message, timeoutMs }: Extract<Command, { type: 'call' }>): void {
    if (on === 1 && !this.nodes.isUp) return;
    const call: Call = { node: on, message, value: this.calls.length, outcome: undefined, settled: 0 };
    this.calls.push(call);
    const settle = (outcome: unknown): void => {
      call.settled++;
      call.outcome = outcome;
    };
    this.nodes
      .runtime(on)
      .call(this.#any(b).pid, { type: message, value: call.value }, { timeoutMs })
      .then(settle, settle);
  }

  /** All that is under way has arrived, and every deadline has passed. */
  async rest(): Promise<void> {
    await this.nodes.settle();
    this.nodes.clock.advance(10_000);
    await this.nodes.settle();
  }

  #isGone({ pid, alive }: Puppet): boolean {
    return !alive || (pid.node === 1 && !this.nodes.isUp);
  }

  check(): void {
    const byKey = new Map(this.puppets.map((puppet) => [puppet.pid.key, puppet]));
    for (const puppet of this.puppets) {
      expect(puppet.faults).to.deep.equal([]);
      if (this.#isGone(puppet)) continue;
      for (const pid of puppet.process.links.values()) {
        const other = byKey.get(pid.key) as Puppet;
        expect(this.#isGone(other), `${puppet.pid} is linked to ${pid}, which has ended`).to.equal(false);
        expect(other.process.links.has(puppet.pid.key), `${puppet.pid} is linked to ${pid} alone`).to.equal(
          true,
        );
      }
      this.#checkMonitors(puppet, byKey);
    }
    this.#checkLetters();
    this.#checkCalls();
    this.#checkNames(byKey);
  }

  #checkMonitors(puppet: Puppet, byKey: ReadonlyMap<number, Puppet>): void {
    for (const { ref, target, state } of puppet.monitors) {
      const fired = puppet.downs.filter((down) => down === ref).length;
      const isGone = this.#isGone(byKey.get(target.key) as Puppet);
      if (state === 'set') expect(fired, `DOWNs of ${target}, gone: ${isGone}`).to.equal(isGone ? 1 : 0);
      else expect(fired, `DOWNs of ${target}, which is not watched`).to.be.at.most(1);
    }
    expect(new Set(puppet.downs).size, 'a DOWN that came twice').to.equal(puppet.downs.length);
  }

  #checkLetters(): void {
    for (const to of this.puppets) {
      for (const from of this.puppets) {
        const sent = this.#sent.filter((letter) => letter.from === from && letter.to === to);
        const got = to.letters.filter((letter) => letter.from === from.pid.key).map(({ number }) => number);
        const numbers = sent.map(({ number }) => number);
        if (this.#isGone(to))
          expect(got, 'what the dead one got').to.deep.equal(numbers.slice(0, got.length));
        else expect(got, 'what the living one got').to.deep.equal(numbers);
      }
    }
  }

  #checkCalls(): void {
    for (const { node: on, message, value, outcome, settled } of this.calls) {
      // On a node that is gone nobody waits.
      if (on === 1 && !this.nodes.isUp) continue;
      expect(settled, `settlements of a call to ${message}`).to.equal(1);
      if (outcome instanceof OperationFailed) continue;
      expect([message, outcome]).to.deep.equal(['echo', value]);
    }
  }

  #checkNames(byKey: ReadonlyMap<number, Puppet>): void {
    for (const name of ['one', 'two']) {
      const holder = this.nodes.runtime(0).whereis(name);
      if (holder !== undefined)
        expect(this.#isGone(byKey.get(holder.key) as Puppet), `the dead holds ${name}`).to.equal(false);
    }
  }
}

/** Few, so that they meet again. */
const population = fc.array(fc.tuple(node, fc.boolean()), { minLength: 1, maxLength: 4 });
const commands = fc.array(command, { maxLength: 60 });

describe('whatever processes do to each other', () => {
  const what =
    'each monitor fires once, links are of two, letters arrive in order or nowhere, calls settle, the dead hold no name';

  it(`on one node ${what}`, () =>
    holds(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
        commands,
        async (traps, list) => {
          const play = new Play(traps.map((trapExit) => [0, trapExit]));
          for (const next of list) {
            if ('node' in next) await play.run({ ...next, node: 0 });
            else await play.run(next);
          }
          await play.rest();
          play.check();
        },
      ),
    )).timeout(0);

  it(`on two nodes ${what}`, () =>
    holds(
      fc.asyncProperty(population, commands, async (begin, list) => {
        const play = new Play([[0, false], ...begin]);
        for (const next of list) await play.run(next);
        await play.rest();
        play.check();
      }),
    )).timeout(0);

  it(`when one of two nodes ends ${what}`, () =>
    holds(
      fc.asyncProperty(population, commands, commands, async (begin, before, after) => {
        const play = new Play([[0, false], ...begin]);
        for (const next of before) await play.run(next);
        play.nodes.fail();
        for (const next of after) await play.run(next);
        await play.rest();
        play.check();
      }),
    )).timeout(0);
});
