/**
 * The records of one send for one lane, packed: what they hold in two buffers, what is known of them in numbers. Nothing
 * of it is an object of its own, so the garbage collector has nothing to copy while a request is under way.
 *
 *     keys      [ 0A length key | 0A length key | ... ]                       each key once, in order of appearance
 *     records   [ 1A length 08 key's place 1A length data | ... ]             as an aggregate has them (protobuf.ts)
 *
 * So a run of them is put into an aggregate by two copies, and then each is told the place of its key there: two bytes
 * are kept free for that.
 *
 * The rule: what is packed has not been in a request. What fails is unpacked, and goes on as a `PreparedRecord`.
 */
import { NOT_WRITTEN } from '../../../threads/queue/not-written.ts';
import { KeyTable } from './key-table.ts';
import type { Packable } from './packable.ts';
import {
  PARTITION_KEY,
  RECORD,
  RECORD_DATA,
  RECORD_PARTITION_KEY_INDEX,
  varintBytes,
  writeField,
  writeVarint,
} from './protobuf.ts';
import { PreparedRecord } from './record.ts';

/** The place of a key in an aggregate has two bytes of seven bits. */
export const PLACE_BYTES = 2;
export const PLACES_MAX = 2 ** (7 * PLACE_BYTES);
/** What a record has beside its data: three tags, the place, two lengths. */
const RECORD_ROOM = 3 + PLACE_BYTES + 2 * 4;
/** What a key has beside itself: a tag and a length. */
const KEY_ROOM = 3;

/** What is known of each record, and of each key. */
interface Numbers {
  /** Where each record ends in `records`. */
  readonly ends: Uint32Array;
  readonly dataBytes: Uint32Array;
  /** Which of the keys each has. */
  readonly keyOf: Uint32Array;
  /** How many keys the records before it have: where that is its own key's number, the key is new. */
  readonly keysBefore: Uint32Array;
  /** Where each key ends in `keys`. */
  readonly keyEnds: Uint32Array;
}

export interface PackParts extends Numbers {
  readonly keys: Buffer;
  readonly records: Buffer;
  /** Their places in the list that was sent. */
  readonly indexes: Uint32Array;
  /** Which were text. */
  readonly isText: Uint8Array;
  /** Data and keys of all. */
  readonly bytes: number;
}

/** After so many keys that differ no others are looked for: what comes twice then is not worth it. */
const DISTINCT = 64;

export class Pack {
  readonly size: number;
  readonly bytes: number;
  readonly keys: Buffer;
  readonly records: Buffer;
  readonly ends: Uint32Array;
  readonly dataBytes: Uint32Array;
  readonly keyOf: Uint32Array;
  readonly keysBefore: Uint32Array;
  readonly keyEnds: Uint32Array;
  readonly #indexes: Uint32Array;
  readonly #isText: Uint8Array;

  constructor(parts: PackParts) {
    this.size = parts.indexes.length;
    this.bytes = parts.bytes;
    this.keys = parts.keys;
    this.records = parts.records;
    this.ends = parts.ends;
    this.dataBytes = parts.dataBytes;
    this.keyOf = parts.keyOf;
    this.keysBefore = parts.keysBefore;
    this.keyEnds = parts.keyEnds;
    this.#indexes = parts.indexes;
    this.#isText = parts.isText;
  }

  /** Where the record begins in `records`. */
  start(place: number): number {
    return place === 0 ? 0 : (this.ends[place - 1] as number);
  }

  keyStart(key: number): number {
    return key === 0 ? 0 : (this.keyEnds[key - 1] as number);
  }

  /** Of the key alone. */
  keyBytes(key: number): number {
    return textBytes((this.keyEnds[key] as number) - this.keyStart(key));
  }

  /** Data and key, as Kinesis counts them. */
  sizeOf(place: number): number {
    return (this.dataBytes[place] as number) + this.keyBytes(this.keyOf[place] as number);
  }

  /** How many keys the records up to `place` have. */
  keysUpTo(place: number): number {
    if (place < this.size) return this.keysBefore[place] as number;
    return this.size === 0
      ? 0
      : Math.max(this.keysBefore[place - 1] as number, (this.keyOf[place - 1] as number) + 1);
  }

  keyText(place: number): string {
    const key = this.keyOf[place] as number;
    const end = this.keyEnds[key] as number;
    return this.keys.toString('utf8', end - this.keyBytes(key), end);
  }

