import { expect } from 'chai';
import { BodyPool } from '../../../src/pipeline/adapter/kinesis/body-pool.ts';

const MIB = 1024 * 1024;

describe('the buffers of bodies', () => {
  it('are written again when they were given back, whatever part of them was used', () => {
    const pool = new BodyPool();
    const first = pool.take(100_000);
    expect(first.length).to.be.at.least(100_000);
    pool.giveBack(first.subarray(0, 10));
    const second = pool.take(90_000);
    expect(second.buffer).to.equal(first.buffer);
    expect(second.length).to.equal(first.length);
  });

  it('are never two of one while none was given back', () => {
    const pool = new BodyPool();
    pool.giveBack(pool.take(1));
    const taken = Array.from({ length: 5 }, () => pool.take(1).buffer);
    expect(new Set(taken).size).to.equal(5);
  });

  it('are large enough, whatever is kept', () => {
    const pool = new BodyPool();
    pool.giveBack(pool.take(1));
    expect(pool.take(MIB).length).to.be.at.least(MIB);
  });

  it('are kept up to four, the newest, and none that is larger than 1 MiB', () => {
    const pool = new BodyPool();
    pool.giveBack(pool.take(MIB + 1));
    const made = Array.from({ length: 6 }, () => pool.take(1));
    for (const buffer of made) pool.giveBack(buffer);
    const again = Array.from({ length: 5 }, () => pool.take(1).buffer);
    expect(again.slice(0, 4)).to.deep.equal(made.slice(2).map(({ buffer }) => buffer));
    expect(made.map(({ buffer }) => buffer)).not.to.include(again[4]);
    expect(again[4]?.byteLength).to.be.below(MIB);
  });
});
