/** What makes a request invalid as a whole, in the words that the service has for it. Pure. */
import { API_RECORDS_MAX, API_REQUEST_BYTES_MAX } from '../../pipeline/adapter/kinesis/request.ts';
import { HASH_KEYS } from './hash-key.ts';
import { breaksRule, invalid } from './service-error.ts';
import { type IncomingRecord, recordBytes } from './stream.ts';

const KEY_CHARACTERS_MAX = 256;
const HASH_KEY = /^(0|[1-9]\d{0,38})$/;

/** Throws for the first thing wrong with a PutRecords of these records to a stream with this limit. */
export function checkRecords(records: readonly IncomingRecord[], maxRecordBytes: number): void {
  if (records.length < 1) throw breaksRule("'[]'", 'records', 'have length greater than or equal to 1');
  if (records.length > API_RECORDS_MAX) {
    const shown = `'[${records.map(() => 'com.amazonaws.kinesis.v20131202.PutRecordsRequestEntry@c965e310').join(', ')}]'`;
    throw breaksRule(shown, 'records', `have length less than or equal to ${API_RECORDS_MAX}`);
  }
  let bytes = 0;
  for (const [i, record] of records.entries()) {
    checkRecord(record, `records.${i + 1}.member.`, maxRecordBytes);
    bytes += recordBytes(record);
  }
  if (bytes > API_REQUEST_BYTES_MAX) throw invalid('Records size exceeds 10 MB limit');
}

export function checkRecord(record: IncomingRecord, path: string, maxRecordBytes: number): void {
  const { PartitionKey: key, ExplicitHashKey: hashKey, Data } = record;
  const keyPath = `${path}partitionKey`;
  if (typeof key !== 'string') throw breaksRule('null', keyPath, 'not be null');
  if (key === '') throw breaksRule("''", keyPath, 'have length greater than or equal to 1');
  if (key.length > KEY_CHARACTERS_MAX && [...key].length > KEY_CHARACTERS_MAX) {
    throw breaksRule(`'${key}'`, keyPath, `have length less than or equal to ${KEY_CHARACTERS_MAX}`);
  }
  if (hashKey !== undefined && hashKey !== null) {
    if (!HASH_KEY.test(hashKey)) {
      throw breaksRule(
        `'${hashKey}'`,
        `${path}explicitHashKey`,
        'satisfy regular expression pattern: 0|([1-9]\\d{0,38})',
      );
    }
    if (BigInt(hashKey) >= HASH_KEYS) {
      throw invalid(
        `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${hashKey}`,
      );
    }
  }
  if (!(Data instanceof Uint8Array)) throw breaksRule('null', `${path}data`, 'not be null');
  if (recordBytes(record) > maxRecordBytes) {
    const shown = `'java.nio.HeapByteBuffer[pos=0 lim=${Data.byteLength} cap=${Data.byteLength}]'`;
    throw breaksRule(shown, `${path}data`, `have length less than or equal to ${maxRecordBytes}`);
  }
}
