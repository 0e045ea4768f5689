/**
 * The encoder of aggregates alone, prediction of the shard included, against `aws-kinesis-agg`. Measured by the
 * processor time of this process, because a machine has other things to do.
 */
import { createRequire } from 'node:module';
import { AggregateBuilder } from '../../src/pipeline/adapter/kinesis/aggregate.ts';
import { type PreparedRecord, prepare } from '../../src/pipeline/adapter/kinesis/record.ts';
import { type OpenShard, ShardMap } from '../../src/pipeline/adapter/kinesis/shard-map.ts';
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
/** The records of a send have their shards looked up together. */
const SEND = 500;
/** An odd number. */
const ROUNDS = 9;
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
    const { records } = prepare(all, 1024 * 1024);
    const sends = Array.from({ length: EVENTS / SEND }, (_, i) => records.slice(i * SEND, (i + 1) * SEND));
    const map = halves();
    // In turns, so that both meet the same machine. A first round is thrown away.
    const rounds = Array.from({ length: ROUNDS + 1 }, () => ({
      ours: rate(() => ours(sends, map)),
      theirs: rate(() => theirs(all)),
    })).slice(1);
    const figures = {
      ours: Math.round(median(rounds.map((round) => round.ours))),
      theirs: Math.round(median(rounds.map((round) => round.theirs))),
    };
    const times = median(rounds.map((round) => round.ours / round.theirs));
    return {
      reached: times >= 2,
      result: `${millions(figures.ours)} against ${millions(figures.theirs)} million events/s: ${times.toFixed(1)} times, the median of ${ROUNDS} rounds`,
      figures,
    };
  },
};

function ours(sends: readonly (readonly PreparedRecord[])[], map: ShardMap): void {
  const builders = new Map<string, AggregateBuilder>();
  // As the adapter does on the way into a request's body.
  const scratch = Buffer.allocUnsafe(AGGREGATE_BYTES);
  for (const records of sends) {
    const shards = map.shardsOf(records);
    for (let i = 0; i < records.length; i++) {
      const record = records[i] as PreparedRecord;
      const { shardId } = shards[i] as OpenShard;
      const open = builders.get(shardId);
      if (open?.add(record, AGGREGATE_BYTES) === true) continue;
      open?.encodeInto(scratch);
      const builder = new AggregateBuilder();
      builder.add(record, AGGREGATE_BYTES);
      builders.set(shardId, builder);
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

function median(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[figures.length >> 1] as number;
}
