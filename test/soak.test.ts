import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { growthOf, isFlat, type Quarter, quarterOf } from '../scripts/soak/memory.ts';
import { isExact, type SoakResult, told } from '../scripts/soak/verdict.ts';

const MIB = 2 ** 20;
const quarters = (heaps: readonly number[], residents: readonly number[]): Quarter[] =>
  heaps.map((heapMiB, i) => ({
    heapMiB,
    externalMiB: 1,
    collectedMiB: residents[i] ?? Number.NaN,
    residentMiB: 2 * heapMiB,
  }));

describe('The memory of a soak', () => {
  it('is the median of what a quarter held, and of how large it was', () => {
    const held = [30, 90, 31].map((mib) => ({
      heapUsed: mib * MIB,
      external: 2 * mib * MIB,
      resident: 3 * mib * MIB,
    }));
    expect(quarterOf(held, [100 * MIB, 104 * MIB])).to.deep.equal({
      heapMiB: 31,
      externalMiB: 62,
      collectedMiB: 93,
      residentMiB: 102,
    });
  });

  it('has grown by what the last quarter has more than the second', () => {
    expect(growthOf(quarters([1, 40, 99, 50], [1, 100, 99, 75]))).to.deep.equal({
      heap: 0.25,
      collected: -0.25,
      resident: 0.25,
    });
  });

  const steady = [100, 100, 100, 100];
  for (const { heaps, residents, flat, what } of [
    { what: 'stays the same', heaps: [40, 40, 40, 40], residents: steady, flat: true },
    { what: 'grows while it warms up', heaps: [10, 40, 41, 41.9], residents: [50, 99, 100, 103], flat: true },
    { what: 'shrinks', heaps: [20, 40, 30, 20], residents: steady, flat: true },
    { what: 'has a heap that grows on', heaps: [20, 40, 42, 43], residents: steady, flat: false },
    { what: 'has a resident size that grows on', heaps: steady, residents: [90, 100, 103, 106], flat: false },
    { what: 'was not measured to the end', heaps: [20, 20, 20], residents: steady, flat: false },
  ]) {
    it(`${flat ? 'is flat' : 'is not flat'} when it ${what}`, () => {
      expect(isFlat(quarters(heaps, residents))).to.equal(flat);
    });
  }
});

describe('The ledger of a soak', () => {
  const ledger = {
    accepted: 100,
    recovered: 0,
    delivered: 98,
    deadLettered: 2,
    pending: 0,
    refused: 3,
    spooled: 0,
    invalid: 0,
    types: {},
  };
  const written = { accepted: 100, refused: 3, planted: 2, confirmed: 10, unconfirmed: 0, unplanted: [] };
  const found = { records: 105, distinct: 98, strange: 0 };

  it('is exact when all but the planted poison is in the stream', () => {
    expect(isExact(ledger, written, found)).to.equal(true);
  });

  for (const [what, change] of [
    ['an event is missing in the stream', { found: { ...found, distinct: 97 } }],
    ['something is in the stream that was not to be', { found: { ...found, strange: 1 } }],
    ['a dead letter is no poison', { written: { ...written, unplanted: ['event 7'] } }],
    ['there are fewer dead letters than poison', { written: { ...written, planted: 3 } }],
    ['an event was accepted that the ledger does not know', { written: { ...written, accepted: 101 } }],
    ['an event is pending for ever', { ledger: { ...ledger, delivered: 97, pending: 1 } }],
    ['one who waited was told neither', { written: { ...written, unconfirmed: 1 } }],
  ] as const) {
    it(`is not exact when ${what}`, () => {
      const all = { ledger, written, found, ...change };
      expect(isExact(all.ledger, all.written, all.found)).to.equal(false);
    });
  }
});

describe('The soak that the README tells of', () => {
  const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const result = JSON.parse(read('docs/soak.json')) as SoakResult;

  it('ran for an hour, and its verdict is that of its figures', () => {
    expect(result).to.include({ minutes: 60, rate: 5000 });
    expect(result.quarters).to.have.lengthOf(4);
    expect(result.exact).to.equal(isExact(result.ledger, result.written, result.found));
    expect(result.flat).to.equal(isFlat(result.quarters));
  });

  it('is told with its own figures', () => {
    expect(read('README.md').replace(/\s+/g, ' ')).to.include(told(result));
  });
});
