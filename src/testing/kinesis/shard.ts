/**
 * One shard: a range of hash keys, its limits, and its records in order. Once closed it takes no more, and its
 * children have its range.
 */
import { toHex } from './hash-key.ts';
import { TokenBucket } from './token-bucket.ts';

/** A record that is in the stream. */
export interface CommittedRecord {
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly explicitHashKey: string | undefined;
  readonly data: Uint8Array;
  /** Milliseconds since the Unix epoch. */
  readonly arrivedAt: number;
  /** Which write request brought it, counted from 1. */
  readonly request: number;
}

export interface ShardLimits {
  readonly recordsPerSecond: number;
  readonly bytesPerSecond: number;
}

export interface ShardRange {
  readonly start: bigint;
  readonly end: bigint;
}

export interface ShardParts {
  readonly index: number;
  readonly range: ShardRange;
  readonly parents: readonly string[];
  readonly startingSequenceNumber: string;
  /** `null` for a shard that takes whatever comes. */
  readonly limits: ShardLimits | null;
  readonly now: number;
}

export class Shard {
  readonly shardId: string;
  readonly range: ShardRange;
  readonly parents: readonly string[];
  readonly startingSequenceNumber: string;
  readonly records: CommittedRecord[] = [];
  recordsTaken = 0;
  bytesTaken = 0;
  recordsRefused = 0;
  endingSequenceNumber: string | null = null;
  readonly #startHex: string;
  readonly #endHex: string;
  readonly #recordTokens: TokenBucket | null;
  readonly #byteTokens: TokenBucket | null;

  constructor({ index, range, parents, startingSequenceNumber, limits, now }: ShardParts) {
    this.shardId = `shardId-${String(index).padStart(12, '0')}`;
    this.range = range;
    this.parents = parents;
    this.startingSequenceNumber = startingSequenceNumber;
    this.#startHex = toHex(range.start);
    this.#endHex = toHex(range.end);
    this.#recordTokens = limits === null ? null : new TokenBucket(limits.recordsPerSecond, now);
    this.#byteTokens = limits === null ? null : new TokenBucket(limits.bytesPerSecond, now);
  }

  get isOpen(): boolean {
    return this.endingSequenceNumber === null;
  }

  startsAtOrBefore(hashKey: string): boolean {
    return this.#startHex <= hashKey;
  }

  holds(hashKey: string): boolean {
    return hashKey >= this.#startHex && hashKey <= this.#endHex;
  }

  /** Whether one more record fits under the limits at `now`; it is counted either way. */
  admits(bytes: number, now: number): boolean {
    const records = this.#recordTokens;
    const room = records === null || (records.has(1, now) && this.#byteTokens?.has(bytes, now) === true);
    if (!room) {
      this.recordsRefused++;
      return false;
    }
    records?.take(1);
    this.#byteTokens?.take(bytes);
    this.recordsTaken++;
    this.bytesTaken += bytes;
    return true;
  }
}
