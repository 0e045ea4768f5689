/**
 * Many records in one, in the format of the Kinesis Producer Library, which the Kinesis Client Library, Lambda's
 * helpers and Firehose take apart:
 *
 *     F3 89 9A C2 | AggregatedRecord (protobuf.ts) | MD5 of AggregatedRecord          (16 bytes)
 *
 * The size is known as records are added, so that it is written once, into one buffer, without a copy. Packed records
 * are written as they lie in their pack.
 */
import { hash } from 'node:crypto';
import { KeyTable } from './key-table.ts';
import { type Pack, PLACE_BYTES, PLACES_MAX } from './pack.ts';
import type { Parcel } from './parcel.ts';
import {
  EXPLICIT_HASH_KEY,
  fieldBytes,
  PARTITION_KEY,
  RECORD,
  RECORD_DATA,
  RECORD_HASH_KEY_INDEX,
  RECORD_PARTITION_KEY_INDEX,
  varintBytes,
  writePaddedVarint,
  writeText,
  writeVarint,
} from './protobuf.ts';
import type { PreparedRecord } from './record.ts';
import { Run } from './unit.ts';

const MAGIC = 0xf3899ac2;
const MAGIC_BYTES = 4;
const MD5_BYTES = 16;

const NO_KEYS: ReadonlyMap<number, number> = new Map();

export class AggregateBuilder {
  readonly #members: (PreparedRecord | Run)[] = [];
  /** For each member the place of its key in the table, or of the first key that a run brings; `~` it, if it is known. */
  readonly #places: number[] = [];
  /** By run: its keys that are new to the aggregate, but not to the pack, and their places. */
  readonly #old = new Map<Run, ReadonlyMap<number, number>>();
  readonly #table = new KeyTable();
  readonly #hashKeys = new Map<string, number>();
  #keys = 0;
  #size = 0;
  #bytes = MAGIC_BYTES + MD5_BYTES;

  /** The size of the aggregate as it stands. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many records are in it. */
  get size(): number {
    return this.#size;
  }

  get members(): readonly (PreparedRecord | Run)[] {
    return this.#members;
  }

