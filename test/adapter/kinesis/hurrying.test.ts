/** The adapter on a simulated Kinesis: what waits for company goes when somebody waits for it. */
import { expect } from 'chai';
import { deaggregate, type FaultRule, runTo } from '../../../src/testing/index.ts';
import { names } from './bench.ts';
import { simulated } from './simulated.ts';

const COLLECT_MS = 60_000;
const LATENCY_MS = 20;

describe('kinesis adapter: a hurry', () => {
  const scene = async (aggregation: 'shard' | 'equal-keys' = 'shard', faults: readonly FaultRule[] = []) => {
    const options = { aggregation, collectMs: COLLECT_MS, shardMap: aggregation === 'shard' };
    const world = simulated(
      { streams: { s: 1 }, limits: false, latencyMs: LATENCY_MS, faults },
      { ...options, backoff: { initialMs: 10, maxMs: 10 } },
    );
    await world.done(world.send(['warm']));
    const from = { at: world.clock.now(), requests: world.requests(), records: world.records().length };
    const passed = async (ms: number) => runTo(world.clock, world.clock.now() + ms);
    return {
      ...world,
      passed,
      /** So many sends of one record each, none of which is alone. */
      few: (count: number, prefix: string, options = {}) =>
        names(count, prefix).map((name) => world.send([name], options)),
      elapsed: () => world.clock.now() - from.at,
      requests: () => world.requests() - from.requests,
      records: () => world.records().slice(from.records),
    };
  };

  for (const aggregation of ['shard', 'equal-keys'] as const) {
    it(`sends what waits at once, and what comes later waits again (${aggregation})`, async () => {
      const { adapter, few, passed, done, elapsed, requests } = await scene(aggregation);
      const sends = few(3, 'a');
      await passed(1000);
      expect(requests(), 'they wait for company').to.equal(0);
      adapter.hurry();
      await done(...sends);
      expect(elapsed()).to.equal(1000 + LATENCY_MS);
      few(3, 'b');
      await passed(COLLECT_MS - 1);
      expect(requests(), 'these are not meant').to.equal(1);
      await passed(1);
      expect(requests()).to.equal(2);
    });
  }

  it('keeps what it sends in aggregates, the rest of one that is not full too', async () => {
    const { adapter, send, passed, done, elapsed, records } = await scene();
    const sends = [send(names(400, 'x'.repeat(90))), send(['last'])];
    await passed(0);
    adapter.hurry();
    await done(...sends);
    expect(elapsed()).to.be.at.most(2 * LATENCY_MS);
    const sizes = records().map(({ data }) =>
      deaggregate(data) === null ? 'none' : data.byteLength > 25_000,
    );
    expect(sizes, 'full ones at once, the rest with the answer').to.deep.equal([true, true, true, false]);
  });

  it('waits for the answer of a request under way, so that what is handed over meanwhile is sent together', async () => {
    const { adapter, few, passed, done, elapsed, requests, records } = await scene();
    const sends = few(2, 'a');
    await passed(0);
    adapter.hurry();
    for (const [at, prefix] of ['b', 'c', 'd'].entries()) {
      sends.push(...few(2, prefix, { isHurried: () => true }));
      await passed(1);
      expect([requests(), elapsed()]).to.deep.equal([1, at + 1]);
    }
    await done(...sends);
    expect(elapsed()).to.equal(2 * LATENCY_MS);
    expect(records()).to.have.length(2);
  });

  it('holds for a send that comes later and says that it is meant, and for those before it', async () => {
    const { few, passed, done, elapsed, requests } = await scene();
    const before = few(2, 'a', { isHurried: () => false });
    await passed(1000);
    expect(requests()).to.equal(0);
    await done(...before, ...few(2, 'b', { isHurried: () => true }));
    expect([requests(), elapsed()]).to.deep.equal([1, 1000 + LATENCY_MS]);
  });

  it('holds for what is sent again', async () => {
    const partial: FaultRule = { fault: { type: 'partial' }, requests: [2, 4], rate: 1 };
    const { adapter, few, passed, done, elapsed, requests } = await scene('shard', [partial]);
    const sends = few(3, 'a');
    await passed(0);
    adapter.hurry();
    await done(...sends);
    expect(requests()).to.be.greaterThan(1);
    expect(elapsed()).to.be.lessThan(COLLECT_MS / 10);
  });
});
