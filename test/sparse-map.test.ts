import { expect } from 'chai';
import fc from 'fast-check';
import { SparseMap } from '../src/base/sparse-map.ts';

type Step = readonly ['set', number, string] | readonly ['delete', number] | readonly ['clear'];

const key = fc.integer({ min: 0, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('set' as const), key, fc.string()) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('delete' as const), key) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('clear' as const)) },
);

function entriesOf(map: SparseMap<number, string>): [number, string][] {
  const entries: [number, string][] = [];
  map.each((value, key) => entries.push([key, value]));
  return entries;
}

describe('SparseMap', () => {
  it('says what a Map says, in its order, whatever came in and went', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const map = new SparseMap<number, string>();
        const model = new Map<number, string>();
        for (const [type, key, value] of steps) {
          if (type === 'set') {
            map.set(key, value);
            model.set(key, value);
          } else if (type === 'delete') {
            expect(map.delete(key)).to.equal(model.delete(key));
          } else {
            map.clear();
            model.clear();
          }
          expect(map.size).to.equal(model.size);
          expect(entriesOf(map)).to.deep.equal([...model]);
          expect(map.values()).to.deep.equal([...model.values()]);
          for (const other of [0, 1, 2, 3]) {
            expect(map.has(other)).to.equal(model.has(other));
            expect(map.get(other)).to.equal(model.get(other));
          }
        }
      }),
    );
  });

  it('lets the entry that is visited be deleted', () => {
    for (const size of [1, 2, 3]) {
      const map = new SparseMap<number, string>();
      for (let key = 0; key < size; key++) map.set(key, `${key}`);
      const visited: number[] = [];
      map.each((_value, key) => {
        visited.push(key);
        map.delete(key);
      });
      expect(visited).to.deep.equal([0, 1, 2].slice(0, size));
      expect(map.size).to.equal(0);
    }
  });
});
