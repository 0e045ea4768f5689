/** A clock that stands still, and a Kinesis that does not: what waits for company waits until it is fetched by a flush. */
import { expect } from 'chai';
import { type Application, kinesis } from '../../../src/index.ts';
import { type RunningKinesis, startKinesisSimulator } from '../../../src/testing/index.ts';
import { InPieces, InPiecesInOrder } from '../fixtures/in-pieces.ts';
import { range, snapshotWith, stage } from '../support/application.ts';
import { WatchedClock } from '../support/watched-clock.ts';

const FLUSH_MS = 777;
const COLLECT_MS = 55_555;

describe('A flush that somebody waits for', () => {
  const scene = stage();
  let simulator: RunningKinesis;
  let clock: WatchedClock;
  let app: Application;

  beforeEach(async () => {
    simulator = await startKinesisSimulator({ streams: { pieces: 1 }, limits: false });
    clock = new WatchedClock();
    const { endpoint, region, credentials } = simulator;
    app = await scene.start(
      {
        adapter: kinesis({ endpoint, region, credentials, aggregation: 'shard', collectMs: COLLECT_MS }),
        isolation: 'inline',
        flushIntervalMs: FLUSH_MS,
        maxAttempts: 1,
      },
      { clock },
    );
    InPieces.record({ n: 0 });
    await app.flush();
  });
  afterEach(() => simulator.stop());

  const records = () => simulator.oracle.records('pieces').length;
  const found = () =>
    simulator.oracle
      .userRecords('pieces')
      .records.map(({ data }) => (JSON.parse(data.toString()) as { n: number }).n);
  /** Resolves when these are with the adapter, fetched by the timer, and wait for company. */
  const collected = async (numbers: readonly number[]) => {
    // What was recorded in the millisecond of a flush is taken for what was there before.
    clock.advance(1);
    const timer = clock.armed(FLUSH_MS);
    for (const n of numbers) InPieces.record({ n });
    await timer;
    const waiting = clock.armed(COLLECT_MS);
    clock.advance(FLUSH_MS);
    await waiting;
  };

  it('has what it fetches sent without company', async () => {
    for (const n of range(1, 40)) InPieces.record({ n });
    await app.flush();
    expect(clock.now()).to.equal(0);
    expect(found()).to.have.members(range(0, 40));
    expect(records(), 'in aggregates').to.be.lessThan(20);
  });

  it('has what waits already sent too, and what is recorded later waits for company again', async () => {
    await collected(range(1, 10));
    expect(records(), 'the timer is in no hurry').to.equal(1);
    await app.flush();
    expect(clock.now()).to.equal(1 + FLUSH_MS);
    expect(found()).to.have.members(range(0, 10));

    const before = records();
    await collected(range(11, 20));
    expect(records()).to.equal(before);
    clock.advance(COLLECT_MS);
    await snapshotWith(app, () => InPieces.stats().pending === 0);
    expect(found()).to.have.members(range(0, 20));
  });

  it('waits for nothing else when a batch is run again in halves', async () => {
    for (const n of range(1, 20)) InPieces.record({ n, eventsMax: 5 });
    expect(await app.flush()).to.include({ delivered: 21, deadLettered: 0 });
    expect(clock.now()).to.equal(0);
  });

  it('waits for nothing else when events were held back to keep their order', async () => {
    for (const n of range(1, 60)) InPiecesInOrder.record({ n, key: n % 3 });
    await app.flush();
    expect(clock.now()).to.equal(0);
    expect(InPiecesInOrder.stats()).to.include({ delivered: 60, pending: 0 });
  });

  it('is had by the end of the application', async () => {
    await collected(range(1, 10));
    expect(await app.stop()).to.include({ delivered: 11, pending: 0 });
    expect(clock.now()).to.equal(1 + FLUSH_MS);
  });
});
