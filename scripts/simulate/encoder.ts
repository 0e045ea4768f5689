/**
 * The encoder of aggregates alone, prediction of the shard included, against `aws-kinesis-agg`. Measured by the
 * processor time of this process, because a machine has other things to do.
 */
import { createRequire } from 'node:module';
import type { WireMessage } from '../../src/pipeline/adapter/adapter.ts';
import { AggregateBuilder } from '../../src/pipeline/adapter/kinesis/aggregate.ts';
import { Collector } from '../../src/pipeline/adapter/kinesis/collector.ts';
import { packableMessages } from '../../src/pipeline/adapter/kinesis/packable.ts';
import { Delivery, Parcel } from '../../src/pipeline/adapter/kinesis/parcel.ts';
import { ShardMap } from '../../src/pipeline/adapter/kinesis/shard-map.ts';
import type { Row } from './row.ts';

interface TheirRecord {
  readonly partitionKey: string;
  readonly data: Buffer;
}

interface TheirAggregator {
  checkIfUserRecordFits(record: TheirRecord): boolean;
  addUserRecord(record: TheirRecord): void;
  build(): unknown;
  clearRecords(): void;
}

const EVENTS = 400_000;
const KEYS = 2_000;
/** A send, as it comes from a record type by default. */
const BATCH = 500;
const MAX_RECORD_BYTES = 1024 * 1024;
const ROUNDS = 5;
const AGGREGATE_BYTES = 25_600;

const messages = () =>
  Array.from({ length: EVENTS }, (_, i) => ({
    partitionKey: `user-${String(i % KEYS).padStart(6, '0')}`,
    data: Buffer.alloc(100, i),
  }));

export const encoderRow: Row = {
  name: 'encoder',
  what: 'encoder alone, 100-byte events, 2,000 keys, shard prediction included, against aws-kinesis-agg',
  target: 'at least twice as many events a second of processor time',
  async play() {
    const all = messages();
    const batches = Array.from({ length: EVENTS / BATCH }, (_, i) => all.slice(i * BATCH, (i + 1) * BATCH));
    const collector = new Collector({ aggregation: 'shard', aggregateBytes: AGGREGATE_BYTES, collectMs: 0 });
    collector.setKeys('decide');
    collector.setMap(halves());
    const best = { ours: 0, theirs: 0 };
    // In turns, so that both meet the same machine; the best round of each is what its code can do.
    for (let round = 0; round < ROUNDS; round++) {
      best.ours = Math.max(
        best.ours,
        rate(() => ours(batches, collector)),
      );
      best.theirs = Math.max(
        best.theirs,
        rate(() => theirs(all)),
      );
    }
    const times = best.ours / best.theirs;
    return {
      reached: times >= 2,
      result: `${millions(best.ours)} against ${millions(best.theirs)} million events/s: ${times.toFixed(1)} times`,
      figures: { ours: Math.round(best.ours), theirs: Math.round(best.theirs) },
    };
  },
};

/** As the adapter does with each send, up to where an aggregate is written into a request's body. */
function ours(batches: readonly (readonly WireMessage[])[], collector: Collector): void {
  const builders = new Map<string | null, AggregateBuilder>();
  const scratch = Buffer.allocUnsafe(AGGREGATE_BYTES);
  for (const [ordinal, messages] of batches.entries()) {
    const packable = packableMessages(messages, MAX_RECORD_BYTES);
    const packs = packable && collector.packed(packable);
    if (packs === null) throw new Error('small messages can be packed');
    const delivery = new Delivery({ records: messages.length, ordinal, startedAt: 0 }, () => {});
    for (const { pack, shardId } of packs) {
      const parcel = new Parcel(delivery, pack);
      for (let place = 0; place < pack.size; ) {
        const builder = builders.get(shardId) ?? new AggregateBuilder();
        builders.set(shardId, builder);
        place = builder.addRun(parcel, pack, place, AGGREGATE_BYTES);
        if (place === pack.size) break;
        builder.encodeInto(scratch);
        builders.delete(shardId);
      }
    }
  }
}

function theirs(records: readonly TheirRecord[]): void {
  const { RecordAggregator } = createRequire(import.meta.url)('aws-kinesis-agg') as {
    RecordAggregator: new () => TheirAggregator;
  };
  const aggregator = new RecordAggregator();
  let bytes = 0;
  for (const record of records) {
    bytes += 120;
    if (bytes > AGGREGATE_BYTES) {
      aggregator.build();
      bytes = 120;
    }
    aggregator.addUserRecord(record);
  }
  aggregator.build();
}

function rate(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return EVENTS / ((user + system) / 1_000_000);
}

function halves(): ShardMap {
  const middle = 2n ** 127n;
  const map = ShardMap.of(
    [
      [0n, middle - 1n],
      [middle, 2n ** 128n - 1n],
    ].map(([first, last], i) => ({
      ShardId: `shardId-00000000000${i}`,
      HashKeyRange: { StartingHashKey: String(first), EndingHashKey: String(last) },
    })),
  );
  if (map === null) throw new Error('two halves make a whole');
  return map;
}

function millions(figure: number): string {
  return (figure / 1_000_000).toFixed(2);
}
