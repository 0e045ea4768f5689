/** The picture of a live tree: what crashed, why, with whom, and what hangs. */
import { expect } from 'chai';
import type { Snapshot, TreeNode } from '../../src/index.ts';
import { Mortal } from '../pipeline/fixtures/mortal.ts';
import { ProbeA } from '../pipeline/fixtures/probe.ts';
import { snapshotWith, stage } from '../pipeline/support/application.ts';
import { close, open } from '../pipeline/support/gates.ts';

function node(snapshot: Snapshot, id: string): TreeNode | undefined {
  return snapshot.nodes.find((each) => each.id === id);
}

describe('The snapshot', () => {
  const at = stage();

  it('keeps why a part was started again, what it took with it, and what is left of the budget', async () => {
    const app = await at.start();
    const pid = node(await app.inspect(), 'Registry')?.pid;
    expect(app.kill(pid ?? '')).to.equal(true);
    const snapshot = await snapshotWith(
      app,
      ({ restarts, nodes }) =>
        restarts.some(({ delayMs }) => delayMs !== null) &&
        nodes.some(({ id }) => id === 'RecordsSupervisor'),
    );
    const [entry] = snapshot.restarts;
    expect(entry?.id).to.equal('Registry');
    expect(entry?.reason.code).to.equal('killed');
    expect(entry?.attempt).to.equal(1);
    expect(entry?.budget).to.deep.equal({ used: 1, max: 5, seconds: 10 });
    expect(entry?.restartedWith).to.have.members([
      'ConsumerDynamicSupervisor',
      'ProducerSupervisor',
      'RecordsSupervisor',
    ]);
    expect(snapshot.health[0]?.text).to.match(/^Registry ended just now, killed, and was started again/);
  });

  it('keeps a crash of a type for itself, with the attempt and the delay', async () => {
    const app = await at.start();
    ProbeA.record({ n: 1 });
    await app.flush();
    const pid = node(await app.inspect(), 'Producer/ProbeA')?.pid;
    app.kill(pid ?? '');
    const snapshot = await snapshotWith(app, ({ nodes }) =>
      nodes.some(({ id, restarts, pid: now }) => id === 'Producer/ProbeA' && restarts === 1 && now !== null),
    );
    const entry = snapshot.restarts.find(({ id }) => id === 'Producer/ProbeA');
    expect(entry).to.deep.include({
      name: 'Producer',
      recordType: 'ProbeA',
      attempt: 1,
      delayMs: 0,
      budget: null,
    });
  });

  it('shows the demand between the pool and the Producer', async () => {
    const app = await at.start({ maxDemand: 7 });
    ProbeA.record({ n: 1 });
    await app.flush();
    const { edges } = await snapshotWith(app, (snapshot) =>
      snapshot.edges.some(({ pending, working }) => pending === 7 && working === 0),
    );
    expect(edges).to.deep.equal([
      {
        consumer: 'ConsumerSupervisor/ProbeA',
        producer: 'Producer/ProbeA',
        pending: 7,
        working: 0,
        min: 0,
        max: 7,
      },
    ]);
  });

  it('shows a thread that does not answer as hung, with its processes, and does not wait for it', async () => {
    const app = await at.start();
    close('busy');
    Mortal.record({ n: 1, fate: 'block' });
    const snapshot = await snapshotWith(app, ({ records }) =>
      records.some(({ name, thread }) => name === 'Mortal' && thread.hung),
    );
    open('busy');
    expect(node(snapshot, 'Producer/Mortal')?.status).to.equal('hung');
    expect(node(snapshot, 'ConsumerSupervisor/Mortal')?.status).to.equal('hung');
    expect(node(snapshot, 'Record/Mortal')?.status).to.equal('waiting');
    expect(snapshot.health[0]?.text).to.match(/^Mortal: thread \d+ is hung: its handler does not yield/);
  });

  it('names the thread that ended, with the error that ended it', async () => {
    const app = await at.start();
    Mortal.record({ n: 1, fate: 'throw_outside' });
    const snapshot = await snapshotWith(app, ({ restarts }) =>
      restarts.some(({ id }) => id === 'Thread/Mortal'),
    );
    const entry = snapshot.restarts.find(({ id }) => id === 'Thread/Mortal');
    expect(entry?.reason.message).to.equal('Error: thrown outside of any handler');
    expect(entry?.reason.stack).to.contain('mortal');
  });

  it('keeps what crashed and is not there any more for a while, with its reason', async () => {
    const app = await at.start();
    close('busy');
    close('handle');
    ProbeA.record({ n: 1 });
    const before = await snapshotWith(app, ({ nodes }) => nodes.some(({ name }) => name === 'Consumer'));
    const consumer = before.nodes.find(({ name }) => name === 'Consumer');
    app.kill(consumer?.pid ?? '');
    const { tombstones } = await snapshotWith(app, (snapshot) => snapshot.tombstones.length > 0);
    expect(tombstones.map(({ id, reason }) => [id, reason.code])).to.deep.include([consumer?.id, 'killed']);
  });

  it('measures callbacks only while somebody watches', async () => {
    const app = await at.start();
    ProbeA.record({ n: 1 });
    await app.flush();
    const before = await app.inspect();
    expect(before.nodes.every(({ callbackMs }) => callbackMs === null)).to.equal(true);
    const leave = app.watch();
    await app.inspect();
    ProbeA.record({ n: 2 });
    await app.flush();
    await snapshotWith(app, ({ nodes }) =>
      nodes.some(({ id, callbackMs }) => id === 'Producer/ProbeA' && callbackMs !== null),
    );
    leave();
  });
});
