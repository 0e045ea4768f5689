/** What the page makes of what it is sent: the same picture as the sender's, and rates from counters. */
import { expect } from 'chai';
import { deltaOf } from '../../../src/observer/delta.ts';
import { Model } from '../../../src/observer/page/model.ts';
import { aNode, anEntry, aRecord, aSnapshot, NOW } from '../support/pictures.ts';

const before = aSnapshot({
  takenAt: NOW,
  nodes: [
    aNode({ id: 'A', handled: 10, uptimeMs: 5000 }),
    aNode({ id: 'B', handled: 7, uptimeMs: 5000 }),
    aNode({ id: 'C', handled: 0 }),
  ],
  records: [aRecord({ accepted: 100, delivered: 80, pending: 20 })],
});
const after = aSnapshot({
  takenAt: NOW + 2000,
  nodes: [
    aNode({ id: 'A', handled: 30, uptimeMs: 7000 }),
    aNode({ id: 'D', handled: 1 }),
    aNode({ id: 'B', handled: 7, uptimeMs: 7000 }),
  ],
  records: [aRecord({ accepted: 300, delivered: 200, pending: 100 })],
  restarts: [anEntry({ seq: 4 })],
});

describe('The page', () => {
  it('has the same picture after a delta as after a whole snapshot', () => {
    const model = new Model();
    model.setSnapshot(before);
    model.applyDelta(JSON.parse(JSON.stringify(deltaOf(before, after))));
    expect(model.snapshot).to.deep.equal(after);
  });

  it('is not sent what has done nothing', () => {
    expect(deltaOf(before, after).changed.map(({ id }) => id)).to.deep.equal(['A', 'D']);
    expect(deltaOf(after, { ...after, takenAt: NOW + 3000 })).to.deep.include({ changed: [], order: null });
  });

  it('counts for itself for how long a callback goes on, and is told of another one', () => {
    const at = (takenAt: number, busyMs: number | null) =>
      aSnapshot({ takenAt, nodes: [aNode({ id: 'A', busyMs, uptimeMs: takenAt - NOW })] });
    const model = new Model();
    model.setSnapshot(at(NOW, 100));
    const goesOn = deltaOf(at(NOW, 100), at(NOW + 1000, 1100));
    expect(goesOn.changed).to.deep.equal([]);
    model.applyDelta(goesOn);
    expect(model.snapshot?.nodes[0]?.busyMs).to.equal(1100);
    expect(deltaOf(at(NOW, 900), at(NOW + 1000, 20)).changed).to.have.length(1);
    expect(deltaOf(at(NOW, 900), at(NOW + 1000, null)).changed).to.have.length(1);
  });

  it('makes rates of counters, over the time that has passed', () => {
    const model = new Model();
    model.setSnapshot(before);
    model.applyDelta(deltaOf(before, after));
    expect(model.history.get('A')?.perSecond).to.equal(10);
    expect(model.seriesOf('MyEvent').in.last).to.equal(100);
    expect(model.seriesOf('MyEvent').out.last).to.equal(60);
  });

  it('makes no negative rate of a process that was started again, and marks it', () => {
    const model = new Model();
    model.setSnapshot(aSnapshot({ nodes: [aNode({ id: 'A', pid: '<0.1>', handled: 900 })] }));
    model.setSnapshot(
      aSnapshot({ takenAt: NOW + 1000, nodes: [aNode({ id: 'A', pid: '<0.9>', handled: 5 })] }),
    );
    expect(model.history.get('A')?.perSecond).to.equal(5);
    expect(model.history.get('A')?.flashUntil).to.be.greaterThan(NOW + 1000);
  });

  it('forgets what is gone', () => {
    const model = new Model();
    model.setSnapshot(before);
    model.setSnapshot(after);
    expect([...model.history.keys()]).to.have.members(['A', 'B', 'D']);
  });
});
