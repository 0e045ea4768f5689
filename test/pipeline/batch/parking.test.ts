import { expect } from 'chai';
import { formatTree, kinesis, type RecordSnapshot, type Snapshot } from '../../../src/index.ts';
import type { Hold } from '../../../src/pipeline/adapter/adapter.ts';
import { type Parkable, Parking } from '../../../src/pipeline/batch/parking.ts';
import { ManualClock, type RunningKinesis, startKinesisSimulator } from '../../../src/testing/index.ts';
import { type Addressed, TwoShards, TwoShardsInOrder } from '../fixtures/two-shards.ts';
import { range, snapshotWith, stage } from '../support/application.ts';

const HOT = 'shardId-000000000001';
const EVENTS = 1200;

describe('A batch that only waits for a throttled shard', () => {
  const scene = stage();
  let simulator: RunningKinesis;
  beforeEach(async () => {
    simulator = await startKinesisSimulator({
      streams: { two: 2 },
      limits: false,
      faults: [{ fault: { type: 'throttle-shard', shardId: HOT } }],
    });
  });
  afterEach(() => simulator.stop());

  /** Half of the events go to each shard; far more batches than there are places for. */
  const start = async (options = {}, aggregation: 'none' | 'shard' = 'none') => {
    const { endpoint, region, credentials } = simulator;
    const adapter = kinesis({ endpoint, region, credentials, aggregation });
    const app = await scene.start({ adapter, batchSize: 100, maxDemand: 2, ...options });
    for (const n of range(0, EVENTS - 1)) TwoShards.record({ n, shard: n % 2 === 0 ? 0 : 1 });
    return app;
  };
  const found = () =>
    simulator.oracle
      .userRecords('two')
      .records.map(({ data }) => (JSON.parse(data.toString()) as Addressed).n);
  const other = () => new Set(found().filter((n) => n % 2 === 0)).size;
  /** Until the shards are known it is the stream that is waited for. */
  const saysWhich = (held: RecordSnapshot['parked'] | undefined) =>
    held?.waitsFor.some(({ shardId }) => shardId !== null) ?? false;
  const parked = ({ records }: Snapshot) => records.find(({ name }) => name === 'TwoShards')?.parked;

  for (const aggregation of ['none', 'shard'] as const) {
    it(`gives its place up: all else is delivered, and it is too when the shard takes records again (${aggregation})`, async () => {
      const app = await start({}, aggregation);
      const snapshot = await snapshotWith(app, () => other() === EVENTS / 2);
      expect(found()).to.have.length(EVENTS / 2);
      expect(parked(snapshot)?.batches, 'all but those that have a place').to.be.at.least(10);
      expect(app.ledger().pending, 'batches with events for it').to.be.at.least(EVENTS / 2);
      simulator.setFaults([]);
      const flushed = await app.flush();
      expect(flushed).to.include({ accepted: EVENTS, delivered: EVENTS, pending: 0 });
      expect(
        found().sort((a, b) => a - b),
        'each once',
      ).to.deep.equal(range(0, EVENTS - 1));
      expect(parked(await app.inspect())).to.deep.equal({ batches: 0, events: 0, waitsFor: [] });
    }).timeout(20_000);
  }

  it('is run again when its thread dies: nothing is missing, nothing invented, and the ledger is exact', async () => {
    const app = await start();
    for (const _ of range(1, 2)) {
      await snapshotWith(app, (snapshot) => (parked(snapshot)?.batches ?? 0) >= 3);
      await app.endThread('TwoShards');
    }
    await snapshotWith(app, () => other() === EVENTS / 2);
    const { accepted, delivered, pending } = app.ledger();
    expect([accepted, delivered + pending]).to.deep.equal([EVENTS, EVENTS]);
    expect(pending).to.be.at.least(EVENTS / 2);
    simulator.setFaults([]);
    expect(await app.flush()).to.include({
      accepted: EVENTS,
      delivered: EVENTS,
      deadLettered: 0,
      pending: 0,
    });
    expect([...new Set(found())].sort((a, b) => a - b)).to.deep.equal(range(0, EVENTS - 1));
  }).timeout(30_000);

  it('keeps its place when its order is to be kept', async () => {
    const { endpoint, region, credentials } = simulator;
    const adapter = kinesis({ endpoint, region, credentials });
    const app = await scene.start({ adapter, batchSize: 100, maxDemand: 2 });
    for (const n of range(0, 399)) TwoShardsInOrder.record({ n, shard: n % 2 === 0 ? 0 : 1 });
    const ofType = ({ records }: Snapshot) => records.find(({ name }) => name === 'TwoShardsInOrder')?.parked;
    const snapshot = await snapshotWith(app, (now) => saysWhich(ofType(now)));
    expect(ofType(snapshot)).to.deep.equal({
      batches: 0,
      events: 0,
      waitsFor: [{ stream: 'two', shardId: HOT }],
    });
    simulator.setFaults([]);
    expect(await app.flush()).to.include({ accepted: 400, delivered: 400, pending: 0 });
  }).timeout(20_000);

  it('keeps its place when there is no room to park it, and the type says which shard it waits for', async () => {
    const app = await start({ parkedBytes: 0 });
    const snapshot = await snapshotWith(app, (now) => saysWhich(parked(now)));
    expect(parked(snapshot)).to.deep.equal({
      batches: 0,
      events: 0,
      waitsFor: [{ stream: 'two', shardId: HOT }],
    });
    expect(formatTree(snapshot)).to.include(`waits for ${HOT} of two: no more can be parked`);
    expect(snapshot.health.find(({ recordType }) => recordType === 'TwoShards')).to.deep.include({
      level: 'bad',
      cause: 'throttled',
    });
    expect(other()).to.be.below(EVENTS / 2);
    simulator.setFaults([]);
    expect(await app.flush()).to.include({ delivered: EVENTS, pending: 0 });
  }).timeout(20_000);
});

