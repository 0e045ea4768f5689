import { expect } from 'chai';
import { Hurry } from '../../../src/pipeline/site/hurry.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import type { Claim } from '../../../src/threads/queue/index.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('What somebody waits for is in a hurry', () => {
  const scene = () => {
    const clock = new ManualClock();
    const told: number[] = [];
    const hurry = new Hurry(clock, () => told.push(clock.now()));
    let id = 0;
    const claim = (recordedAt = clock.now()): Claim => {
      const made = { id: ++id, recordedAt } as Claim;
      hurry.claimed(made);
      return made;
    };
    const begin = (...claims: readonly Claim[]) => {
      for (const each of claims) hurry.begun(each);
      return nextTurn();
    };
    const ranDry = (isFull = false) => {
      hurry.ranDry({ isFull });
      return nextTurn();
    };
    return { clock, told, hurry, claim, begin, ranDry };
  };

  it('never, while nobody asks', async () => {
    const { told, hurry, claim, begin, ranDry } = scene();
    const only = claim();
    await ranDry();
    await begin(only);
    expect(told).to.deep.equal([]);
    expect(hurry.isFor(only)).to.equal(false);
  });

  it('when the queue has run dry, and the handler has been called for each claim until then', async () => {
    const { clock, told, hurry, claim, begin, ranDry } = scene();
    hurry.ask();
    const [first, second] = [claim(), claim()];
    await begin(first);
    expect(told, 'more may come').to.have.length(0);
    await ranDry();
    expect(told, 'one is ahead').to.have.length(0);
    clock.advance(1);
    const later = claim();
    await begin(second);
    expect(told, 'the later one is no company to wait for').to.have.length(1);
    expect([first, second, later].map((each) => hurry.isFor(each))).to.deep.equal([true, true, false]);
    await begin(later);
    await ranDry();
    expect(told, 'once').to.have.length(1);
  });

  it('in the next turn, when all that the handler sends at once is there', async () => {
    const { told, hurry } = scene();
    hurry.ask();
    hurry.ranDry({ isFull: false });
    expect(told).to.have.length(0);
    await nextTurn();
    expect(told).to.have.length(1);
  });

  it('also when it is claimed again', async () => {
    const { clock, told, hurry, claim, begin, ranDry } = scene();
    hurry.ask();
    const given = claim();
    await ranDry();
    clock.advance(10);
    await begin(given);
    expect(told).to.have.length(1);
    expect(hurry.isFor(claim(given.recordedAt))).to.equal(true);
    expect(hurry.isFor(claim())).to.equal(false);
  });

  it('though others ask again and again', async () => {
    const { clock, told, hurry, claim, begin, ranDry } = scene();
    let ahead = claim();
    for (let n = 1; n <= 5; n++) {
      hurry.ask();
      await ranDry();
      clock.advance(1);
      const later = claim();
      await begin(ahead);
      expect(told).to.have.length(n);
      ahead = later;
    }
    for (const _ of [1, 2]) {
      hurry.ask();
      await ranDry();
      clock.advance(1);
    }
    await begin(ahead);
    expect(told, 'two of them wait for the same').to.have.length(7);
    expect(hurry.isFor(ahead)).to.equal(true);
  });

  it('again when the queue runs dry behind what was held back', async () => {
    const { clock, told, hurry, claim, begin, ranDry } = scene();
    hurry.ask();
    await ranDry(true);
    clock.advance(1);
    const behind = claim();
    await begin(behind);
    expect(hurry.isFor(behind)).to.equal(false);
    await ranDry();
    expect(told).to.have.length(2);
    expect(hurry.isFor(behind)).to.equal(true);
  });
});
