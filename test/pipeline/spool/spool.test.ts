import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { formatTree, type Ledger } from '../../../src/index.ts';
import { loadLmdb, STORE_FORMAT } from '../../../src/pipeline/spool/lmdb-store.ts';
import { Superstitious } from '../fixtures/handlers.ts';
import { ProbeA, ProbeB } from '../fixtures/probe.ts';
import { bodies, numbers, range, rejection, snapshotWith, stage } from '../support/application.ts';
import { close, open } from '../support/gates.ts';

const MIB = 2 ** 20;

describe('The spool', () => {
  const scene = stage();
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'beamline-spool-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const spool = () => ({ directory: join(folder, 'spool') });

  it('confirms an event when it is on the disk, and when it is delivered to those who want that', async () => {
    await scene.start({ spool: spool() });
    close('handle');
    const { id, at } = await ProbeA.recordAndConfirm({ n: 1 });
    expect(at).to.equal('disk');
    const delivered = ProbeA.recordAndConfirm({ n: 2 }, { until: 'delivered' });
    open('handle');
    expect((await delivered).at).to.equal('delivered');
    await ProbeA.flush();
    expect(bodies<{ id: string; n: number }>(scene.adapter, 'ProbeA').find(({ n }) => n === 1)?.id).to.equal(
      id,
    );
  });

  it('is empty when all is delivered', async () => {
    const app = await scene.start({ spool: spool() });
    for (const n of range(1, 2000)) ProbeA.record({ n });
    await app.flush();
    const { spool: shown } = await snapshotWith(app, (snapshot) => snapshot.spool?.state?.entries === 0);
    expect(shown?.state).to.include({ entries: 0, events: 0, bytes: 0, aside: 0, error: null });
    expect(numbers(scene.adapter, 'ProbeA')).to.have.members(range(1, 2000));
  });

  it('has what stop() had no time for, and delivers it after the next start, under the same ids', async () => {
    const first = await scene.start({ spool: spool() });
    close('handle');
    const ids = new Map<string, number>();
    for (const n of range(1, 20)) ids.set((await ProbeA.recordAndConfirm({ n })).id, n);
    const left: Ledger = await first.stop({ timeoutMs: 50 });
    expect(left).to.include({ accepted: 20, delivered: 0, pending: 20, spooled: 20 });
    open('handle');
    const second = await scene.start({ spool: spool() });
    const ledger = await second.flush();
    expect(ledger).to.include({ accepted: 0, recovered: 20, delivered: 20, pending: 0 });
    const delivered = bodies<{ id: string; n: number }>(scene.adapter, 'ProbeA').map(({ id, n }) => [id, n]);
    expect(delivered).to.have.deep.members([...ids]);
  });

  it('takes what the memory has no room for, and gives it back, each event once', async () => {
    // What is claimed stays in memory: here it is little of it, four batches of 200 KB.
    const app = await scene.start({ spool: spool(), queueBytes: 4 * MIB, maxDemand: 2, batchSize: 25 });
    close('handle');
    const padding = 'x'.repeat(8000);
    let n = 0;
    // Six times what the queue holds. What is refused while the disk is written is recorded again.
    while (n < 3000) {
      if (ProbeA.record({ n, padding })) n++;
      else await new Promise((resolve) => setImmediate(resolve));
    }
    const { spool: shown } = await app.inspect();
    expect(shown?.state?.aside, 'events that are on the disk alone').to.be.greaterThan(1250);
    open('handle');
    const ledger = await app.flush();
    expect(ledger).to.include({ accepted: 3000, recovered: 0, delivered: 3000, pending: 0, spooled: 0 });
    expect(numbers(scene.adapter, 'ProbeA').sort((a, b) => a - b)).to.deep.equal(range(0, 2999));
  });

  it('keeps dead letters, which can be read and thrown away', async () => {
    const app = await scene.start({ spool: spool(), maxAttempts: 1, backoff: { initialMs: 1, maxMs: 1 } });
    Superstitious.record({ n: 13 });
    await app.flush();
    const letters = await app.spool!.deadLetters();
    expect(letters).to.have.length(1);
    expect(letters[0]).to.deep.include({ recordType: 'Superstitious', data: { n: 13 }, attempts: 1 });
    expect(letters[0]!.error.name).to.equal('RangeError');
    await app.stop();
    const again = await scene.start({ spool: spool() });
    expect(await again.spool!.deadLetters()).to.deep.equal(letters);
    await again.spool!.removeDeadLetters(letters.map(({ id }) => id));
    expect(await again.spool!.deadLetters()).to.deep.equal([]);
  });

  it('stands in the tree, and its process may die: the thread goes on', async () => {
    const app = await scene.start({ spool: spool() });
    const snapshot = await app.inspect();
    expect(formatTree(snapshot)).to.include('│  └─ Spool');
    const { thread } = snapshot.spool!;
    const { pid } = snapshot.nodes.find(({ name }) => name === 'Spool')!;
    expect(app.kill(pid!)).to.equal(true);
    await snapshotWith(app, ({ nodes }) => nodes.some((node) => node.name === 'Spool' && node.pid !== pid));
    close('handle');
    expect((await ProbeB.recordAndConfirm({ n: 1 })).at).to.equal('disk');
    expect((await app.inspect()).spool?.thread).to.equal(thread);
  });

  it('does not let an application start without the package that it needs, and says how to get it', async () => {
    const missing = Object.assign(new Error("Cannot find package 'lmdb'"), { code: 'ERR_MODULE_NOT_FOUND' });
    const error = await rejection(loadLmdb(() => Promise.reject(missing)));
    expect(error.code).to.equal('ERR_SPOOL_MODULE');
    expect(error.message).to.include('npm install lmdb');
  });

  it('does not let an application start on a store of another version, and changes nothing in it', async () => {
    const lmdb = await loadLmdb();
    const { directory } = spool();
    const options = { path: directory, encoding: 'binary', keyEncoding: 'binary' };
    const format = Buffer.from('mformat');
    const newer = Buffer.from([STORE_FORMAT + 1]);
    const before = lmdb.open(options);
    before.putSync(format, newer);
    await before.close();
    const error = await rejection(scene.start({ spool: { directory } }));
    expect(error.code).to.equal('ERR_SPOOL_VERSION');
    expect(error.message).to.include(directory);
    const after = lmdb.open(options);
    expect(after.getKeysCount({ start: Buffer.of(0), end: Buffer.of(255) })).to.equal(1);
    expect(after.get(format)).to.deep.equal(newer);
    await after.close();
  });

  it('does not let an application start in a folder that cannot be one, and delivers what was recorded', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const starting = scene.start({ spool: { directory: join(file, 'spool') } });
    expect(ProbeA.record({ n: 1 })).to.equal(true);
    const error = await rejection(starting);
    expect(error.code).to.equal('ERR_SPOOL_DIRECTORY');
    expect(error.message).to.include(join(file, 'spool'));
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal([1]);
  });
});
