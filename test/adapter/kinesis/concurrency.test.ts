import { expect } from 'chai';
import { seededRandom } from '../../../src/base/random.ts';
import { Concurrency } from '../../../src/pipeline/adapter/kinesis/concurrency.ts';

/** So many answers, each after what `durationOf` says, with as many requests under way as may be. */
function play(concurrency: Concurrency, answers: number, durationOf: (limit: number) => number): void {
  for (let i = 0; i < answers; i++) concurrency.answered(durationOf(concurrency.limit), concurrency.limit);
}

describe('kinesis adapter: how many requests are under way', () => {
  it('grows by one a round while answers come as usual, to its bound', () => {
    const concurrency = new Concurrency({ initial: 4, max: 16 });
    play(concurrency, 4, () => 50);
    expect(concurrency.limit).to.equal(5);
    play(concurrency, 5, () => 50);
    expect(concurrency.limit).to.equal(6);
    const random = seededRandom(1);
    play(concurrency, 5_000, () => 50 * (0.25 + 1.5 * random()));
    expect(concurrency.limit).to.equal(16);
  });

  it('does not grow while fewer are under way than may be', () => {
    const concurrency = new Concurrency({ initial: 4, max: 16 });
    for (let i = 0; i < 100; i++) concurrency.answered(50, 1);
    expect(concurrency.limit).to.equal(4);
  });

  it('falls when answers come clearly later, and settles where they do not', () => {
    const concurrency = new Concurrency({ initial: 4, max: 64 });
    const random = seededRandom(1);
    // Up to 10 at a time the service is quick; beyond, each waits for those before it.
    play(concurrency, 20_000, (limit) => (50 + Math.max(0, limit - 10) * 40) * (0.9 + 0.2 * random()));
    expect(concurrency.limit).to.be.lessThan(40);
  });

  it('halves once for all requests that were under way, down to one', () => {
    const concurrency = new Concurrency({ initial: 16, max: 16 });
    const { epoch } = concurrency;
    for (let i = 0; i < 16; i++) concurrency.overloaded(epoch);
    expect(concurrency.limit).to.equal(8);
    for (let i = 0; i < 10; i++) concurrency.overloaded(concurrency.epoch);
    expect(concurrency.limit).to.equal(1);
    play(concurrency, 3, () => 50);
    expect(concurrency.limit).to.be.greaterThan(1);
  });
});
