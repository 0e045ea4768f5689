import { expect } from 'chai';
import { ManualClock } from '../src/testing/manual-clock.ts';

describe('ManualClock', () => {
  it('fires what falls due, earliest first, those of one instant in the order set', () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    for (const [ms, name] of [
      [20, 'c'],
      [10, 'a'],
      [10, 'b'],
      [30, 'd'],
    ] as const)
      clock.setTimer(ms, () => fired.push(`${name}@${clock.now()}`));
    clock.advance(20);
    expect(fired).to.deep.equal(['a@10', 'b@10', 'c@20']);
    expect(clock.nextDueAt).to.equal(30);
  });

  it('fires what a timer sets within the same advance', () => {
    const clock = new ManualClock();
    let at = 0;
    clock.setTimer(10, () => clock.setTimer(5, () => (at = clock.now())));
    clock.advance(20);
    expect(at).to.equal(15);
    expect(clock.now()).to.equal(20);
  });

  it('goes to the next timer on request, and does not fire one that was cleared', () => {
    const clock = new ManualClock(1000);
    clock.setTimer(10, () => expect.fail('cleared')).clear();
    clock.setTimer(40, () => undefined);
    expect(clock.fireNext()).to.equal(true);
    expect([clock.now(), clock.wallTime()]).to.deep.equal([40, 1040]);
    expect(clock.fireNext()).to.equal(false);
  });
});
