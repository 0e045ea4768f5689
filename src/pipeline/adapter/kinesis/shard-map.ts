/**
 * Which shard a record will go to: the MD5 of its partition key, or its explicit hash key, in the ranges of the open
 * shards (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_HashKeyRange.html). Pure.
 *
 * A hash key is held as 16 characters of one byte each, whose order as text is their order as numbers: made by one
 * call, compared without an object.
 */
import { hash } from 'node:crypto';
import type { ShardDescription } from './transport.ts';

/** First and last hash key, both included. */
interface Range {
  readonly start: string;
  readonly end: string;
}

export interface OpenShard extends Range {
  readonly shardId: string;
}

export interface Keys {
  readonly PartitionKey: string;
  readonly ExplicitHashKey?: string | undefined;
}

/** Keys whose shard is remembered: an MD5 costs as much as everything else that is done with a small record. */
const REMEMBERED_MAX = 4_096;

export class ShardMap {
  /** By their place on the ring. */
  readonly shards: readonly OpenShard[];
  /** The closed ones too, by name. */
  readonly #ranges: ReadonlyMap<string, Range>;
  readonly #remembered = new Map<string, OpenShard>();

  /** `null` when the ranges leave a gap or overlap, as a list does that was read while the stream was changed. */
  static of(descriptions: readonly ShardDescription[]): ShardMap | null {
    const shards: (OpenShard & {
      readonly isOpen: boolean;
      readonly first: bigint;
      readonly last: bigint;
    })[] = [];
    for (const { ShardId: shardId, HashKeyRange, SequenceNumberRange } of descriptions) {
      const { StartingHashKey, EndingHashKey } = HashKeyRange ?? {};
      if (shardId === undefined || StartingHashKey === undefined || EndingHashKey === undefined) continue;
      const [first, last] = [BigInt(StartingHashKey), BigInt(EndingHashKey)];
      const isOpen = !SequenceNumberRange?.EndingSequenceNumber;
      shards.push({ shardId, start: ringText(first), end: ringText(last), isOpen, first, last });
    }
    const open = shards.filter(({ isOpen }) => isOpen).sort((a, b) => (a.first < b.first ? -1 : 1));
    let next = 0n;
    for (const { first, last } of open) {
      if (first !== next) return null;
      next = last + 1n;
    }
    if (next !== 2n ** 128n) return null;
    return new ShardMap(
      open.map(({ shardId, start, end }) => ({ shardId, start, end })),
      new Map(shards.map(({ shardId, start, end }) => [shardId, { start, end }])),
    );
  }

  private constructor(shards: readonly OpenShard[], ranges: ReadonlyMap<string, Range>) {
    this.shards = shards;
    this.#ranges = ranges;
  }

  knows(shardId: string): boolean {
    return this.#ranges.has(shardId);
  }

  /** Whether a record is of the range of this shard, open or closed; false for a shard that is not known. */
  isOf(shardId: string, keys: Keys): boolean {
    const range = this.#ranges.get(shardId);
    if (range === undefined) return false;
    const hashKey = hashOf(keys);
    return hashKey >= range.start && hashKey <= range.end;
  }

  shardOf(keys: Keys): OpenShard {
    if (keys.ExplicitHashKey !== undefined) return this.#at(hashOf(keys));
    const key = keys.PartitionKey;
    const remembered = this.#remembered.get(key);
    if (remembered !== undefined) return remembered;
    const shard = this.#at(hashOf(keys));
    // Cleared as a whole: keeping an order of use costs more than the few hashes that it saves.
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.set(key, shard);
    return shard;
  }

  /** Whether both have the same shards; ranges follow from the names. */
  equals(other: ShardMap): boolean {
    return (
      this.shards.length === other.shards.length &&
      this.shards.every(({ shardId }, i) => shardId === other.shards[i]?.shardId)
    );
  }

  #at(hashKey: string): OpenShard {
    const { shards } = this;
    let low = 0;
    let high = shards.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((shards[middle] as OpenShard).start <= hashKey) low = middle;
      else high = middle - 1;
    }
    return shards[low] as OpenShard;
  }
}

/** Where on the ring of hash keys a record stands. */
export function hashOf({ PartitionKey, ExplicitHashKey }: Keys): string {
  return ExplicitHashKey === undefined
    ? hash('md5', PartitionKey, 'binary')
    : ringText(BigInt(ExplicitHashKey));
}

/** The same as a decimal number, for `ExplicitHashKey`. */
export function hashKeyNumber(keys: Keys): string {
  return String(BigInt(`0x${Buffer.from(hashOf(keys), 'latin1').toString('hex')}`));
}

function ringText(hashKey: bigint): string {
  return Buffer.from(hashKey.toString(16).padStart(32, '0'), 'hex').toString('latin1');
}
