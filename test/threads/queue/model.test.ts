import { expect } from 'chai';
import fc from 'fast-check';
import {
  type Claim,
  type ClaimTable,
  countsOf,
  type QueueHandle,
  type QueueWriter,
  type Settlement,
  sealSegmentsOf,
  walkFrames,
} from '../../../src/threads/queue/index.ts';
import { lettersIn } from '../../../src/threads/queue/recording.ts';
import { liveUntil } from './mortal.ts';
import { claimAll, smallQueue, tableOf, writerOf } from './rig.ts';

/** The queue, said in ten lines: where each event is, and in which order those are that nobody has. */
class Model {
  accepted = 0;
  refused = 0;
  readonly ready = new Set<number>();
  readonly held = new Map<Claim<string>, Set<number>>();
  readonly settled = new Map<number, Settlement>();

  count(settlement: Settlement): number {
    return [...this.settled.values()].filter((s) => s === settlement).length;
  }

  /** The sink has taken letters, until so many are left. */
  letter(left: number): void {
    for (const [number, settlement] of this.settled)
      if (settlement === 'dead' && this.count('dead') > left) this.settled.set(number, 'buried');
  }
}

/** The real thing: two writers that are replaced when they die, and a reader that is. */
class Real {
  readonly handle: QueueHandle = smallQueue({ queueBytes: 5 * 512 });
  #lastWriter = 2;
  writers: { number: number; writer: QueueWriter }[] = [1, 2].map((number) => ({
    number,
    writer: writerOf(this.handle, number),
  }));
  table: ClaimTable<string> = tableOf(this.handle, { predecessor: 'none' });

  replaceWriter(index: number): void {
    sealSegmentsOf(this.handle, this.writers[index]!.number);
    const number = ++this.#lastWriter;
    this.writers[index] = { number, writer: writerOf(this.handle, number) };
  }

  /** What stands in memory as ready: what a walk finds, not what the table believes. */
  readyInMemory(): number {
    return [...walkFrames(this.handle)].filter(({ state }) => state === 'ready').length;
  }
}

type Step =
  | { readonly type: 'append'; readonly writer: 0 | 1; readonly many: number }
  | { readonly type: 'claim'; readonly maxEvents: number }
  | { readonly type: 'settle'; readonly which: number; readonly outcome: Settlement; readonly part: boolean }
  | { readonly type: 'release' | 'split' | 'launch'; readonly which: number }
  | { readonly type: 'letters' }
  | { readonly type: 'newWriter'; readonly writer: 0 | 1 }
  | { readonly type: 'newReader' };

const which = fc.nat({ max: 7 });
const writer = fc.constantFrom<0 | 1>(0, 1);
const outcome = fc.constantFrom<Settlement>('delivered', 'delivered', 'dead', 'buried');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('append' as const),
      writer,
      many: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('claim' as const), maxEvents: fc.integer({ min: 1, max: 15 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('settle' as const), which, outcome, part: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('release' as const, 'split' as const, 'launch' as const),
      which,
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('letters' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('newWriter' as const), writer }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('newReader' as const) }) },
);

class Story {
  readonly model = new Model();
  readonly real = new Real();
  readonly #launched = new Set<Claim<string>>();

  /** One step; `diesAt` is the write that kills whoever makes it. */
  run(step: Step, diesAt: number): void {
    const { died } = liveUntil(diesAt, () => this.#act(step));
    if (died) this.#bury(step);
    this.#compare();
  }

  #act(step: Step): void {
    const { model, real } = this;
    switch (step.type) {
      case 'append':
        for (let i = 0; i < step.many; i++) {
          if (real.writers[step.writer]!.writer.append(model.accepted)) model.ready.add(model.accepted++);
          else model.refused++;
        }
        return;
      case 'claim': {
        const claim = claimAll(real.table, step.maxEvents);
        if (claim === undefined) expect(model.ready.size, 'nothing to claim').to.equal(0);
        else this.#hold(claim);
        return;
      }
      case 'settle': {
        const claim = this.#claim(step.which);
        if (claim === undefined) return;
        const held = model.held.get(claim)!;
        real.table.settle(claim, (event, index) => {
          if (step.part && index % 2 === 0) return undefined;
          return event && step.outcome;
        });
        const left = new Set(claim.events.map((event) => event.decode() as number));
        for (const number of held) if (!left.has(number)) this.#settled(number, step.outcome);
        if (left.size === 0) model.held.delete(claim);
        else model.held.set(claim, left);
        return;
      }
      case 'release': {
        const claim = this.#claim(step.which);
        if (claim === undefined) return;
        real.table.release(claim);
        for (const number of model.held.get(claim)!) model.ready.add(number);
        model.held.delete(claim);
        return;
      }
      case 'split': {
        const claim = this.#claim(step.which);
        if (claim === undefined || claim.events.length < 2 || this.#launched.has(claim)) return;
        const halves = real.table.split(claim);
        model.held.delete(claim);
        for (const half of halves)
          model.held.set(half, new Set(half.events.map((event) => event.decode() as number)));
        return;
      }
      case 'launch': {
        const claim = this.#claim(step.which);
        if (claim === undefined) return;
        if (this.#launched.delete(claim)) real.table.land(claim);
        else {
          this.#launched.add(claim);
          real.table.launch(claim);
        }
        return;
      }
      case 'letters': {
        const claim = real.table.claim({ kind: 'dead', maxEvents: 100, maxBytes: 1e6, owner: 'sink' });
        if (claim !== undefined) real.table.settle(claim, 'buried');
        model.letter(0);
        return;
      }
      case 'newWriter':
        real.replaceWriter(step.writer);
        return;
      case 'newReader':
        real.table = tableOf(real.handle);
        this.#forgetClaims();
        return;
    }
  }

  #hold(claim: Claim<string>): void {
    const numbers = claim.events.map((event) => event.decode() as number);
    for (const number of numbers)
      expect(this.model.ready.delete(number), `${number} was free to claim`).to.equal(true);
    this.model.held.set(claim, new Set(numbers));
  }

  #settled(number: number, outcome: Settlement): void {
    expect(this.model.settled.has(number), `${number} is settled once`).to.equal(false);
    this.model.settled.set(number, outcome);
  }

