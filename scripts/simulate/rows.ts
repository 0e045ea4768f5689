/** What is shown: each row plays one story to its end and says what came of it, beside what was to be reached. */
import type { KinesisOptions } from '../../src/pipeline/adapter/kinesis/options.ts';
import { encoderRow } from './encoder.ts';
import { hotShard } from './hot-shard.ts';
import { orderRow } from './order.ts';
import type { Row } from './row.ts';
import { sizesRow } from './sizes.ts';
import { STREAM, World } from './world.ts';

const SECOND = 1_000;
const SHARD = 1_000;
const BY_SHARD: KinesisOptions = { aggregation: 'shard' };

const percent = (part: number) => `${(part * 100).toFixed(1)} %`;
const rounded = (figure: number) => Math.round(figure * 10_000) / 10_000;

/** `count` producers that together offer twice what four shards take. */
function overload(
  count: number,
  seconds: number,
  targets: { capacity: number; refused: number; fair: number } | null,
): Row {
  const wanted =
    targets === null
      ? 'reported'
      : `${percent(targets.capacity)} of capacity, refused under ${percent(targets.refused)}` +
        (count > 1 ? `, least-served at ${targets.fair} of the fair share` : '');
  return {
    name: `overload-${count}`,
    what: `4 shards, twice their capacity offered, ${count} producer${count > 1 ? 's' : ''}, ${seconds} s`,
    target: wanted,
    async play() {
      const producer = { rate: (8 * SHARD) / count, forMs: seconds * SECOND };
      const world = new World({ shards: 4, keepRecords: false, producers: new Array(count).fill(producer) });
      await world.runTo(seconds * SECOND);
      const { recordsCommitted, calls } = world.kinesis.oracle.counts();
      const sent = world.producers.map(({ adapter }) => adapter.snapshot().streams[0]?.recordsSent ?? 0);
      const capacity = recordsCommitted / (4 * SHARD * seconds);
      const fair = Math.min(...sent) / (sent.reduce((sum, each) => sum + each, 0) / count);
      const { refused } = world;
      return {
        reached:
          targets === null ||
          (capacity >= targets.capacity && refused < targets.refused && fair >= targets.fair),
        result:
          `${percent(capacity)} of capacity, ${percent(refused)} refused` +
          (count > 1 ? `, least-served at ${fair.toFixed(2)} of the fair share` : ''),
        figures: {
          capacity: rounded(capacity),
          refused: rounded(refused),
          leastServed: rounded(fair),
          requests: calls.PutRecords ?? 0,
        },
      };
    },
  };
}

const reshard: Row = {
  name: 'reshard',
  what: 'splits and merges in mid-run with aggregation, read by the rule of the Kinesis Client Library',
  target: '0 missing',
  async play() {
    const world = new World({
      shards: 2,
      limits: false,
      producers: [{ rate: 5_000, forMs: 20 * SECOND, adapter: BY_SHARD }],
    });
    for (const [second, shards] of [
      [4, 4],
      [8, 3],
      [12, 8],
      [16, 1],
    ] as const) {
      await world.runTo(second * SECOND);
      world.kinesis.reshard(STREAM, shards);
    }
    await world.drain();
    const { missing, invented, duplicates } = world.audit();
    const { dropped } = world.kinesis.oracle.userRecords(STREAM);
    return {
      reached: missing.length === 0 && invented.length === 0,
      result: `${missing.length} missing of 100,000; ${dropped.length} were sent again because readers drop them, ${duplicates} duplicates`,
      figures: { missing: missing.length, invented: invented.length, duplicates, dropped: dropped.length },
    };
  },
};

