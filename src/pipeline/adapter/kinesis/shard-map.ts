/**
 * Which shard a record will go to: the MD5 of its partition key, or its explicit hash key, in the ranges of the open
 * shards (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_HashKeyRange.html). Pure.
 *
 * A hash key is held as 16 characters of one byte each, whose order as text is their order as numbers: made by one
 * call, compared without an object.
 */
import { hash } from 'node:crypto';
import { KeyBytes } from './key-bytes.ts';
import { KeyPlaces } from './key-places.ts';
import { BLOCK_KEY_MAX, endBlock, FIRST, KEY_BYTES_MAX, readKey, SECOND, type Which } from './key-words.ts';
import { md5Heads } from './md5.ts';
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

/** Of the keys whose shard is not remembered one in so many is taken up: where none comes twice, each would be for nothing. */
const REMEMBER_EVERY = 8;

export class ShardMap {
  /** By their place on the ring. */
  readonly shards: readonly OpenShard[];
  /** The closed ones too, by name. */
  readonly #ranges: ReadonlyMap<string, Range>;
  /** The first 53 bits of where each begins. */
  readonly #heads: Float64Array;
  /** Made with the first key: an MD5 takes longer than all else that is done to find a shard. */
  #remembered: KeyPlaces | null = null;
  #forgotten = 0;
  readonly #pair = new Float64Array(2);

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
    this.#heads = Float64Array.from(shards, ({ start }) => headOf(start));
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
    const { PartitionKey, ExplicitHashKey } = keys;
    const place =
      ExplicitHashKey === undefined ? this.placesOf(new KeyBytes([PartitionKey]))[0] : this.#at(hashOf(keys));
    return this.shards[place as number] as OpenShard;
  }

  /** The same of many, which takes less for each. */
  shardsOf(records: readonly Keys[]): readonly OpenShard[] {
    if (records.some(({ ExplicitHashKey }) => ExplicitHashKey !== undefined))
      return records.map((keys) => this.shardOf(keys));
    const places = this.placesOf(new KeyBytes(records.map(({ PartitionKey }) => PartitionKey)));
    return records.map((_, i) => this.shards[places[i] as number] as OpenShard);
  }

  /** Of partition keys: the place in `shards` of the one that a record with it goes to. */
  placesOf(keys: KeyBytes): Uint16Array {
    const places = new Uint16Array(keys.size);
    if (this.shards.length === 1) return places;
    this.#remembered ??= new KeyPlaces();
    const remembered = this.#remembered;
    const { ends, view } = keys;
    // Of the keys that must be hashed, one waits for the next.
    let waiting = -1;
    let start = 0;
    for (let i = 0; i < places.length; i++) {
      const end = ends[i] as number;
      const length = end - start;
      if (length > KEY_BYTES_MAX) places[i] = this.#atKey(keys, i);
      else {
        const which = waiting === -1 ? FIRST : SECOND;
        readKey(view, start, length, which);
        const known = remembered.find(which);
        if (known !== -1) places[i] = known;
        else if (length > BLOCK_KEY_MAX) places[i] = this.#found(this.#atKey(keys, i), which);
        else {
          endBlock(which);
          if (waiting === -1) waiting = i;
          else {
            this.#hash(keys, waiting, places, i);
            waiting = -1;
          }
        }
      }
      start = end;
    }
    if (waiting !== -1) this.#hash(keys, waiting, places);
    return places;
  }

  /** Whether both have the same shards; ranges follow from the names. */
  equals(other: ShardMap): boolean {
    return (
      this.shards.length === other.shards.length &&
      this.shards.every(({ shardId }, i) => shardId === other.shards[i]?.shardId)
    );
  }

  /** The keys that were read: these. */
  #hash(keys: KeyBytes, first: number, places: Uint16Array, second?: number): void {
    md5Heads(this.#pair);
    const pair = this.#pair;
    places[first] = this.#found(this.#placeAt(pair[0] as number, keys, first), FIRST);
    if (second === undefined) return;
    places[second] = this.#found(this.#placeAt(pair[1] as number, keys, second), SECOND);
  }

  /** The place of a key that was read. */
  #found(place: number, which: Which): number {
    if (this.#forgotten++ % REMEMBER_EVERY === 0) this.#remembered?.add(which, place);
    return place;
  }

  #placeAt(head: number, keys: KeyBytes, place: number): number {
    const heads = this.#heads;
    let low = 0;
    let high = heads.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((heads[middle] as number) <= head) low = middle;
      else high = middle - 1;
    }
    // With a boundary in its first 53 bits, it is on this side or on that of the others.
    return heads[low] === head ? this.#atKey(keys, place) : low;
  }

  #atKey({ texts }: KeyBytes, place: number): number {
    return this.#at(hashOf({ PartitionKey: texts[place] as string }));
  }

  #at(hashKey: string): number {
    const { shards } = this;
    let low = 0;
    let high = shards.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((shards[middle] as OpenShard).start <= hashKey) low = middle;
      else high = middle - 1;
    }
    return low;
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

/** The first 53 bits of 128, as a whole number. */
function headOf(hashKey: string): number {
  return Number(BigInt(`0x${Buffer.from(hashKey, 'latin1').toString('hex')}`) >> 75n);
}