  /** Adds a record, unless that made the aggregate larger than `bytesMax`. The first is always taken. */
  add(record: PreparedRecord, bytesMax: number): boolean {
    const { PartitionKey, ExplicitHashKey, dataBytes } = record;
    const known = this.#table.find(PartitionKey);
    const place = known === -1 ? this.#keys : known;
    let bytes = known === -1 ? fieldBytes(record.bytes - dataBytes) : 0;
    let inner = 1 + varintBytes(place) + fieldBytes(dataBytes);
    let hashKeyIsNew = false;
    if (ExplicitHashKey !== undefined) {
      const hashKey = this.#hashKeys.get(ExplicitHashKey);
      hashKeyIsNew = hashKey === undefined;
      if (hashKeyIsNew) bytes += fieldBytes(ExplicitHashKey.length);
      inner += 1 + varintBytes(hashKey ?? this.#hashKeys.size);
    }
    bytes += fieldBytes(inner);
    if (this.#bytes + bytes > bytesMax && this.#size > 0) return false;
    if (known === -1) {
      this.#table.add(PartitionKey, place);
      this.#keys++;
    }
    if (hashKeyIsNew) this.#hashKeys.set(ExplicitHashKey as string, this.#hashKeys.size);
    this.#members.push(record);
    this.#places.push(known === -1 ? place : ~place);
    this.#size++;
    this.#bytes += bytes;
    return true;
  }

  /** Adds records of a pack from a place on, as many as `add` would; gives the place after the last. */
  addRun(parcel: Parcel, pack: Pack, from: number, bytesMax: number): number {
    const { ends, keyOf, keysBefore } = pack;
    const known = keysBefore[from] as number;
    const old = new Map<number, number>();
    let bytes = this.#bytes;
    let sizes = 0;
    let keys = this.#keys;
    let start = pack.start(from);
    let to = from;
    for (; to < pack.size; to++) {
      const end = ends[to] as number;
      const key = keyOf[to] as number;
      // New to the pack, or a key of records before `from`.
      const isOld = key < known;
      const isNew = isOld ? !old.has(key) : key === keysBefore[to];
      const more = end - start + (isNew ? (pack.keyEnds[key] as number) - pack.keyStart(key) : 0);
      const isFirst = this.#size === 0 && to === from;
      if ((bytes + more > bytesMax || keys >= PLACES_MAX) && !isFirst) break;
      bytes += more;
      sizes += pack.sizeOf(to);
      if (isNew) keys++;
      if (isNew && isOld) old.set(key, 0);
      start = end;
    }
    if (to === from) return from;
    const place = this.#keys;
    // In the table, those that the run brings come first.
    let next = place + pack.keysUpTo(to) - known;
    for (const key of old.keys()) old.set(key, next++);
    const run = new Run(parcel, pack, from, to, sizes);
    if (old.size > 0) this.#old.set(run, old);
    this.#members.push(run);
    this.#places.push(place);
    this.#size += to - from;
    this.#bytes = bytes;
    this.#keys = keys;
    return to;
  }

  encode(): Buffer {
    const buffer = Buffer.allocUnsafe(this.#bytes);
    this.encodeInto(buffer);
    return buffer;
  }

  /** Writes `bytes` bytes to the beginning of a buffer. */
  encodeInto(buffer: Buffer): void {
    let at = buffer.writeUInt32BE(MAGIC, 0);
    const members = this.#members;
    for (let i = 0; i < members.length; i++) {
      const member = members[i] as PreparedRecord | Run;
      if (member.type === 'run') at = writeKeys(buffer, at, member, this.#oldOf(member));
      else if ((this.#places[i] as number) >= 0)
        at = writeText(buffer, at, PARTITION_KEY, member.PartitionKey);
    }
    for (const key of this.#hashKeys.keys()) at = writeText(buffer, at, EXPLICIT_HASH_KEY, key);
    for (let i = 0; i < members.length; i++) {
      const member = members[i] as PreparedRecord | Run;
      const place = this.#places[i] as number;
      if (member.type === 'run') at = writeRun(buffer, at, member, place, this.#oldOf(member));
      else at = this.#writeRecord(buffer, at, member, place < 0 ? ~place : place);
    }
    buffer.write(hash('md5', buffer.subarray(MAGIC_BYTES, at), 'binary'), at, 'latin1');
  }

  #oldOf(run: Run): ReadonlyMap<number, number> {
    return this.#old.get(run) ?? NO_KEYS;
  }

  #writeRecord(buffer: Buffer, from: number, record: PreparedRecord, place: number): number {
    const { ExplicitHashKey, data, dataBytes } = record;
    const hashKey = ExplicitHashKey === undefined ? -1 : (this.#hashKeys.get(ExplicitHashKey) as number);
    let inner = 1 + varintBytes(place) + fieldBytes(dataBytes);
    if (hashKey >= 0) inner += 1 + varintBytes(hashKey);
    let at = from;
    buffer[at++] = RECORD;
    at = writeVarint(buffer, at, inner);
    buffer[at++] = RECORD_PARTITION_KEY_INDEX;
    at = writeVarint(buffer, at, place);
    if (hashKey >= 0) {
      buffer[at++] = RECORD_HASH_KEY_INDEX;
      at = writeVarint(buffer, at, hashKey);
    }
    buffer[at++] = RECORD_DATA;
    at = writeVarint(buffer, at, dataBytes);
    if (typeof data !== 'string') buffer.set(data, at);
    // As many bytes as characters: ASCII, and one byte each.
    else buffer.write(data, at, data.length === dataBytes ? 'latin1' : 'utf8');
    return at + dataBytes;
  }
}

function writeKeys(
  buffer: Buffer,
  at: number,
  { pack, from, to }: Run,
  old: ReadonlyMap<number, number>,
): number {
  const first = pack.keyStart(pack.keysBefore[from] as number);
  const end = pack.keyStart(pack.keysUpTo(to));
  buffer.set(pack.keys.subarray(first, end), at);
  let place = at + end - first;
  for (const key of old.keys()) {
    const [keyStart, keyEnd] = [pack.keyStart(key), pack.keyEnds[key] as number];
    buffer.set(pack.keys.subarray(keyStart, keyEnd), place);
    place += keyEnd - keyStart;
  }
  return place;
}

function writeRun(
  buffer: Buffer,
  at: number,
  { pack, from, to }: Run,
  place: number,
  old: ReadonlyMap<number, number>,
): number {
  const { ends, dataBytes, keyOf } = pack;
  const start = pack.start(from);
  const end = ends[to - 1] as number;
  buffer.set(pack.records.subarray(start, end), at);
  const known = pack.keysBefore[from] as number;
  const moved = at - start;
  for (let i = from; i < to; i++) {
    const key = keyOf[i] as number;
    const length = dataBytes[i] as number;
    // Before the data stand its length and its tag, and before these the place.
    const where = moved + (ends[i] as number) - length - varintBytes(length) - 1 - PLACE_BYTES;
    writePaddedVarint(buffer, where, key < known ? (old.get(key) as number) : place + key - known);
  }
  return at + end - start;
}
