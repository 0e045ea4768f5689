/**
 * Knows what really happened: what is in which shard and in which order, how often, and how much of it came from
 * requests whose senders were told otherwise. Looks at the shards themselves and believes no answer.
 */
import { deaggregate, type UserRecord } from './deaggregate.ts';
import { hashKeyOf } from './hash-key.ts';
import type { CommittedRecord } from './shard.ts';
import { type IncomingRecord, recordBytes, type Stream } from './stream.ts';
import type { CallName } from './wire-types.ts';

/** Counts since the simulator started, over all streams. */
export interface SimulatorCounts {
  readonly calls: Readonly<Partial<Record<CallName, number>>>;
  readonly recordsCommitted: number;
  readonly bytesCommitted: number;
  /** What AWS bills a provisioned stream for: 25 KB of a record or a part of it, each. */
  readonly payloadUnits: number;
  readonly recordsThrottled: number;
  /** Single records of an answered request that failed by a fault of type `partial`. */
  readonly recordsFailed: number;
  /**
   * Records (those in an aggregate counted one by one) that are in the stream although their sender was told of a
   * failure, or gave up before the answer.
   */
  readonly recordsCommittedThenFailed: number;
  /** How many requests met a fault, by its type. */
  readonly faults: Readonly<Record<string, number>>;
}

/** What is in a stream against what should be. */
export interface Audit {
  readonly missing: readonly string[];
  /** What nobody sent. */
  readonly invented: readonly string[];
  /** How many records are in the stream beyond the first of their id. */
  readonly duplicates: number;
}

export interface ShardState {
  readonly shardId: string;
  readonly open: boolean;
  readonly startingHashKey: string;
  readonly endingHashKey: string;
  readonly recordsTaken: number;
  readonly bytesTaken: number;
  readonly recordsThrottled: number;
}

/** A record as a reader gets it. */
export interface ReadRecord extends UserRecord {
  /** When the record came that it is or lies in. */
  readonly arrivedAt: number;
}

const PAYLOAD_UNIT_BYTES = 25 * 1024;

export class Oracle {
  readonly #stream: (name: string) => Stream;
  readonly #calls = new Map<CallName, number>();
  readonly #faults = new Map<string, number>();
  #recordsCommitted = 0;
  #bytesCommitted = 0;
  #payloadUnits = 0;
  #recordsThrottled = 0;
  #recordsFailed = 0;
  #recordsCommittedThenFailed = 0;

  constructor(stream: (name: string) => Stream) {
    this.#stream = stream;
  }

  /** Every record of a stream, shard by shard, in the order of each shard. */
  records(stream: string): readonly CommittedRecord[] {
    return this.#stream(stream).shards.flatMap(({ records }) => records);
  }

  /**
   * What a reader of the stream gets, shard by shard, by the rule of the Kinesis Client Library: aggregates are taken
   * apart, and of them it drops, without a word, each record whose keys do not belong to the shard it is read from.
   */
  userRecords(stream: string): {
    readonly records: readonly ReadRecord[];
    readonly dropped: readonly ReadRecord[];
  } {
    const records: ReadRecord[] = [];
    const dropped: ReadRecord[] = [];
    for (const shard of this.#stream(stream).shards) {
      for (const { partitionKey, explicitHashKey, data, arrivedAt } of shard.records) {
        const members = deaggregate(data);
        if (members === null) {
          records.push({ partitionKey, explicitHashKey, data: bufferOf(data), arrivedAt });
          continue;
        }
        for (const member of members) {
          const belongs = shard.holds(hashKeyOf(member.partitionKey, member.explicitHashKey));
          (belongs ? records : dropped).push({ ...member, arrivedAt });
        }
      }
    }
    return { records, dropped };
  }

  shards(stream: string): readonly ShardState[] {
    return this.#stream(stream).shards.map((shard) => ({
      shardId: shard.shardId,
      open: shard.isOpen,
      startingHashKey: String(shard.range.start),
      endingHashKey: String(shard.range.end),
      recordsTaken: shard.recordsTaken,
      bytesTaken: shard.bytesTaken,
      recordsThrottled: shard.recordsRefused,
    }));
  }

  /** Compares what a reader of the stream gets with what was to be, by the id that `idOf` finds in a record. */
  audit(stream: string, expected: Iterable<string>, idOf: (data: Buffer) => string): Audit {
    return auditOf(
      this.userRecords(stream).records.map(({ data }) => idOf(data)),
      expected,
    );
  }

  counts(): SimulatorCounts {
    return {
      calls: Object.fromEntries(this.#calls),
      recordsCommitted: this.#recordsCommitted,
      bytesCommitted: this.#bytesCommitted,
      payloadUnits: this.#payloadUnits,
      recordsThrottled: this.#recordsThrottled,
      recordsFailed: this.#recordsFailed,
      recordsCommittedThenFailed: this.#recordsCommittedThenFailed,
      faults: Object.fromEntries(this.#faults),
    };
  }

  asked(call: CallName): void {
    this.#calls.set(call, (this.#calls.get(call) ?? 0) + 1);
  }

  met(fault: string): void {
    this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1);
  }

  /** So many records are in the stream, and whoever sent them was not told. */
  unheard(records: number): void {
    this.#recordsCommittedThenFailed += records;
  }

  committed(record: IncomingRecord): void {
    const bytes = recordBytes(record);
    this.#recordsCommitted++;
    this.#bytesCommitted += bytes;
    this.#payloadUnits += Math.max(1, Math.ceil(bytes / PAYLOAD_UNIT_BYTES));
  }

  throttled(): void {
    this.#recordsThrottled++;
  }

  failed(): void {
    this.#recordsFailed++;
  }
}

function bufferOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** Compares ids that were found with those that were to be found. */
export function auditOf(found: Iterable<string>, expected: Iterable<string>): Audit {
  const seen = new Set<string>();
  let duplicates = 0;
  for (const id of found) {
    if (seen.has(id)) duplicates++;
    else seen.add(id);
  }
  const wanted = new Set(expected);
  return {
    missing: [...wanted].filter((id) => !seen.has(id)),
    invented: [...seen].filter((id) => !wanted.has(id)),
    duplicates,
  };
}
