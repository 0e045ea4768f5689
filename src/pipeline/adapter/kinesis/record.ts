/**
 * A message made ready for requests: encoded once, measured once, checked against what Kinesis would refuse it
 * for alone. What would be refused never enters a request, because there it would take the others with it.
 */
import type { Rejection, WireMessage } from '../adapter.ts';
import type { Parcel } from './parcel.ts';
import type { RecordEntry } from './transport.ts';

/** What takes one entry of a request: a record by itself, or an aggregate of several. */
export interface Unit {
  readonly entry: RecordEntry;
  /** Data and partition key, as Kinesis counts them. */
  readonly bytes: number;
  /** The records of an aggregate; `null` for a record by itself. */
  readonly members: readonly PreparedRecord[] | null;
}

export interface PreparedRecord extends Unit {
  /** Its place in the list that was sent. */
  readonly index: number;
  readonly members: null;
  /** Whether it has been in a request, so that the next one with it is a retry. */
  tried: boolean;
  /** Where it waits: set while its send is under way. */
  parcel: Parcel | null;
}

/** Whether it is a record by itself: one without members. */
export function isRecord(unit: Unit): unit is PreparedRecord {
  return unit.members === null;
}

/** The records that a unit brings: itself, or its members. */
export function recordsOf(unit: Unit): readonly PreparedRecord[] {
  return isRecord(unit) ? [unit] : (unit.members ?? []);
}

export interface Prepared {
  readonly records: PreparedRecord[];
  readonly rejections: Rejection[];
}

const PARTITION_KEY_CHARACTERS_MAX = 256;
const HASH_KEY_END = 2n ** 128n;

export function prepare(messages: readonly WireMessage[], maxRecordBytes: number): Prepared {
  const records: PreparedRecord[] = [];
  const rejections: Rejection[] = [];
  messages.forEach((message, index) => {
    const record = encode(message, index);
    const problem = problemOf(record, maxRecordBytes);
    if (problem === null) records.push(record);
    else rejections.push({ index, bytes: record.bytes, ...problem });
  });
  return { records, rejections };
}

function encode({ partitionKey, explicitHashKey, data }: WireMessage, index: number): PreparedRecord {
  const Data = typeof data === 'string' ? Buffer.from(data) : data;
  const entry =
    explicitHashKey === undefined
      ? { PartitionKey: partitionKey, Data }
      : { PartitionKey: partitionKey, ExplicitHashKey: explicitHashKey, Data };
  const bytes = Data.byteLength + Buffer.byteLength(partitionKey);
  return { index, entry, bytes, members: null, tried: false, parcel: null };
}

function problemOf(
  { entry, bytes }: PreparedRecord,
  maxRecordBytes: number,
): Pick<Rejection, 'code' | 'message' | 'limit'> | null {
  if (bytes > maxRecordBytes) {
    return {
      code: 'RecordTooLarge',
      message:
        `the record has ${bytes} bytes with its partition key, the limit is ${maxRecordBytes}; send less, or ` +
        "raise the stream's maximum record size and maxRecordBytes with it",
      limit: maxRecordBytes,
    };
  }
  // Code points are counted only when UTF-16 units are too many: the two differ for few keys.
  const key = entry.PartitionKey;
  const characters = key.length <= PARTITION_KEY_CHARACTERS_MAX ? key.length : [...key].length;
  if (characters === 0 || characters > PARTITION_KEY_CHARACTERS_MAX) {
    return {
      code: 'InvalidPartitionKey',
      message: `a partition key has 1 to ${PARTITION_KEY_CHARACTERS_MAX} characters, this one has ${characters}`,
      limit: PARTITION_KEY_CHARACTERS_MAX,
    };
  }
  if (entry.ExplicitHashKey !== undefined && !isHashKey(entry.ExplicitHashKey)) {
    return {
      code: 'InvalidExplicitHashKey',
      message: `an explicit hash key is a decimal number from 0 to 2^128 - 1, this one is '${entry.ExplicitHashKey}'`,
      limit: null,
    };
  }
  return null;
}

function isHashKey(text: string): boolean {
  return /^(0|[1-9]\d{0,38})$/.test(text) && BigInt(text) < HASH_KEY_END;
}