  #claim(which: number): Claim<string> | undefined {
    return [...this.model.held.keys()][which];
  }

  #forgetClaims(): void {
    for (const numbers of this.model.held.values())
      for (const number of numbers) this.model.ready.add(number);
    this.model.held.clear();
    this.#launched.clear();
  }

  /** A death within a step: what it was about to do has been done or has not, frame by frame, and nothing else. */
  #bury(step: Step): void {
    const { model, real } = this;
    if (step.type === 'append' || step.type === 'newWriter') {
      const pending = model.ready.size + [...model.held.values()].reduce((sum, held) => sum + held.size, 0);
      const published = real.readyInMemory() - pending;
      expect(published, 'at most the event at hand').to.be.oneOf(step.type === 'append' ? [0, 1] : [0]);
      if (published === 1) model.ready.add(model.accepted++);
      model.refused = countsOf(real.handle).refused;
      real.replaceWriter(step.writer);
      return;
    }
    const target = step.type === 'settle' ? [...this.model.held.keys()][step.which] : undefined;
    const uncertain = target === undefined ? new Set<number>() : model.held.get(target)!;
    this.#forgetClaims();
    if (step.type === 'letters') model.letter(lettersIn(real.handle));
    real.table = tableOf(real.handle);
    const found = new Set<number>();
    for (let claim = claimAll(real.table); claim !== undefined; claim = claimAll(real.table)) {
      this.#hold(claim);
      for (const event of claim.events) found.add(event.decode() as number);
    }
    for (const number of [...model.ready]) {
      expect(uncertain.has(number), `${number} went missing`).to.equal(true);
      expect(found.has(number)).to.equal(false);
      model.ready.delete(number);
      if (step.type === 'settle') this.#settled(number, step.outcome);
    }
    for (const claim of [...model.held.keys()]) real.table.release(claim);
    this.#forgetClaims();
  }

  #compare(): void {
    const { model, real } = this;
    const held = [...model.held.values()].reduce((sum, numbers) => sum + numbers.size, 0);
    expect(countsOf(real.handle)).to.deep.equal({
      accepted: model.accepted,
      recovered: 0,
      spooled: 0,
      delivered: model.count('delivered'),
      deadLettered: model.count('buried'),
      pending: model.ready.size + held + model.count('dead'),
      refused: model.refused,
      invalid: 0,
    });
    expect(real.readyInMemory()).to.equal(model.ready.size + held);
    expect(real.table.pending()).to.include({ waiting: model.ready.size, claimed: held });
  }
}

describe('the queue against a model', () => {
  it('agrees under any interleaving of what writers and readers do', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const story = new Story();
        for (const step of steps) story.run(step, Number.POSITIVE_INFINITY);
      }),
      { numRuns: 1000 },
    );
  }).timeout(60_000);

  it('agrees when whoever makes a step dies at any write of it', () => {
    const mortalStep = fc.record({
      step,
      diesAt: fc.oneof(fc.constant(10_000), fc.integer({ min: 1, max: 60 })),
    });
    fc.assert(
      fc.property(fc.array(mortalStep, { minLength: 1, maxLength: 60 }), (steps) => {
        const story = new Story();
        for (const { step, diesAt } of steps) story.run(step, diesAt);
      }),
      { numRuns: 1000 },
    );
  }).timeout(60_000);
});