function faults(aggregation: 'none' | 'shard'): Row {
  return {
    name: `faults-${aggregation}`,
    what: `5 % partial failures, 5 % error before commit, 3 % after, latency 50 ms +- 75 %, 1,000,000 events, aggregation ${aggregation}`,
    target: '0 missing, 0 invented, duplicates no more than what was committed and then failed',
    async play() {
      const world = new World({
        shards: 16,
        faults: [
          { fault: { type: 'partial' }, rate: 0.05 },
          { fault: { type: 'error', code: 'InternalFailure', commit: 'before' }, rate: 0.05 },
          { fault: { type: 'error', code: 'InternalFailure', commit: 'after' }, rate: 0.03 },
        ],
        producers: [{ rate: 12_500, forMs: 80 * SECOND, adapter: { aggregation } }],
      });
      const ms = await world.drain();
      const { missing, invented, duplicates } = world.audit();
      const { recordsCommittedThenFailed } = world.kinesis.oracle.counts();
      return {
        reached: missing.length === 0 && invented.length === 0 && duplicates <= recordsCommittedThenFailed,
        result: `${missing.length} missing, ${invented.length} invented, ${duplicates} duplicates (${recordsCommittedThenFailed} records committed, then failed), ${(ms / SECOND).toFixed(0)} s`,
        figures: {
          missing: missing.length,
          invented: invented.length,
          duplicates,
          recordsCommittedThenFailed,
          ms,
        },
      };
    },
  };
}

const outage: Row = {
  name: 'outage',
  what: 'outage of 30 s at 100 % errors, then recovery; 4 shards, 2,000 events/s',
  target: '0 missing; drained in at most twice the time that the shards need',
  async play() {
    const [from, until, end] = [10 * SECOND, 40 * SECOND, 60 * SECOND];
    const world = new World({
      shards: 4,
      faults: [
        { fault: { type: 'error', code: 'ServiceUnavailable', commit: 'before' }, timeMs: [from, until] },
      ],
      producers: [{ rate: 2_000, forMs: end }],
    });
    await world.runTo(until);
    const delivered = world.kinesis.oracle.counts().recordsCommitted;
    const drainedMs = (await world.drain()) - until;
    const offered = (end / SECOND) * 2_000;
    const neededMs = ((offered - delivered) / (4 * SHARD)) * SECOND;
    const { missing } = world.audit();
    return {
      reached: missing.length === 0 && drainedMs <= 2 * neededMs,
      result:
        `${missing.length} missing; what waited and what came until the end was delivered in ` +
        `${(drainedMs / SECOND).toFixed(1)} s (the shards need ${(neededMs / SECOND).toFixed(1)} s)`,
      figures: { missing: missing.length, drainedMs: rounded(drainedMs), neededMs },
    };
  },
};

const hour: Row = {
  name: 'hour',
  what: 'one hour of outage',
  target: '0 dead letters, 0 missing',
  async play() {
    const world = new World({
      shards: 4,
      faults: [
        {
          fault: { type: 'error', code: 'InternalFailure', commit: 'before' },
          timeMs: [SECOND, 3_600 * SECOND],
        },
      ],
      producers: [{ rate: 100, forMs: 3_600 * SECOND }],
    });
    const done = await world.drain();
    const { missing } = world.audit();
    const rejected = world.producers.reduce((sum, producer) => sum + producer.rejected, 0);
    const requests = world.kinesis.oracle.counts().calls.PutRecords ?? 0;
    return {
      reached: missing.length === 0 && rejected === 0,
      result: `${rejected} dead letters, ${missing.length} missing of 360,000, all delivered ${((done - 3_600 * SECOND) / SECOND).toFixed(0)} s after it, ${requests} requests`,
      figures: { rejected, missing: missing.length, requests, doneMs: done },
    };
  },
};

