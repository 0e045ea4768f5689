import { expect } from 'chai';
import type { Application } from '../../src/index.ts';
import { ProbeA, ProbeB } from './fixtures/probe.ts';
import { numbers, range, stage } from './support/application.ts';
import { Births } from './support/births.ts';
import { WatchedClock } from './support/watched-clock.ts';

/** Lets the others go on for so many turns of the microtask queue. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await undefined;
}

function killAll(births: Births, title: string): void {
  for (const process of births.of(title)) if (process.alive) process.runtime.exit(process.pid, 'kill');
}

describe('Races', () => {
  const scene = stage();

  for (const box of ['Record', 'Producer', 'ConsumerSupervisor']) {
    // The clock stands still: a wake-up that is lost is never made up for by a second look.
    it(`no event is overlooked that is recorded at any moment of the restart of ${box}`, async () => {
      const births = new Births();
      const clock = new WatchedClock();
      await scene.start({ isolation: 'inline', stableMs: 0 }, { clock, observer: births });
      await ProbeA.recordAndConfirm({ n: 0 });
      const rounds = range(1, 60);
      for (const n of rounds) {
        killAll(births, `${box} ProbeA`);
        if (n % 2 === 0) await turns(n * 2);
        else for (let turn = 0; turn < n % 5; turn++) await new Promise((resolve) => setImmediate(resolve));
        await ProbeA.recordAndConfirm({ n });
      }
      expect(numbers(scene.adapter, 'ProbeA')).to.include.members([0, ...rounds]);
    });
  }

  it('no event is overlooked that is recorded at any moment after the last one was delivered', async () => {
    const clock = new WatchedClock();
    const app = await scene.start({ isolation: 'inline', batchSize: 1 }, { clock });
    const rounds = range(1, 200);
    for (const n of rounds) {
      ProbeA.record({ n });
      await app.flush();
      await turns(n % 20);
    }
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal(rounds);
  });

  it('stop() at any moment of the start of a type delivers what was accepted', async () => {
    for (const count of range(0, 30)) {
      const births = new Births();
      const app = await scene.start({ isolation: 'inline' }, { observer: births });
      ProbeA.record({ n: count });
      await turns(count * 8);
      expect(await app.stop(), `after ${count * 8} turns`).to.include({
        accepted: 1,
        delivered: 1,
        pending: 0,
      });
      expect(births.all.filter(({ alive }) => alive)).to.deep.equal([]);
    }
  });

  it('stop() at any moment of a kill delivers what was accepted, and leaves no process', async () => {
    for (const box of ['Record ProbeA', 'Producer ProbeA', 'ConsumerSupervisor ProbeA', 'DispatchServer']) {
      for (const count of range(0, 6)) {
        const births = new Births();
        const app = await scene.start({ isolation: 'inline' }, { observer: births });
        ProbeA.record({ n: 1 });
        await app.flush();
        for (const n of range(2, 20)) ProbeA.record({ n });
        killAll(births, box);
        await turns(count * 10);
        const ledger = await app.stop({ timeoutMs: 5000 });
        expect(ledger, `${box}, ${count}`).to.include({ accepted: 20, delivered: 20, pending: 0 });
        expect(births.all.filter(({ alive }) => alive)).to.deep.equal([]);
      }
    }
  });

  it('stop() while the tree is being built anew delivers what was accepted, and leaves no process', async () => {
    for (const meanwhile of [0, 300, 600]) {
      const births = new Births();
      const app = await scene.start({ isolation: 'inline' }, { observer: births });
      ProbeA.record({ n: 1 });
      await app.flush();
      killAll(births, 'Application');
      ProbeA.record({ n: 2 });
      await new Promise((resolve) => setTimeout(resolve, meanwhile));
      const ledger = await app.stop({ timeoutMs: 5000 });
      expect(ledger, `after ${meanwhile} ms`).to.include({ accepted: 2, delivered: 2, pending: 0 });
      expect(births.all.filter(({ alive }) => alive)).to.deep.equal([]);
    }
  });

  it('stop() that gives up while the tree is being built anew leaves no process', async () => {
    const clock = new WatchedClock();
    const births = new Births();
    const app = await scene.start({ isolation: 'inline' }, { clock, observer: births });
    ProbeA.record({ n: 1 });
    await app.flush();
    killAll(births, 'Application');
    ProbeA.record({ n: 2 });
    const stopping = app.stop({ timeoutMs: 0 });
    clock.advance(0);
    expect(await stopping).to.include({ pending: 1 });
    clock.advance(60_000);
    await turns(1000);
    expect(births.all.filter(({ alive }) => alive)).to.deep.equal([]);
  });

  it('stop() that gives up at any moment of the building of the new tree leaves no process', async () => {
    for (const count of range(0, 40)) {
      const clock = new WatchedClock();
      const births = new Births();
      const app = await scene.start({ isolation: 'inline' }, { clock, observer: births });
      killAll(births, 'Application');
      await turns(20);
      // The event waits for the tree, and so does stop(), for as long as it is told: for no time.
      ProbeA.record({ n: count });
      clock.advance(500);
      await turns(count);
      const stopping = app.stop({ timeoutMs: 0 });
      clock.advance(0);
      await stopping;
      await turns(1000);
      expect(
        births.all.filter(({ alive }) => alive).map(({ name }) => name),
        `after ${count} turns`,
      ).to.deep.equal([]);
    }
  });

  it('flush() while nothing is recorded resolves, and so do many at once', async () => {
    const app = await scene.start();
    await app.flush();
    await ProbeA.flush();
    for (const n of range(1, 10)) ProbeA.record({ n });
    const ledgers = await Promise.all(range(1, 20).map(() => app.flush()));
    for (const ledger of ledgers) expect(ledger).to.include({ delivered: 10, pending: 0 });
  });

  it('threads that end while they are used in every way leave nothing undelivered', async () => {
    const app: Application = await scene.start({ batchSize: 5, stableMs: 0 });
    let n = 0;
    for (const round of range(1, 5)) {
      for (let count = 0; count < 50; count++) {
        ProbeA.record({ n: ++n });
        ProbeB.record({ n });
      }
      const confirmed = ProbeA.recordAndConfirm({ n: ++n });
      const flushed = app.flush();
      for (let turn = 0; turn < round * 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      const [, , , ledger] = await Promise.all([
        app.endThread('ProbeA'),
        round % 2 === 0 ? app.endThread('ProbeB') : undefined,
        app.inspect(),
        flushed,
      ]);
      expect((await confirmed).at).to.equal('delivered');
      expect(ledger.types.ProbeA).to.include({ accepted: n, pending: 0 });
    }
    const ledger = await app.stop();
    expect(ledger.types.ProbeA).to.include({ accepted: n, delivered: n, deadLettered: 0, pending: 0 });
    expect(new Set(numbers(scene.adapter, 'ProbeA'))).to.have.length(n);
  });
});
