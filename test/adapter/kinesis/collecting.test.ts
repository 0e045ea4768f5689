/** The adapter on a simulated Kinesis: what is collected from many sends, and how it is divided by shards. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { HeldBy } from '../../../src/pipeline/adapter/adapter.ts';
import type { KinesisOptions } from '../../../src/pipeline/adapter/kinesis/options.ts';
import { auditOf, deaggregate, type FaultRule, runTo } from '../../../src/testing/index.ts';
import { never } from '../context.ts';
import { names, streamOf, watch } from './bench.ts';
import { simulated } from './simulated.ts';

describe('kinesis adapter: what holds a send up', () => {
  const hot = 'shardId-000000000001';
  const scene = async (faults: readonly FaultRule[], options: KinesisOptions = {}) => {
    const world = simulated({ faults }, options);
    // The shards are known, and the rates of none of them.
    await world.done(world.send(['first']));
    await runTo(world.clock, world.clock.now() + 500);
    const held: HeldBy[] = [];
    const messages = names(2000, 'event-').map((name) => ({ partitionKey: name, data: name }));
    const sent = watch(
      world.adapter.send('s', messages, { signal: never, explain: (heldBy) => void held.push(heldBy) }),
    );
    return { ...world, sent, heldBy: () => held.flatMap((each) => each()) };
  };

  it('is nothing while its records are on their way', async () => {
    const { clock, heldBy } = await scene([]);
    await runTo(clock, clock.now() + 5);
    expect(heldBy()).to.deep.equal([]);
  });

  it('is the shard that the rest of it waits for, until that takes records again', async () => {
    const { clock, simulator, sent, heldBy, done } = await scene([
      { fault: { type: 'throttle-shard', shardId: hot } },
    ]);
    await runTo(clock, clock.now() + 3000);
    expect(heldBy()).to.deep.equal([{ stream: 's', shardId: hot }]);
    simulator.setFaults([]);
    await done(sent);
    expect(sent.state).to.equal('resolved');
  });

  it('is the stream where the shards are not known', async () => {
    const { clock, heldBy } = await scene([{ fault: { type: 'throttle-shard', shardId: hot } }], {
      shardMap: false,
    });
    await runTo(clock, clock.now() + 3000);
    expect(heldBy()).to.deep.equal([{ stream: 's', shardId: null }]);
  });

  it('is nothing in an outage, which holds up everything alike', async () => {
    const { clock, heldBy } = await scene([
      { fault: { type: 'error', code: 'ServiceUnavailable', commit: 'before' }, timeMs: [400, 1e9] },
    ]);
    await runTo(clock, clock.now() + 3000);
    expect(heldBy()).to.deep.equal([]);
  });
});

describe('kinesis adapter: collecting', () => {
  it('sends what is handed over in one turn in one request, at once', async () => {
    const { clock, send, done, requests, found } = simulated();
    const sends = names(10, 'event-').map((name) => send([name]));
    await done(...sends);
    expect(requests()).to.equal(1);
    expect(clock.now()).to.equal(20);
    expect(found().sort()).to.deep.equal(names(10, 'event-').sort());
  });

  it('sends one that is alone at once, aggregation or not', async () => {
    for (const aggregation of ['none', 'equal-keys', 'shard'] as const) {
      const { clock, send, done } = simulated({}, { aggregation, collectMs: 10_000 });
      await done(send(['a']));
      await done(send(['b']));
      expect(clock.now()).to.equal(40);
    }
  });

  it('fills requests from all sends while as many are under way as may be', async () => {
    const { send, done, requests } = simulated({ limits: false }, { maxInFlight: 1 });
    const first = send(['first']);
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    const sends = names(500, 'x').map((name) => send([name]));
    await done(first, ...sends);
    expect(requests()).to.equal(2);
  });

  it('keeps the order of each send in each shard, whatever else is under way', async () => {
    const { send, done, oracle } = simulated(
      { limits: false, latencyMs: { meanMs: 50, spread: 0.9 } },
      { maxRequestRecords: 50 },
    );
    const sends = names(20, 'send-').map((prefix) => send(names(300, `${prefix}-`)));
    await done(...sends);
    const last = new Map<string, number>();
    for (const { shardId, data } of oracle.records('s')) {
      const [, number, index] = data.toString().split('-');
      const of = `${shardId} ${number}`;
      expect(Number(index)).to.be.greaterThan(last.get(of) ?? -1);
      last.set(of, Number(index));
    }
  });

  it('delays no other shard by one that refuses everything', async () => {
    const { clock, adapter, send, done, simulator, oracle } = simulated();
    await done(send(['warm']));
    simulator.setFaults([
      { fault: { type: 'throttle-shard', shardId: 'shardId-000000000002' }, timeMs: [0, 60_000] },
    ]);
    const sends = names(40, 'send-').map((prefix) => send(names(100, `${prefix}-`)));
    await runTo(clock, 5_000);
    const [refused, ...others] = oracle
      .shards('s')
      .toSorted((a, b) => a.recordsTaken - b.recordsTaken)
      .map(({ recordsTaken }) => recordsTaken);
    expect(refused).to.be.at.most(1);
    expect(others.reduce((sum, taken) => sum + taken, 0)).to.equal(
      4_001 - streamOf(adapter.snapshot(), 's').waiting - (refused ?? 0),
    );
    expect(Math.min(...others)).to.be.greaterThan(900);
    await done(...sends);
    expect(clock.now()).to.be.within(60_000, 65_000);
  });

  it('sends to a shard as before when it takes again, whatever else had failed while it refused everything', async () => {
    const { clock, send, done, simulator } = simulated();
    await done(send(['warm']));
    simulator.setFaults([
      { fault: { type: 'partial' }, rate: 0.2 },
      { fault: { type: 'throttle-shard', shardId: 'shardId-000000000002' }, timeMs: [0, 60_000] },
    ]);
    const sends = names(40, 'send-').map((prefix) => send(names(100, `${prefix}-`)));
    await done(...sends);
    expect(clock.now()).to.be.within(60_000, 65_000);
  });

  it('gives up what only given up sends wait for, and nothing else', async () => {
    const hang: FaultRule = { fault: { type: 'hang', commit: 'before' }, requests: [1, 1] };
    const { clock, send, done, adapter, found } = simulated({ faults: [hang] }, { requestTimeoutMs: 1_000 });
    const controller = new AbortController();
    const [given, kept] = [send(['given up'], { signal: controller.signal }), send(['kept'])];
    await runTo(clock, 500);
    controller.abort();
    await done(given, kept);
    expect([given.state, kept.state]).to.deep.equal(['rejected', 'resolved']);
    expect(found()).to.deep.equal(['kept']);
    expect(streamOf(adapter.snapshot(), 's')).to.deep.include({ waiting: 0, inFlight: 0 });
  });

  it('goes on without a map when it may not be read, and says so once', async () => {
    const denied = { type: 'error', code: 'AccessDeniedException', commit: 'before' } as const;
    const { clock, send, done, context, oracle } = simulated({
      faults: [
        { fault: denied, call: 'ListShards' },
        { fault: denied, call: 'DescribeStreamSummary' },
      ],
    });
    for (let i = 0; i < 5; i++) {
      await done(send(names(10, `${i}-`)));
      await runTo(clock, clock.now() + 60_000);
    }
    expect(oracle.counts().calls).to.deep.include({ PutRecords: 5, ListShards: 1 });
    expect(context.log.map(({ level }) => level)).to.deep.equal(['info']);
  });

  it('sends records as large as the stream says it takes', async () => {
    const MIB = 1024 * 1024;
    const { sendMessages, done, records } = simulated({
      streams: { s: { shards: 1, maxRecordBytes: 4 * MIB } },
    });
    const sizes = [3 * MIB, 5 * MIB];
    const sent = sendMessages(sizes.map((size) => ({ partitionKey: 'k', data: Buffer.alloc(size) })));
    await done(sent);
    expect(records().map(({ data }) => data.byteLength)).to.deep.equal([3 * MIB]);
    expect(sent.error).to.deep.include({ code: 'ERR_RECORDS_REJECTED' });
  });
});

describe('kinesis adapter: aggregation', () => {
  const warm = async ({ send, done }: ReturnType<typeof simulated>) => done(send(['warm']));

  it('puts records of the same shard into one, and sends one that is alone as it is', async () => {
    const world = simulated({}, { aggregation: 'shard' });
    await warm(world);
    await world.done(world.send(names(400, 'event-')));
    const aggregates = world.records().filter(({ data }) => deaggregate(data) !== null);
    expect(aggregates).to.have.length(4);
    await world.done(world.send(['single']));
    expect(world.records().map(({ data }) => data.toString())).to.include('single');
    const read = world.oracle.userRecords('s');
    expect(read.dropped).to.deep.equal([]);
    const came = (records: readonly { readonly arrivedAt: number }[]) =>
      new Set(records.map(({ arrivedAt }) => arrivedAt));
    expect([...came(read.records)])
      .to.have.members([...came(world.oracle.records('s'))])
      .and.to.have.length(3);
    expect(world.found().sort()).to.deep.equal(['warm', 'single', ...names(400, 'event-')].sort());
  });

  it('keeps aggregates within their size, and waits for company until they are full or their time is over', async () => {
    const world = simulated({ streams: { s: 1 }, limits: false }, { aggregation: 'shard', collectMs: 100 });
    await warm(world);
    const now = world.clock.now();
    const sends = names(20, 'send-').map((prefix) => world.send(names(50, `${prefix}-${'x'.repeat(80)}`)));
    await world.done(...sends);
    const sizes = world
      .records()
      .slice(1)
      .map(({ data }) => data.byteLength);
    expect(Math.max(...sizes)).to.be.at.most(25_600);
    // All are full but the last, which went when its send was the only one left.
    expect(sizes.filter((size) => size < 25_000)).to.have.length(1);
    expect(world.clock.now() - now).to.be.at.most(160);
    const late = world.clock.now();
    await world.done(world.send(['a']), world.send(['b']));
    expect(world.clock.now() - late).to.equal(120);
  });

  it('sends a full aggregate at once, and while a request is under way waits for more of them or for the answer', async () => {
    const { clock, send, done, requests, oracle } = simulated(
      { streams: { s: 1 }, latencyMs: 20 },
      { aggregation: 'shard', aggregateBytes: 1_000, collectMs: 10_000 },
    );
    await done(send(['first']));
    const before = { at: clock.now(), requests: requests() };
    const full = (prefix: string) => send(names(12, prefix.padEnd(100, '.')));
    const sends = [full('a')];
    await runTo(clock, before.at + 5);
    expect(requests() - before.requests).to.equal(1);
    sends.push(full('b'), full('c'));
    await runTo(clock, before.at + 15);
    expect(requests() - before.requests).to.equal(1);
    await runTo(clock, before.at + 25);
    expect(requests() - before.requests).to.equal(2);
    // Enough for a request of their own.
    sends.push(...names(8, 'd').map(full));
    await runTo(clock, before.at + 30);
    expect(requests() - before.requests).to.equal(2);
    sends.push(...names(12, 'e').map(full));
    await runTo(clock, before.at + 35);
    expect(requests() - before.requests).to.equal(3);
    await done(...sends, send(['last']));
    expect(oracle.userRecords('s').records).to.have.lengthOf(2 + 23 * 12);
  });

  it('puts only records with equal keys into one when the shards are not known', async () => {
    const world = simulated({}, { aggregation: 'equal-keys', shardMap: false });
    const messages = Array.from({ length: 90 }, (_, i) => ({ partitionKey: `${i % 3}`, data: `event ${i}` }));
    await world.done(world.sendMessages(messages));
    expect(
      world
        .records()
        .map(({ partitionKey }) => partitionKey)
        .sort(),
    ).to.deep.equal(['0', '1', '2']);
    expect(world.oracle.userRecords('s').records).to.have.length(90);
    expect(world.oracle.userRecords('s').dropped).to.deep.equal([]);
  });

  it('leaves records alone on a stream that pays no attention to their keys, whether it may ask or not', async () => {
    const denied: FaultRule = {
      fault: { type: 'error', code: 'AccessDeniedException', commit: 'before' },
      call: 'DescribeStreamSummary',
    };
    for (const faults of [[], [denied]]) {
      const world = simulated(
        { streams: { s: { shards: 4, distribution: 'AUTO' } }, faults },
        { aggregation: 'shard' },
      );
      await warm(world);
      for (let i = 0; i < 10; i++) {
        await world.done(world.send(names(100, `${i}-`)));
        await runTo(world.clock, world.clock.now() + 2_000);
      }
      const before = world.records().length;
      await world.done(world.send(names(100, 'last-')));
      expect(world.records().length - before).to.equal(100);
      const expected = ['warm', ...names(10).flatMap((i) => names(100, `${i}-`)), ...names(100, 'last-')];
      expect(auditOf(world.found(), expected)).to.deep.include({ missing: [], invented: [] });
    }
  });

  it('loses nothing to a reader that drops what is not of its shard, under faults and resharding', async () => {
    const rate = fc.double({ min: 0, max: 0.2, noNaN: true });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('none' as const, 'equal-keys' as const, 'shard' as const),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 6 })), { maxLength: 4 }),
        fc.tuple(rate, rate, rate),
        fc.nat(),
        fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
        async (aggregation, reshards, [partial, before, after], seed, hurried) => {
          const error = { type: 'error', code: 'InternalFailure' } as const;
          const { clock, send, done, found, oracle, adapter } = simulated(
            {
              seed,
              latencyMs: { meanMs: 50, spread: 0.9 },
              faults: [
                { fault: { type: 'partial' }, rate: partial },
                { fault: { ...error, commit: 'before' }, rate: before },
                { fault: { ...error, commit: 'after' }, rate: after },
                ...reshards.map(
                  ([ordinal, shards]): FaultRule => ({
                    fault: { type: 'reshard', shards },
                    requests: [ordinal, ordinal],
                  }),
                ),
              ],
            },
            { aggregation, maxRequestRecords: 100 },
          );
          const sends = [];
          for (let i = 0; i < 20; i++) {
            const isHurried = () => hurried[i] === true;
            sends.push(send(names(60, `${i}-`), { isHurried }));
            await runTo(clock, clock.now() + 50);
            if (i === 10) adapter.hurry();
          }
          await done(...sends);
          const expected = names(20).flatMap((i) => names(60, `${i}-`));
          const audit = auditOf(found(), expected);
          expect([audit.missing, audit.invented]).to.deep.equal([[], []]);
          expect(audit.duplicates).to.be.at.most(oracle.counts().recordsCommittedThenFailed);
          expect(streamOf(adapter.snapshot(), 's')).to.deep.include({ waiting: 0, inFlight: 0 });
        },
      ),
      { numRuns: 60 },
    );
  });
});
