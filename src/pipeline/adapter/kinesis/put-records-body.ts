/**
 * The body of a PutRecords request, written straight into one buffer. Pure.
 *
 * The SDK's serializer walks the schema for each record and makes base64 in JavaScript; this takes 0.3 us for a record of
 * 213 bytes. Each record is one native write: its text is ASCII, because what is not is escaped.
 */
import type { RecordEntry, StreamTarget } from './transport.ts';

/** What JSON and one byte a character hold as it stands. */
const PLAIN = /^[ !#-[\]-~]*$/;
const BEYOND_ASCII = /[^\0-\x7f]/g;
/** `,{"PartitionKey":,"ExplicitHashKey":"",` and `"Data":""}`. */
const ENTRY_BYTES_MAX = 64;
const END = ']}';

export function putRecordsBody(target: StreamTarget, records: readonly RecordEntry[]): Buffer {
  const reference =
    target.type === 'name'
      ? `"StreamName":${jsonString(target.name)}`
      : `"StreamARN":${jsonString(target.arn)}`;
  const begin = `{${reference},"Records":[`;
  let size = begin.length + END.length;
  const keys: string[] = [];
  for (const { PartitionKey, ExplicitHashKey, Data } of records) {
    const key = jsonString(PartitionKey);
    keys.push(key);
    size +=
      ENTRY_BYTES_MAX + key.length + (ExplicitHashKey?.length ?? 0) + 4 * Math.ceil(Data.byteLength / 3);
  }
  const body = Buffer.allocUnsafe(size);
  let at = body.write(begin, 0, 'latin1');
  let separator = '';
  let i = 0;
  for (const { ExplicitHashKey, Data } of records) {
    const hash = ExplicitHashKey === undefined ? '' : `,"ExplicitHashKey":${jsonString(ExplicitHashKey)}`;
    const entry = `${separator}{"PartitionKey":${keys[i++]}${hash},"Data":"${base64(Data)}"}`;
    at += body.write(entry, at, 'latin1');
    separator = ',';
  }
  at += body.write(END, at, 'latin1');
  return body.subarray(0, at);
}

function jsonString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(
    BEYOND_ASCII,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function base64(data: Uint8Array): string {
  const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return bytes.toString('base64');
}
