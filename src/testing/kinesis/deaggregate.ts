/**
 * Takes records apart that hold many, as a reader does: the format of the Kinesis Producer Library, read by its
 * description and not by the code that writes it. What is no such record, or is damaged, is a record by itself.
 *
 * https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
 */
import { createHash } from 'node:crypto';

export interface UserRecord {
  readonly partitionKey: string;
  readonly explicitHashKey: string | undefined;
  readonly data: Buffer;
}

const MAGIC = Buffer.from([0xf3, 0x89, 0x9a, 0xc2]);
const MD5_BYTES = 16;

/** `null` for a record that is none of this format. */
export function deaggregate(data: Uint8Array): UserRecord[] | null {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (bytes.length < MAGIC.length + MD5_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const message = bytes.subarray(MAGIC.length, bytes.length - MD5_BYTES);
  const sum = createHash('md5').update(message).digest();
  if (!sum.equals(bytes.subarray(bytes.length - MD5_BYTES))) return null;
  const keys: string[] = [];
  const hashKeys: string[] = [];
  const records: UserRecord[] = [];
  for (const { field, value } of fieldsOf(message)) {
    if (!(value instanceof Buffer)) continue;
    if (field === 1) keys.push(value.toString());
    else if (field === 2) hashKeys.push(value.toString());
    else if (field === 3) records.push(userRecord(value, keys, hashKeys));
  }
  return records;
}

function userRecord(message: Buffer, keys: readonly string[], hashKeys: readonly string[]): UserRecord {
  let partitionKey: string | undefined;
  let explicitHashKey: string | undefined;
  let data: Buffer | undefined;
  for (const { field, value } of fieldsOf(message)) {
    if (field === 1) partitionKey = keys[Number(value)];
    else if (field === 2) explicitHashKey = hashKeys[Number(value)];
    else if (field === 3 && value instanceof Buffer) data = value;
  }
  if (partitionKey === undefined || data === undefined)
    throw new Error('an aggregated record lacks its key or data');
  return { partitionKey, explicitHashKey, data };
}

interface Field {
  readonly field: number;
  readonly value: number | Buffer;
}

/** The fields of a protobuf message that has numbers and length-delimited values only. */
function* fieldsOf(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) throw new Error('an aggregated record ends in the midst of a number');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    if (tag % 8 === 0) yield { field, value: varint() };
    else if (tag % 8 === 2) {
      const length = varint();
      yield { field, value: message.subarray(at, at + length) };
      at += length;
    } else throw new Error(`an aggregated record has a field of wire type ${tag % 8}`);
  }
}
