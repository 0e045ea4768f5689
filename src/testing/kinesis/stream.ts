/**
 * One stream: its shards and what is in them. Pure state: the moment is handed in.
 *
 *     0 |---- shard 0 ----|---- shard 1 ----| 2^128        split(shard 1) closes it and opens two
 *       |                 |--- 2 ---|-- 3 --|
 *
 * The rule: at any moment each hash key belongs to exactly one open shard.
 */
import { HASH_KEYS, hashKeyOf } from './hash-key.ts';
import { ACCOUNT, invalid, noShard, ServiceError } from './service-error.ts';
import { type CommittedRecord, Shard, type ShardLimits, type ShardRange } from './shard.ts';

export interface IncomingRecord {
  readonly PartitionKey: string;
  readonly ExplicitHashKey?: string | undefined;
  readonly Data: Uint8Array;
}

/** What a stream is made with, and what may be set on it while it runs. */
export interface StreamSettings {
  readonly shards: number;
  readonly mode: 'PROVISIONED' | 'ON_DEMAND';
  /** Data and partition key of one record. */
  readonly maxRecordBytes: number;
  /** `AUTO`: the stream itself decides where a record goes, whatever its keys. */
  readonly distribution: 'AUTO' | 'USER_PARTITION_KEY';
}

/** Kept, only counted, or handed to a function, each once. */
export type KeepRecords = boolean | ((record: CommittedRecord) => void);

export interface StreamParts extends StreamSettings {
  readonly name: string;
  readonly region: string;
  readonly limits: ShardLimits | null;
  readonly keepRecords: KeepRecords;
  readonly createdAt: number;
  readonly now: number;
}

export type PutOutcome =
  | { readonly type: 'taken'; readonly shardId: string; readonly sequenceNumber: string }
  | { readonly type: 'throttled'; readonly shardId: string; readonly message: string };

const SEQUENCE_DIGITS = 53;

export class Stream {
  readonly name: string;
  readonly arn: string;
  readonly settings: StreamSettings;
  readonly createdAt: number;
  readonly #limits: ShardLimits | null;
  readonly #keepRecords: KeepRecords;
  readonly #shards: Shard[] = [];
  /** The open ones, by their place on the ring. */
  #open: Shard[] = [];
  #sequence = 0;
  #next = 0;

  constructor(parts: StreamParts) {
    this.name = parts.name;
    this.arn = `arn:aws:kinesis:${parts.region}:${ACCOUNT}:stream/${parts.name}`;
    this.settings = parts;
    this.createdAt = parts.createdAt;
    this.#limits = parts.limits;
    this.#keepRecords = parts.keepRecords;
    for (const range of evenly(parts.shards)) this.#add(range, [], parts.now);
  }

  get shards(): readonly Shard[] {
    return this.#shards;
  }

  get openShards(): readonly Shard[] {
    return this.#open;
  }

  shard(shardId: string): Shard {
    const found = this.#shards.find((shard) => shard.shardId === shardId);
    if (found === undefined) throw noShard(shardId, this.name);
    return found;
  }

