/** The judge of a chaos run finds whatever is wrong, each thing by itself; and the runs that are told of were good. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { eventOf, FORWARDED, numberFrom, typeOf } from '../scripts/chaos/events.ts';
import { type Delivery, type Evidence, isClean, type Judgement, judge } from '../scripts/chaos/judge.ts';
import { planOf } from '../scripts/chaos/plan.ts';
import { isGood } from '../scripts/chaos/report.ts';
import type { Verdict } from '../scripts/chaos/run.ts';

const delivery = (key: string, change: Partial<Delivery['event']> = {}): Delivery => {
  const event = eventOf(Number(key.split('-')[0]), Number(key.split('-')[1]));
  return { event: { id: `id-${key}`, ...event, ...change }, partitionKey: String(event.user), isLast: true };
};

/** Three events, one of them forwarded, one poison, and all is as it should be. */
const good: Evidence = {
  planned: new Set(['0-1', '0-2', '0-3']),
  confirmed: new Map([
    ['0-1', 'id-0-1'],
    ['0-3', 'id-0-3'],
  ]),
  accepted: new Set(['0-2']),
  planted: new Set(['0-3']),
  letters: ['0-3'],
  found: [delivery('0-1'), delivery('0-2')],
  ledger: {
    accepted: 3,
    recovered: 0,
    delivered: 2,
    deadLettered: 1,
    pending: 0,
    spooled: 0,
    refused: 0,
    invalid: 0,
    types: {},
  },
  acceptedLast: 3,
};

describe('The judge of a chaos run', () => {
  it('has nothing against a good one, and counts duplicates without blame', () => {
    expect(isClean(judge(good))).to.equal(true);
    const twice = judge({ ...good, found: [...good.found, delivery('0-1')] });
    expect(twice).to.include({
      accepted: 3,
      confirmed: 2,
      forwarded: 1,
      distinct: 2,
      duplicates: 1,
      letters: 1,
    });
    expect(isClean(twice)).to.equal(true);
  });

  const wrong: readonly [what: string, change: Partial<Evidence>, finding: Partial<Judgement>][] = [
    ['an event that is missing', { found: [delivery('0-1')] }, { missing: 1 }],
    ['an event that nobody recorded', { found: [...good.found, delivery('9-9')] }, { invented: 1 }],
    [
      'an event under another id than it was confirmed under',
      { found: [delivery('0-1', { id: 'other' }), delivery('0-2')] },
      { strangeIds: 1 },
    ],
    [
      'an event under two ids',
      { found: [...good.found, delivery('0-2', { id: 'other' })] },
      { strangeIds: 1 },
    ],
    [
      'an event with another payload',
      { found: [delivery('0-1', { text: 'other' }), delivery('0-2')] },
      { strangePayloads: 1 },
    ],
    [
      'an event that has lost a field',
      { found: [delivery('0-1', { user: undefined as never }), delivery('0-2')] },
      { strangePayloads: 1 },
    ],
    [
      'an event under the key of another',
      { found: [{ ...delivery('0-1'), partitionKey: 'user-2' }, delivery('0-2')] },
      { strangePayloads: 1 },
    ],
    ['a letter that is no poison', { letters: ['0-3', '0-1'] }, { wrongLetters: 1 }],
    ['poison that is in no letter', { letters: [] }, { wrongLetters: 1 }],
    [
      'events that are pending at the end',
      { ledger: { ...good.ledger, pending: 1 } },
      { ledgerExact: false },
    ],
    ['a ledger that says too much', { ledger: { ...good.ledger, delivered: 3 } }, { ledgerExact: false }],
    ['a ledger that has not heard of an event', { acceptedLast: 4 }, { ledgerExact: false }],
  ];
  for (const [what, change, finding] of wrong) {
    it(`finds ${what}`, () => {
      const judgement = judge({ ...good, ...change });
      expect(judgement).to.include(finding);
      expect(isClean(judgement)).to.equal(false);
    });
  }

  it('does not count what reached Kinesis before the last start for the last ledger', () => {
    const before = { ...delivery('0-1'), isLast: false };
    expect(judge({ ...good, found: [before, delivery('0-2')] }).ledgerExact).to.equal(false);
    const ledger = { ...good.ledger, accepted: 2, delivered: 1 };
    const found = [before, delivery('0-2')];
    expect(isClean(judge({ ...good, found, ledger, acceptedLast: 2 }))).to.equal(true);
  });
});

describe('The events of a chaos run', () => {
  it('are found by type, from any number on', () => {
    for (let from = 0; from < 7; from++) {
      for (const type of ['ChaosA', 'ChaosB', FORWARDED] as const) {
        const number = numberFrom(from, type);
        expect(typeOf(number)).to.equal(type);
        expect(number - from).to.be.within(0, 2);
      }
    }
  });

  it('are forwarded as they lie in the queue, but for a few that must be decoded', () => {
    const forwarded = Array.from({ length: 33_000 }, (_, n) => n).filter((n) => typeOf(n) === FORWARDED);
    const decoded = forwarded.filter((n) => eventOf(0, n).tags instanceof Map);
    expect(decoded).to.have.lengthOf(23);
  });

  it('cannot be forwarded without their key, or with what JSON cannot hold', () => {
    expect(eventOf(0, 2, 'keyless'))
      .to.include({ key: '0-2' })
      .and.not.to.have.property('user');
    expect(eventOf(0, 2, 'bigint')).to.include({ key: '0-2', user: 'user-2', tags: 1n });
  });
});

describe('A chaos run', () => {
  it('takes a fault that it does not know, or a number that is none, for a mistake', () => {
    expect(() => planOf(['--faults', 'threads,fire'])).to.throw(
      RangeError,
      'fire is none of partial, before',
    );
    expect(() => planOf(['--events', '1.5'])).to.throw(RangeError, '--events');
  });
});

describe('The chaos runs that the papers tell of', () => {
  const runs = JSON.parse(readFileSync('docs/chaos.json', 'utf8')) as Verdict[];

  const sumOf = (field: (run: Verdict) => number): number => runs.reduce((sum, run) => sum + field(run), 0);

  it('are ten, one of a million events, all with every fault', () => {
    expect(runs.map(({ seed }) => seed)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(runs.map(({ events }) => events)).to.deep.equal([1_000_000, ...Array<number>(9).fill(100_000)]);
    const all = [...planOf([]).faults];
    for (const { faults } of runs) expect(faults).to.deep.equal(all);
  });

  it('have lost nothing, invented nothing, and killed enough', () => {
    for (const run of runs) {
      expect(isGood(run), `seed ${run.seed}`).to.equal(true);
      expect(run).to.include({ missing: 0, invented: 0, kills: 10 });
      expect(run.threads).to.be.at.least(75);
    }
    expect(sumOf(({ threads }) => threads)).to.be.at.least(1_000);
  });

  it('have killed threads that forward, among them', () => {
    const forwarding = runs.filter(({ forwarded }) => forwarded > 0);
    expect(forwarding.map(({ seed }) => seed)).to.include.members([2, 3, 4]);
    for (const run of forwarding) {
      expect(run.forwarded).to.be.at.least(run.accepted / 4);
      expect(run.forwarding).to.be.at.least(10);
    }
  });
});