  /** The record by itself. It shares no memory with the pack. */
  unpack(place: number): PreparedRecord {
    const end = this.ends[place] as number;
    const start = end - (this.dataBytes[place] as number);
    const data =
      this.#isText[place] === 1
        ? this.records.toString('utf8', start, end)
        : Buffer.from(this.records.subarray(start, end));
    return new PreparedRecord({ partitionKey: this.keyText(place), data }, this.#indexes[place] as number);
  }
}

/**
 * Packs those that `indexes` names. Where `keys` are `'once'`, one that comes again is not written again. `null`: one of them
 * could not be written.
 */
export function pack(
  packable: Packable,
  indexes: Uint32Array,
  { keys: written }: { readonly keys: 'once' | 'each' },
): Pack | null {
  const size = indexes.length;
  const { ends, dataBytes, keyOf, keysBefore, keyEnds } = numbersFor(size);
  const isText = new Uint8Array(size);
  const room = roomFor(packable, indexes);
  const { texts, bytes: keyBytes, ends: keyBytesEnds } = packable.keys;
  const keys: Buffer = Buffer.allocUnsafeSlow(room.keys);
  let records: Buffer = Buffer.allocUnsafeSlow(room.records);
  let table = written === 'once' ? new KeyTable() : null;
  let keyCount = 0;
  let [at, keyAt, bytes] = [0, 0, 0];
  for (let i = 0; i < size; i++) {
    const place = indexes[i] as number;
    keysBefore[i] = keyCount;
    let key = table === null ? -1 : table.find(texts[place] as string);
    if (key === -1) {
      key = keyCount++;
      table?.add(texts[place] as string, key);
      if (keyCount === DISTINCT && i + 1 === keyCount) table = null;
      keyAt = writeField(
        keys,
        keyAt,
        PARTITION_KEY,
        keyBytes,
        packable.keys.startOf(place),
        keyBytesEnds[place] as number,
      );
      keyEnds[key] = keyAt;
    }
    keyOf[i] = key;
    records = withRoom(records, at, packable.bytesMax(place) + RECORD_ROOM);
    // As if it were as long as it is likely to be; where it is not, it may have to be moved.
    const likely = packable.bytesNext(place);
    const start = at + headBytes(likely);
    const end = packable.write(place, records, start);
    if (end === NOT_WRITTEN) return null;
    const length = end - start;
    if (length !== likely) {
      const moved = at + headBytes(length);
      if (moved !== start) records.copyWithin(moved, start, end);
    }
    if (packable.isText(place)) isText[i] = 1;
    at = writeHead(records, at, length) + length;
    ends[i] = at;
    dataBytes[i] = length;
    bytes += length + textBytes((keyEnds[key] as number) - (key === 0 ? 0 : (keyEnds[key - 1] as number)));
  }
  return new Pack({ ends, dataBytes, keyOf, keysBefore, keyEnds, keys, records, indexes, isText, bytes });
}

/** One array, in five parts. */
function numbersFor(size: number): Numbers {
  const all = new Uint32Array(5 * size);
  const part = (which: number) => all.subarray(which * size, (which + 1) * size);
  return { ends: part(0), dataBytes: part(1), keyOf: part(2), keysBefore: part(3), keyEnds: part(4) };
}

/** Enough for the keys, and for data as long as it is likely to be, with room to write the longest without looking what it is. */
function roomFor(packable: Packable, indexes: Uint32Array) {
  const { ends } = packable.keys;
  let [keys, records, longest] = [0, 0, 0];
  for (let i = 0; i < indexes.length; i++) {
    const place = indexes[i] as number;
    const most = packable.bytesMax(place);
    keys += (ends[place] as number) - packable.keys.startOf(place) + KEY_ROOM;
    records += packable.bytesLikely(place) + RECORD_ROOM;
    if (most > longest) longest = most;
  }
  return { keys, records: records + longest };
}

function withRoom(buffer: Buffer, at: number, bytes: number): Buffer {
  if (buffer.length - at >= bytes) return buffer;
  const larger = Buffer.allocUnsafeSlow(2 * buffer.length + bytes);
  larger.set(buffer.subarray(0, at));
  return larger;
}

/** What comes before the data of a record. */
function headBytes(length: number): number {
  const lengthBytes = varintBytes(length);
  return 1 + varintBytes(2 + PLACE_BYTES + lengthBytes + length) + 2 + PLACE_BYTES + lengthBytes;
}

function writeHead(records: Buffer, at: number, length: number): number {
  records[at] = RECORD;
  let place = writeVarint(records, at + 1, 2 + PLACE_BYTES + varintBytes(length) + length);
  records[place] = RECORD_PARTITION_KEY_INDEX;
  place += 1 + PLACE_BYTES;
  records[place] = RECORD_DATA;
  return writeVarint(records, place + 1, length);
}

/** How long a text is that is a field of so many bytes: a key's length has one byte or two. */
function textBytes(field: number): number {
  return field < 2 + 0x80 ? field - 2 : field - 3;
}
