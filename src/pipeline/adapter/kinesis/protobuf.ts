/**
 * The few words of protobuf that an aggregate is written in, and its layout in the format of the Kinesis Producer Library:
 *
 *     AggregatedRecord { 1: repeated string partition_key_table
 *                        2: repeated string explicit_hash_key_table
 *                        3: repeated Record { 1: uint64 partition_key_index
 *                                             2: optional uint64 explicit_hash_key_index
 *                                             3: bytes data } }
 *
 * https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
 */

/** Field numbers and wire types: all fields are length-delimited but the two indexes. */
export const PARTITION_KEY = 0x0a;
export const EXPLICIT_HASH_KEY = 0x12;
export const RECORD = 0x1a;
export const RECORD_PARTITION_KEY_INDEX = 0x08;
export const RECORD_HASH_KEY_INDEX = 0x10;
export const RECORD_DATA = 0x1a;

/** A text of so many characters has a length of one byte, if they are ASCII. */
const SHORT = 64;

/** A length-delimited field: its tag, its length, itself. */
export function fieldBytes(length: number): number {
  return 1 + varintBytes(length) + length;
}

export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

/** Gives the place after what it has written, as the others here do. */
export function writeVarint(buffer: Buffer, at: number, value: number): number {
  let rest = value;
  let place = at;
  while (rest >= 0x80) {
    buffer[place++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[place++] = rest;
  return place;
}

/** The same in two bytes, whether it needs them or not, for a value below 2^14. */
export function writePaddedVarint(buffer: Buffer, at: number, value: number): void {
  buffer[at] = (value & 0x7f) | 0x80;
  buffer[at + 1] = value >>> 7;
}

/** A field of a text, as UTF-8. */
export function writeText(buffer: Buffer, at: number, tag: number, text: string): number {
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

/** A field of bytes that stand elsewhere: a few, as a rule. */
export function writeField(
  buffer: Buffer,
  at: number,
  tag: number,
  bytes: Buffer,
  from: number,
  to: number,
): number {
  buffer[at] = tag;
  const length = to - from;
  const start = writeVarint(buffer, at + 1, length);
  if (length > SHORT) bytes.copy(buffer, start, from, to);
  else for (let i = 0; i < length; i++) buffer[start + i] = bytes[from + i] as number;
  return start + length;
}