describe('Which batches are parked', () => {
  const hold: Hold = { stream: 's', shardId: HOT };

  class Run implements Parkable {
    readonly claim = { size: 3 };
    parked = false;
    readonly #name: string;
    readonly #room: { left: number };
    isHeld: boolean;

    constructor(name: string, room: { left: number }, isHeld = true) {
      this.#name = name;
      this.#room = room;
      this.isHeld = isHeld;
    }

    heldBy = () => (this.isHeld ? [hold, hold] : []);

    park(): boolean {
      if (this.#room.left === 0) return false;
      this.#room.left--;
      this.parked = true;
      return true;
    }

    toString(): string {
      return this.#name;
    }
  }

  const scene = (room = 10) => {
    const clock = new ManualClock();
    const parking = new Parking(clock);
    const space = { left: room };
    const runs = ['a', 'b', 'c', 'd'].map((name, i) => new Run(name, space, i !== 1));
    for (const run of runs) parking.enter(run);
    return { clock, parking, space, runs, parked: () => runs.filter((run) => run.parked).map(String) };
  };

  it('none while nobody wants a place', () => {
    const { clock, parking, parked } = scene();
    parking.want(0);
    expect(clock.nextDueAt).to.equal(undefined);
    expect(parked()).to.deep.equal([]);
  });

  it('as many as others want places, the oldest that are held up', () => {
    const { parking, parked } = scene();
    parking.want(2);
    expect(parked()).to.deep.equal(['a', 'c']);
    expect(parking.snapshot()).to.deep.equal({ batches: 2, events: 6, waitsFor: [] });
  });

  it('one that is held up later, while a place is still wanted', () => {
    const { clock, parking, runs, parked } = scene();
    parking.want(4);
    expect(parked()).to.deep.equal(['a', 'c', 'd']);
    runs[1]!.isHeld = true;
    clock.advance(100);
    expect(parked()).to.deep.equal(['a', 'b', 'c', 'd']);
    expect(clock.nextDueAt, 'nobody is left to look at').to.equal(undefined);
  });

  it('only as far as there is room: what the rest waits for is said until there is some', () => {
    const { clock, parking, space, parked } = scene(1);
    parking.want(3);
    expect(parked()).to.deep.equal(['a']);
    expect(parking.snapshot().waitsFor).to.deep.equal([hold]);
    space.left = 5;
    clock.advance(100);
    expect(parked()).to.deep.equal(['a', 'c', 'd']);
    expect(parking.snapshot().waitsFor).to.deep.equal([]);
  });

  it('none that has come back to go on, or has ended, is counted', () => {
    const { parking, runs } = scene();
    parking.want(3);
    parking.enter(runs[0]!);
    parking.leave(runs[2]!);
    expect(parking.snapshot()).to.include({ batches: 1, events: 3 });
  });
});
