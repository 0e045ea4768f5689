import { expect } from 'chai';
import { formatTree, type Snapshot, type TreeNode } from '../../../src/index.ts';
import { Superstitious } from '../fixtures/handlers.ts';
import { Hangs } from '../fixtures/hangs.ts';
import { Mortal } from '../fixtures/mortal.ts';
import { ProbeA, ProbeB } from '../fixtures/probe.ts';
import { numbers, range, snapshotWith, stage } from '../support/application.ts';
import { Births } from '../support/births.ts';
import { close, open } from '../support/gates.ts';
import { WatchedClock } from '../support/watched-clock.ts';

function box({ nodes }: Snapshot, name: string, recordType: string | null = null): TreeNode {
  const found = nodes.find((node) => node.name === name && node.recordType === recordType);
  if (found === undefined) throw new Error(`${name} ${recordType ?? ''} is not in the snapshot`);
  return found;
}

const record = ({ records }: Snapshot, name: string) => records.find((each) => each.name === name);

/** Whatever happens in the tree, a snapshot holds together. */
function expectWhole(snapshot: Snapshot): void {
  expect(JSON.parse(JSON.stringify(snapshot))).to.deep.equal(snapshot);
  const ids = snapshot.nodes.map(({ id }) => id);
  expect(new Set(ids), 'ids are unique').to.have.length(ids.length);
  for (const [index, { parent, name }] of snapshot.nodes.entries()) {
    if (index === 0) expect({ parent, name }).to.deep.equal({ parent: null, name: 'Application' });
    else expect(ids.slice(0, index), `the parent of ${name} comes before it`).to.include(parent);
  }
}