const oneShard: Row = {
  name: 'one-shard',
  what: 'one of four shards refuses everything for 60 s, 1,000 records/s offered to each; the adapter alone, sends unbounded',
  target: 'the other three at 90 % of what is offered to them or more; then 0 missing',
  async play() {
    const seconds = 60;
    const world = new World({
      shards: 4,
      faults: [
        { fault: { type: 'throttle-shard', shardId: 'shardId-000000000001' }, timeMs: [0, seconds * SECOND] },
      ],
      producers: [{ rate: 3_900, forMs: seconds * SECOND, demand: Number.POSITIVE_INFINITY }],
    });
    let waitsAt: number | null = null;
    for (let second = 1; second <= seconds; second++) {
      await world.runTo(second * SECOND);
      const snapshot = world.producers[0]?.adapter.snapshot().streams[0];
      if (waitsAt === null && (snapshot?.waiting ?? 0) * EVENT_AND_KEY_BYTES > PARKED_BYTES) waitsAt = second;
    }
    const others = world.kinesis.oracle
      .shards(STREAM)
      .filter(({ shardId }) => shardId !== 'shardId-000000000001')
      .map(({ recordsTaken }) => recordsTaken / ((3_900 / 4) * seconds));
    await world.drain();
    const { missing } = world.audit();
    return {
      reached: Math.min(...others) >= 0.9 && missing.length === 0,
      result: `the others at ${others.map(percent).join(', ')} of what is offered; ${missing.length} missing; 16 MiB wait ${waitsAt === null ? 'at no time' : `after ${waitsAt} s`}`,
      figures: { least: rounded(Math.min(...others)), missing: missing.length },
    };
  },
};
const EVENT_AND_KEY_BYTES = 112;
const PARKED_BYTES = 16 * 1024 * 1024;

function ratio(shards: number, wanted: number): Row {
  return {
    name: `ratio-${shards}`,
    what: `aggregation ratio, 100-byte events, distinct keys, ${shards} shard${shards > 1 ? 's' : ''}, 50,000 events/s`,
    target: `at least ${wanted} events an aggregate`,
    async play() {
      const world = new World({
        shards,
        limits: false,
        producers: [{ rate: 50_000, forMs: 10 * SECOND, adapter: BY_SHARD }],
      });
      await world.drain();
      const { recordsCommitted, calls, payloadUnits } = world.kinesis.oracle.counts();
      const { missing, duplicates } = world.audit();
      const events = 500_000;
      const achieved = events / recordsCommitted;
      return {
        reached: achieved >= wanted && missing.length === 0 && duplicates === 0,
        result: `${achieved.toFixed(0)} events a record; ${payloadUnits * 2} billing units and ${(calls.PutRecords ?? 0) * 2} requests per million events`,
        figures: {
          ratio: rounded(achieved),
          unitsPerMillion: payloadUnits * 2,
          requestsPerMillion: (calls.PutRecords ?? 0) * 2,
        },
      };
    },
  };
}

const units: Row = {
  name: 'units',
  what: 'billing units and requests per million 100-byte events, aggregation shard against none',
  target: 'at least 150 times fewer units',
  async play() {
    const measured = [];
    for (const aggregation of ['none', 'shard'] as const) {
      const world = new World({
        shards: 10,
        limits: false,
        producers: [{ rate: 50_000, forMs: 10 * SECOND, adapter: { aggregation } }],
      });
      await world.drain();
      const { payloadUnits, calls } = world.kinesis.oracle.counts();
      measured.push({ units: payloadUnits * 2, requests: (calls.PutRecords ?? 0) * 2 });
    }
    const [plain, aggregated] = measured as [
      { units: number; requests: number },
      { units: number; requests: number },
    ];
    const fewer = plain.units / aggregated.units;
    return {
      reached: fewer >= 150,
      result: `${plain.units} units in ${plain.requests} requests against ${aggregated.units} in ${aggregated.requests}: ${fewer.toFixed(0)} times fewer`,
      figures: {
        plainUnits: plain.units,
        plainRequests: plain.requests,
        units: aggregated.units,
        requests: aggregated.requests,
      },
    };
  },
};

export const rows: readonly Row[] = [
  overload(1, 60, { capacity: 0.97, refused: 0.05, fair: 1 }),
  overload(2, 60, { capacity: 0.95, refused: 0.1, fair: 0.5 }),
  overload(10, 60, { capacity: 0.95, refused: 0.1, fair: 0.5 }),
  overload(100, 30, null),
  reshard,
  faults('none'),
  faults('shard'),
  outage,
  hour,
  oneShard,
  hotShard(64, 'to reach'),
  hotShard(16, 'reported'),
  ratio(1, 150),
  ratio(10, 150),
  ratio(100, 100),
  units,
  sizesRow,
  encoderRow,
  orderRow,
];
