/**
 * Many records in one, in the format of the Kinesis Producer Library, which the Kinesis Client Library, Lambda's
 * helpers and Firehose take apart:
 *
 *     F3 89 9A C2 | AggregatedRecord | MD5 of AggregatedRecord          (16 bytes)
 *
 *     AggregatedRecord { 1: repeated string partition_key_table
 *                        2: repeated string explicit_hash_key_table
 *                        3: repeated Record { 1: uint64 partition_key_index
 *                                             2: optional uint64 explicit_hash_key_index
 *                                             3: bytes data } }
 *
 * https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
 *
 * The size is known as records are added, so that it is written once, into one buffer, without a copy.
 */
import { hash } from 'node:crypto';
import type { PreparedRecord } from './record.ts';

const MAGIC = 0xf3899ac2;
const MAGIC_BYTES = 4;
const MD5_BYTES = 16;

/** A text of so many characters has a length of one byte, if they are ASCII. */
const SHORT = 64;

/** Field numbers and wire types: all fields are length-delimited but the two indexes. */
const PARTITION_KEY = 0x0a;
const EXPLICIT_HASH_KEY = 0x12;
const RECORD = 0x1a;
const RECORD_PARTITION_KEY_INDEX = 0x08;
const RECORD_HASH_KEY_INDEX = 0x10;
const RECORD_DATA = 0x1a;

export class AggregateBuilder {
  readonly records: PreparedRecord[] = [];
  readonly #keys = new KeyTable();
  /** Each record's place in the table of keys. */
  readonly #places: number[] = [];
  readonly #hashKeys = new Map<string, number>();
  #bytes = MAGIC_BYTES + MD5_BYTES;

  /** The size of the aggregate as it stands. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a record, unless that made the aggregate larger than `bytesMax`. The first is always taken. */
  add(record: PreparedRecord, bytesMax: number): boolean {
    const { PartitionKey, ExplicitHashKey, dataBytes } = record;
    const known = this.#keys.find(PartitionKey);
    const place = known === -1 ? this.#keys.texts.length : known;
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
    if (this.#bytes + bytes > bytesMax && this.records.length > 0) return false;
    if (known === -1) this.#keys.add(PartitionKey);
    if (hashKeyIsNew) this.#hashKeys.set(ExplicitHashKey as string, this.#hashKeys.size);
    this.#places.push(place);
    this.records.push(record);
    this.#bytes += bytes;
    return true;
  }

  encode(): Uint8Array {
    const buffer = Buffer.allocUnsafe(this.#bytes);
    let at = buffer.writeUInt32BE(MAGIC, 0);
    for (const key of this.#keys.texts) at = writeText(buffer, at, PARTITION_KEY, key);
    for (const key of this.#hashKeys.keys()) at = writeText(buffer, at, EXPLICIT_HASH_KEY, key);
    for (let i = 0; i < this.records.length; i++) {
      const { ExplicitHashKey, data, dataBytes } = this.records[i] as PreparedRecord;
      const place = this.#places[i] as number;
      const hashKey = ExplicitHashKey === undefined ? -1 : (this.#hashKeys.get(ExplicitHashKey) as number);
      let inner = 1 + varintBytes(place) + fieldBytes(dataBytes);
      if (hashKey >= 0) inner += 1 + varintBytes(hashKey);
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
      at += dataBytes;
    }
    buffer.write(hash('md5', buffer.subarray(MAGIC_BYTES, at), 'binary'), at, 'latin1');
    return buffer;
  }
}

const SLOTS = 512;

/**
 * The keys of one aggregate, in order, and where most of them are: each is looked for in the one slot that its length
 * and three of its characters lead to. A key that another has driven from its slot is written twice, which costs its
 * bytes and nothing else; a Map of all of them cost more than the rest of the encoder.
 */
class KeyTable {
  readonly texts: string[] = [];
  #slots: Uint32Array | null = null;
  #slot = 0;

  /** Its place in the table, or -1. */
  find(key: string): number {
    const { length } = key;
    const last = key.charCodeAt(length - 1);
    const before = length > 1 ? key.charCodeAt(length - 2) : 0;
    this.#slot = (last + before * 31 + key.charCodeAt(length >> 1) * 7 + length * 13) % SLOTS;
    if (this.#slots === null) return this.texts[0] === key ? 0 : -1;
    const place = (this.#slots[this.#slot] as number) - 1;
    return place >= 0 && this.texts[place] === key ? place : -1;
  }

  /** Adds the key that was looked for and not found. */
  add(key: string): void {
    // Where all keys are equal there is one, and no need for slots.
    if (this.texts.length > 0) this.#slots ??= new Uint32Array(SLOTS);
    this.texts.push(key);
    if (this.#slots !== null) this.#slots[this.#slot] = this.texts.length;
  }
}

/** A length-delimited field: its tag, its length, itself. */
function fieldBytes(length: number): number {
  return 1 + varintBytes(length) + length;
}

function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

function writeVarint(buffer: Buffer, at: number, value: number): number {
  let rest = value;
  let place = at;
  while (rest >= 0x80) {
    buffer[place++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[place++] = rest;
  return place;
}

function writeText(buffer: Buffer, at: number, tag: number, text: string): number {
  buffer[at] = tag;
  const { length } = text;
  if (length <= SHORT) {
    // Most keys are short and of one byte a character: quicker than a call that leaves JavaScript.
    let place = at + 2;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) return writeLongText(buffer, at + 1, text);
      buffer[place++] = unit;
    }
    buffer[at + 1] = length;
    return place;
  }
  return writeLongText(buffer, at + 1, text);
}

function writeLongText(buffer: Buffer, at: number, text: string): number {
  const start = writeVarint(buffer, at, Buffer.byteLength(text));
  return start + buffer.write(text, start);
}