describe('A snapshot', () => {
  const scene = stage();

  it('is plain JSON with a version, whole at every moment', async () => {
    const app = await scene.start({ batchSize: 1 });
    expectWhole(await app.inspect());
    close('handle');
    for (const n of range(1, 20)) ProbeA.record({ n });
    expectWhole(await app.inspect());
    await scene.journal.until('begin', 20);
    const busy = await app.inspect();
    expectWhole(busy);
    expect(busy.schemaVersion).to.equal(1);
    expect(busy.takenAt).to.be.closeTo(Date.now(), 60_000);
    expect(record(busy, 'ProbeA')).to.include({ accepted: 20, pending: 20, running: 20 });
    expect(record(busy, 'ProbeA')?.oldestPendingMs).to.be.at.least(0);
    for (const name of ['Producer', 'ConsumerSupervisor', 'Record'])
      app.kill(box(busy, name, 'ProbeA').pid ?? '');
    expectWhole(await app.inspect());
    await app.endThread('ProbeA');
    expectWhole(await app.inspect());
    app.kill(box(await app.inspect(), 'ProducerSupervisor').pid ?? '');
    expectWhole(await app.inspect());
    open('handle');
    await app.flush();
    const calm = await app.inspect();
    expectWhole(calm);
    expect(record(calm, 'ProbeA')).to.include({
      accepted: 20,
      delivered: 20,
      pending: 0,
      oldestPendingMs: null,
    });
  });

  it('is plain JSON for a type that runs inline, and for one that has no thread yet', async () => {
    const app = await scene.start({ isolation: 'inline' });
    ProbeA.record({ n: 1 });
    await app.flush();
    const snapshot = await app.inspect();
    expectWhole(snapshot);
    expect(record(snapshot, 'ProbeB')?.thread).to.deep.include({ state: 'none', starts: 0 });
  });

  it('has the exact ledger, by type and in total', async () => {
    const app = await scene.start({ maxAttempts: 1, deadLetter: () => {} });
    for (const n of range(1, 26)) Superstitious.record({ n });
    for (const n of range(1, 5)) ProbeA.record({ n });
    await app.flush();
    close('handle');
    for (const n of range(6, 8)) ProbeA.record({ n });
    const { ledger, records } = await app.inspect();
    const zero = { recovered: 0, spooled: 0, refused: 0, invalid: 0, deadLettered: 0 };
    expect(ledger.types.Superstitious).to.deep.equal({
      ...zero,
      accepted: 26,
      delivered: 24,
      deadLettered: 2,
      pending: 0,
    });
    expect(ledger.types.ProbeA).to.deep.equal({ ...zero, accepted: 8, delivered: 5, pending: 3 });
    expect(ledger).to.deep.include({ ...zero, accepted: 34, delivered: 29, deadLettered: 2, pending: 3 });
    expect(record({ records } as Snapshot, 'ProbeA')).to.deep.include(ledger.types.ProbeA);
    expect(app.ledger()).to.deep.equal(ledger);
    for (const { accepted, recovered, delivered, deadLettered, pending } of [
      ...Object.values(ledger.types),
      ledger,
    ])
      expect(accepted + recovered).to.equal(delivered + deadLettered + pending);
  });

  it('counts restarts, with the reason of the last end', async () => {
    const app = await scene.start();
    ProbeA.record({ n: 1 });
    await app.flush();
    const before = await app.inspect();
    expect(box(before, 'Producer', 'ProbeA')).to.include({ restarts: 0, lastReason: null });
    const { pid } = box(before, 'Producer', 'ProbeA');
    expect(app.kill(pid ?? '')).to.equal(true);
    const after = await snapshotWith(app, (snapshot) => {
      const producer = box(snapshot, 'Producer', 'ProbeA');
      return producer.pid !== null && producer.pid !== pid;
    });
    expect(box(after, 'Producer', 'ProbeA')).to.include({ restarts: 1, lastReason: 'killed' });
    expect(box(after, 'Record', 'ProbeA')).to.include({ restarts: 0 });
    const drawn = formatTree(after).split('\n');
    expect(drawn.find((line) => line.includes('Producer (GS) ProbeA'))).to.include('restarts 1 (killed)');

    const { pid: dispatcher } = box(after, 'DispatchServer');
    app.kill(dispatcher ?? '');
    const again = await snapshotWith(app, ({ nodes }) =>
      nodes.some(({ name, restarts }) => name === 'DispatchServer' && restarts === 1),
    );
    expect(box(again, 'DispatchServer').lastReason).to.equal('killed');
  });

  it('shows when a child that waits for its restart is due, while its events are dispatched without it', async () => {
    const clock = new WatchedClock();
    const births = new Births();
    const app = await scene.start({ isolation: 'inline' }, { clock, observer: births });
    ProbeA.record({ n: 1 });
    await app.flush();
    for (const kill of [1, 2]) {
      const producer = await births.nth('Producer ProbeA', kill);
      producer.runtime.exit(producer.pid, 'kill');
    }
    const waiting = await snapshotWith(
      app,
      (snapshot) => box(snapshot, 'Producer', 'ProbeA').status === 'restarting',
    );
    const producer = box(waiting, 'Producer', 'ProbeA');
    expect(producer).to.include({ pid: null, thread: null, attempt: 2, restarts: 2, lastReason: 'killed' });
    expect(producer.restartInMs).to.be.within(100, 200);
    expect(formatTree(waiting)).to.match(
      /Producer \(GS\) ProbeA {2}\[restarting in \d+ ms \(attempt 2\), .*\(killed\)\]/,
    );
    expectWhole(waiting);

    ProbeA.record({ n: 2 });
    await snapshotWith(app, (snapshot) => record(snapshot, 'ProbeA')?.unattended === true);
    clock.advance(100);
    await app.flush();
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal([1, 2]);
    clock.advance(100);
    await births.nth('Producer ProbeA', 3);
    const back = await snapshotWith(app, (snapshot) => record(snapshot, 'ProbeA')?.unattended === false);
    expect(box(back, 'Producer', 'ProbeA').pid).to.be.a('string');
  });

  it('does not wait for a thread that hangs, and says that it does', async () => {
    close('busy');
    const app = await scene.start();
    ProbeB.record({ n: 1 });
    Mortal.record({ n: 1, fate: 'block' });
    await scene.journal.until('begin', 1, 'Mortal');
    await scene.journal.until('end', 1, 'ProbeB');
    const since = performance.now();
    const snapshot = await app.inspect();
    const tookMs = performance.now() - since;
    expect(tookMs, 'the deadline of an answer is half a second').to.be.within(300, 3000);
    expectWhole(snapshot);
    expect(record(snapshot, 'Mortal')?.thread).to.include({ hung: true });
    expect(record(snapshot, 'ProbeB')?.thread).to.include({ hung: false });
    expect(box(snapshot, 'Producer', 'Mortal').status).to.equal('hung');
    expect(box(snapshot, 'ConsumerSupervisor', 'Mortal').status).to.equal('hung');
    expect(box(snapshot, 'Producer', 'ProbeB').status).to.equal('waiting');
    const drawn = formatTree(snapshot);
    expect(drawn).to.match(/Producer \(GS\) Mortal {2}\[hung/);
    expect(drawn).to.match(/thread \d+, hung/);
    open('busy');
    await app.flush();
    expect(record(await app.inspect(), 'Mortal')).to.include({ delivered: 1 });
  });

  it('shows a thread that is starting as such', async () => {
    close('moduleA');
    const app = await scene.start();
    Hangs.record({ n: 1 });
    await scene.journal.until('importing', 1);
    const snapshot = await app.inspect();
    expectWhole(snapshot);
    expect(record(snapshot, 'Hangs')?.thread).to.include({ state: 'starting', starts: 1 });
    expect(box(snapshot, 'Record', 'Hangs').status, 'it waits for its thread by being told').to.equal(
      'waiting',
    );
    expect(snapshot.nodes.filter(({ name }) => name === 'Producer')).to.deep.equal([]);
    expect(formatTree(snapshot)).to.match(/Hangs: .*\n {2}thread \d+, starting/);
    open('moduleA');
    await app.flush();
  });
});