  /** The open shard that a record with these keys belongs to. */
  shardOf({ PartitionKey, ExplicitHashKey }: IncomingRecord): Shard {
    if (this.settings.distribution === 'AUTO') {
      this.#next = (this.#next + 1) % this.#open.length;
      return this.#open[this.#next] as Shard;
    }
    const hashKey = hashKeyOf(PartitionKey, ExplicitHashKey);
    let low = 0;
    let high = this.#open.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#open[middle]?.startsAtOrBefore(hashKey)) low = middle;
      else high = middle - 1;
    }
    return this.#open[low] as Shard;
  }

  put(record: IncomingRecord, at: { now: number; wallTime: number; request: number }): PutOutcome {
    const shard = this.shardOf(record);
    const { shardId } = shard;
    if (!shard.admits(recordBytes(record), at.now)) return this.throttled(shard);
    const sequenceNumber = this.#nextSequence();
    const keep = this.#keepRecords;
    if (keep !== false) {
      const committed: CommittedRecord = {
        shardId,
        sequenceNumber,
        partitionKey: record.PartitionKey,
        explicitHashKey: record.ExplicitHashKey,
        data: record.Data,
        arrivedAt: at.wallTime,
        request: at.request,
      };
      if (keep === true) shard.records.push(committed);
      else keep(committed);
    }
    return { type: 'taken', shardId, sequenceNumber };
  }

  throttled({ shardId }: Shard): PutOutcome {
    const message = `Rate exceeded for shard ${shardId} in stream ${this.name} under account ${ACCOUNT}.`;
    return { type: 'throttled', shardId, message };
  }

  split(shardId: string, at: bigint, now: number): void {
    const shard = this.#openShard(shardId);
    const { start, end } = shard.range;
    if (at <= start + 1n || at >= end) {
      throw invalid(
        `NewStartingHashKey ${at} used in SplitShard() on shard ${shardId} in stream ${this.name} under account ` +
          `${ACCOUNT} is not both greater than one plus the shard's StartingHashKey ${start} and less than the ` +
          `shard's EndingHashKey ${end}.`,
      );
    }
    this.#close(shard);
    this.#add({ start, end: at - 1n }, [shardId], now);
    this.#add({ start: at, end }, [shardId], now);
  }

  merge(shardId: string, adjacentId: string, now: number): void {
    const first = this.#openShard(shardId);
    const second = this.#openShard(adjacentId);
    if (first.range.end + 1n !== second.range.start) {
      throw invalid(
        `Shards ${shardId} and ${adjacentId} in stream ${this.name} under account ${ACCOUNT} are not an adjacent ` +
          'pair of shards eligible for merging',
      );
    }
    this.#close(first);
    this.#close(second);
    this.#add({ start: first.range.start, end: second.range.end }, [shardId, adjacentId], now);
  }

  /** Closes all open shards and opens `count` of even ranges, each a child of those it overlaps. */
  reshard(count: number, now: number): void {
    const before = this.#open;
    for (const shard of before) this.#close(shard);
    for (const range of evenly(count)) {
      const parents = before.filter((old) => old.range.start <= range.end && old.range.end >= range.start);
      this.#add(
        range,
        parents.map(({ shardId }) => shardId),
        now,
      );
    }
  }

  #openShard(shardId: string): Shard {
    const shard = this.shard(shardId);
    if (!shard.isOpen) {
      throw new ServiceError(
        'ResourceInUseException',
        `Shard ${shardId} in stream ${this.name} under account ${ACCOUNT} is closed.`,
      );
    }
    return shard;
  }

  #add(range: ShardRange, parents: readonly string[], now: number): void {
    const shard = new Shard({
      index: this.#shards.length,
      range,
      parents,
      startingSequenceNumber: this.#nextSequence(),
      limits: this.#limits,
      now,
    });
    this.#shards.push(shard);
    this.#open = [...this.#open, shard].sort((a, b) => (a.range.start < b.range.start ? -1 : 1));
  }

  #close(shard: Shard): void {
    shard.endingSequenceNumber = this.#nextSequence();
    this.#open = this.#open.filter((open) => open !== shard);
  }

  #nextSequence(): string {
    this.#sequence++;
    return `496${String(this.#sequence).padStart(SEQUENCE_DIGITS, '0')}`;
  }
}

/** The size of a record as the limits count it. */
export function recordBytes({ PartitionKey, Data }: IncomingRecord): number {
  return Data.byteLength + Buffer.byteLength(PartitionKey);
}

function evenly(shards: number): ShardRange[] {
  const width = HASH_KEYS / BigInt(shards);
  return Array.from({ length: shards }, (_, i) => ({
    start: width * BigInt(i),
    end: (i === shards - 1 ? HASH_KEYS : width * BigInt(i + 1)) - 1n,
  }));
}
