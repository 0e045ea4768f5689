import { expect } from 'chai';
import { KinesisAdapter } from '../../../src/pipeline/adapter/kinesis/kinesis-adapter.ts';
import { kinesisSchema } from '../../../src/pipeline/adapter/kinesis/options.ts';
import { parseOptions } from '../../../src/pipeline/adapter/options.ts';
import { Quantiles } from '../../../src/pipeline/adapter/quantiles.ts';
import { ManualClock, runUntil, SimulatedKinesis } from '../../../src/testing/index.ts';
import { never, testContext } from '../context.ts';
import { names, streamOf, watch } from './bench.ts';

describe('quantiles of durations', () => {
  it('are none of nothing', () => {
    expect(new Quantiles().summary()).to.equal(null);
  });

  it('are within 9 % of what they stand for, and the largest is exact', () => {
    const quantiles = new Quantiles();
    for (let ms = 1; ms <= 1_000; ms++) quantiles.add(ms);
    const { p50, p90, p99, max } = quantiles.summary() ?? { p50: 0, p90: 0, p99: 0, max: 0 };
    expect(p50 / 500).to.be.within(0.99, 1.1);
    expect(p90 / 900).to.be.within(0.99, 1.1);
    expect(p99 / 990).to.be.within(0.99, 1.1);
    expect(max).to.equal(1_000);
  });

  it('count what takes no time, and what takes days', () => {
    const quantiles = new Quantiles();
    quantiles.add(0);
    quantiles.add(1e9);
    expect(quantiles.summary()).to.deep.include({ p50: 1, max: 1e9 });
  });
});

describe('kinesis adapter: what the snapshot says of shards and times', () => {
  it('counts for each shard, and tells aggregates from records', async () => {
    const clock = new ManualClock();
    const simulator = new SimulatedKinesis({ streams: { s: 2 }, latencyMs: 40 }, clock);
    const settings = parseOptions('kinesis()', kinesisSchema, { aggregation: 'shard' });
    const adapter = new KinesisAdapter(settings, simulator.transport(), testContext({ clock }));
    const send = async (data: readonly string[]) => {
      const sent = watch(
        adapter.send(
          's',
          data.map((text) => ({ partitionKey: text, data: text })),
          { signal: never },
        ),
      );
      await runUntil(clock, () => sent.state === 'resolved');
    };
    await send(['warm']);
    await send(names(200, 'event-'));
    const { shards = [], ...stream } = streamOf(adapter.snapshot(), 's');
    expect(stream).to.deep.include({
      recordsSent: 201,
      unitsSent: 3,
      requests: 2,
      requestMs: { p50: 40, p90: 40, p99: 40, max: 40 },
      bufferedMs: { p50: 0, p90: 0, p99: 0, max: 0 },
    });
    expect(
      shards.map(({ shardId, throttles, waiting, share }) => [shardId, throttles, waiting, share]),
    ).to.deep.equal([
      ['shardId-000000000000', 0, 0, null],
      ['shardId-000000000001', 0, 0, null],
    ]);
    expect(shards.reduce((sum, { recordsSent }) => sum + recordsSent, 0)).to.equal(200);
  });

  it('shows which shard throttles, how fast it is sent to and what waits for it', async () => {
    const clock = new ManualClock();
    const simulator = new SimulatedKinesis({ streams: { s: 2 }, latencyMs: 40 }, clock);
    const settings = parseOptions('kinesis()', kinesisSchema, {});
    const adapter = new KinesisAdapter(settings, simulator.transport(), testContext({ clock }));
    const send = (data: readonly string[]) =>
      watch(
        adapter.send(
          's',
          data.map((text) => ({ partitionKey: text, data: text })),
          { signal: never },
        ),
      );
    const warm = send(['warm']);
    await runUntil(clock, () => warm.state === 'resolved');
    // With the first answer the shards are asked for.
    await runUntil(clock, () => (streamOf(adapter.snapshot(), 's').shards ?? []).length === 2);
    const shardId = 'shardId-000000000001';
    simulator.setFaults([{ fault: { type: 'throttle-shard', shardId } }]);
    const sent = send(names(100, 'event-'));
    await runUntil(clock, () => clock.now() > 10_000);
    const [quick, slow] = streamOf(adapter.snapshot(), 's').shards ?? [];
    expect(quick).to.deep.include({ throttles: 0, waiting: 0, share: null });
    expect(slow).to.include({ shardId, recordsSent: 0, share: 0.005 });
    expect(slow?.throttles).to.be.greaterThan(10);
    expect(quick?.oldestWaitingMs).to.equal(null);
    expect(slow?.oldestWaitingMs).to.be.within(9_000, clock.now());
    const { recordsSent, retries, successRate } = streamOf(adapter.snapshot(), 's');
    expect(successRate)
      .to.equal(recordsSent / (recordsSent + retries))
      .and.be.below(1);
    expect((slow?.waiting ?? 0) + (quick?.recordsSent ?? 0)).to.be.within(99, 100);
    simulator.setFaults([]);
    await runUntil(clock, () => sent.state === 'resolved');
  });
});
