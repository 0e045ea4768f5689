import { expect } from 'chai';
import { ProbeA } from '../fixtures/probe.ts';
import { numbers, range, snapshotWith, stage } from '../support/application.ts';
import { close, open } from '../support/gates.ts';
import { WatchedClock } from '../support/watched-clock.ts';

const FLUSH_MS = 777;

describe('Batches', () => {
  const scene = stage();

  it('come first in, first out: 1 to 20 by two are 1-2, 3-4, and so on', async () => {
    const app = await scene.start({ batchSize: 2, maxDemand: 1 });
    for (const n of range(1, 20)) ProbeA.record({ n });
    await app.flush();
    const handled = await scene.journal.until('end', 10);
    expect(handled.map(({ n }) => n)).to.deep.equal(
      range(0, 9).map((index) => [2 * index + 1, 2 * index + 2]),
    );
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal(range(1, 20));
  });

  it('go at once when they are full, and with what there is when the timer fires', async () => {
    const clock = new WatchedClock();
    const { journal } = scene;
    const app = await scene.start(
      { isolation: 'inline', batchSize: 3, flushIntervalMs: FLUSH_MS },
      { clock },
    );
    ProbeA.record({ n: 0 });
    await app.flush();

    const timer = clock.armed(FLUSH_MS);
    for (const n of range(1, 7)) ProbeA.record({ n });
    await timer;
    const full = await journal.until('end', 3);
    expect(full.map(({ n }) => n)).to.deep.equal([[0], [1, 2, 3], [4, 5, 6]]);
    expect(ProbeA.stats(), 'the seventh waits').to.include({ pending: 1 });

    clock.advance(FLUSH_MS - 1);
    expect((await app.inspect()).records.find(({ name }) => name === 'ProbeA')).to.include({ claimed: 0 });
    clock.advance(1);
    const all = await journal.until('end', 4);
    expect(all[3]?.n).to.deep.equal([7]);
  });

  it('need no timer for an event that somebody waits for', async () => {
    const app = await scene.start(
      { isolation: 'inline', batchSize: 3, flushIntervalMs: FLUSH_MS },
      { clock: new WatchedClock() },
    );
    ProbeA.record({ n: 1 });
    await app.flush();
    // The clock stands still: only its own call can have this fetched.
    const confirmed = await ProbeA.recordAndConfirm({ n: 2 });
    expect(confirmed.at).to.equal('delivered');
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal([1, 2]);
  });

  it('hold no more bytes than one request takes', async () => {
    const app = await scene.start({ queueBytes: 16 * 2 ** 20, maxEventBytes: 1000 * 1024 });
    const padding = 'x'.repeat(900 * 1024);
    for (const n of range(1, 12)) ProbeA.record({ n, padding });
    await app.flush();
    const handled = await scene.journal.until('end', 3);
    expect(
      handled.map(({ n }) => n.length),
      'five of 900 KiB make less than 5 MiB, six make more',
    ).to.satisfy((lengths: number[]) => lengths.every((length) => length <= 5));
    expect(handled.flatMap(({ n }) => n)).to.have.members(range(1, 12));
  });

  it('are in flight no more than maxDemand at a time, each in a Consumer of its own', async () => {
    const app = await scene.start({ batchSize: 1, maxDemand: 4 });
    close('handle');
    for (const n of range(1, 12)) ProbeA.record({ n });
    await scene.journal.until('begin', 4);
    const crowded = await snapshotWith(app, ({ records }) =>
      records.some(({ name, batches }) => name === 'ProbeA' && batches === 4),
    );
    expect(crowded.nodes.filter(({ name }) => name === 'Consumer')).to.have.length(4);
    expect(crowded.nodes.filter(({ name }) => name === 'Task')).to.have.length(4);
    expect(crowded.records.find(({ name }) => name === 'ProbeA')).to.include({
      demand: 0,
      running: 4,
      pending: 12,
    });
    open('handle');
    await app.flush();
    expect(numbers(scene.adapter, 'ProbeA')).to.have.members(range(1, 12));
    const ended = await scene.journal.until('end', 12);
    let inFlight = 0;
    for (const { step } of scene.journal.entries) {
      inFlight += step === 'begin' ? 1 : -1;
      expect(inFlight).to.be.at.most(4);
    }
    expect(ended).to.have.length(12);
  });
});

describe('A full queue', () => {
  const scene = stage();

  it('refuses visibly, counts what it refused, and takes events again when it has drained', async () => {
    const app = await scene.start({ maxDemand: 1, batchSize: 10 });
    close('handle');
    const padding = 'x'.repeat(100 * 1024);
    let accepted = 0;
    while (ProbeA.record({ n: accepted, padding })) accepted++;
    expect(accepted).to.be.within(10, 20);
    expect(ProbeA.record({ n: -1, padding })).to.equal(false);
    expect(ProbeA.stats()).to.include({ accepted, pending: accepted, refused: 2 });
    const error = await ProbeA.recordAndConfirm({ n: -1, padding }).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'ERR_QUEUE_FULL' });
    expect((error as Error).message).to.include('2097152');

    open('handle');
    await app.flush();
    expect(ProbeA.record({ n: accepted, padding })).to.equal(true);
    const ledger = await app.flush();
    expect(ledger.types.ProbeA).to.include({
      accepted: accepted + 1,
      delivered: accepted + 1,
      pending: 0,
      refused: 3,
    });
    expect(numbers(scene.adapter, 'ProbeA')).to.have.members(range(0, accepted));
  });
});
