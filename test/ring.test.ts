import { expect } from 'chai';
import { Ring } from '../src/base/ring.ts';

describe('Ring', () => {
  it('gives values back in the order they came, through growth and wrap-around', () => {
    const ring = new Ring<number>();
    let next = 0;
    let expected = 0;
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < round; i++) ring.push(next++);
      for (let i = 0; i < round / 2; i++) expect(ring.shift()).to.equal(expected++);
    }
    while (ring.size > 0) expect(ring.shift()).to.equal(expected++);
    expect(expected).to.equal(next);
    expect(ring.shift()).to.equal(undefined);
  });

  it('puts a value in front and takes one out of the middle', () => {
    const ring = new Ring<string>();
    for (const value of ['b', 'c', 'd']) ring.push(value);
    ring.unshift('a');
    expect(ring.take((value) => value === 'c')).to.equal('c');
    expect(ring.take((value) => value === 'x')).to.equal(undefined);
    expect([...ring]).to.deep.equal(['a', 'b', 'd']);
  });

  it('keeps its order when one is taken out anywhere, across the end of its slots too', () => {
    for (let start = 0; start < 8; start++) {
      for (let size = 1; size <= 7; size++) {
        for (let at = 0; at < size; at++) {
          const ring = new Ring<number>();
          for (let i = 0; i < 5; i++) ring.push(-1);
          for (let i = 0; i < start; i++) {
            ring.push(-1);
            ring.shift();
          }
          for (let i = 0; i < 5; i++) ring.shift();
          for (let i = 0; i < size; i++) ring.push(i);
          expect(ring.take((value) => value === at)).to.equal(at);
          expect([...ring]).to.deep.equal([...Array(size).keys()].filter((value) => value !== at));
          ring.push(size);
          ring.unshift(-1);
          expect(ring.size).to.equal(size + 1);
          expect(ring.peek()).to.equal(-1);
        }
      }
    }
  });

  it('is empty from the beginning, and takes a first value at either end', () => {
    expect([...new Ring()]).to.deep.equal([]);
    expect(new Ring().peek()).to.equal(undefined);
    const ring = new Ring<string>();
    ring.unshift('b');
    ring.unshift('a');
    expect([...ring]).to.deep.equal(['a', 'b']);
  });
});
