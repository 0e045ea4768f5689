import { expect } from 'chai';
import { isFlat, quartersOf } from '../scripts/soak/memory.ts';

const MIB = 2 ** 20;
const samples = (heaps: readonly number[]) =>
  heaps.map((mib) => ({ heapBytes: mib * MIB, rssBytes: 100 * MIB }));

describe('The memory of a soak', () => {
  it('is that of each quarter when it holds little: a heap grows until it is collected', () => {
    const sawtooth = [30, 50, 70, 31, 52, 69, 30, 49, 71, 30, 51, 70];
    expect(quartersOf(samples(sawtooth)).map(({ heapMiB }) => heapMiB)).to.deep.equal([30, 31, 30, 30]);
  });

  for (const { heaps, flat, what } of [
    { what: 'stays the same', heaps: [20, 40, 40, 40], flat: true },
    { what: 'grows while it warms up', heaps: [10, 40, 41, 42], flat: true },
    { what: 'grows on', heaps: [20, 40, 42, 43], flat: false },
    { what: 'was never measured', heaps: [], flat: false },
  ]) {
    it(`${flat ? 'is flat' : 'is not flat'} when it ${what}`, () => {
      expect(isFlat(quartersOf(samples(heaps)))).to.equal(flat);
    });
  }
});
