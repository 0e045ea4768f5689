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
});
