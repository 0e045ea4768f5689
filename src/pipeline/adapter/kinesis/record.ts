/**
 * A message made ready for requests: measured once, and checked against what Kinesis would refuse it for alone. What
 * would be refused never enters a request, because there it would take the others with it.
 *
 * Text stays text until it is written into an aggregate or a request. A buffer of its own for each record, kept from the
 * send to the answer, made more work for the garbage collector than all of the aggregate's encoding.
 */
import type { RecordAttempt, Rejection, WireMessage } from '../adapter.ts';
import type { Parcel } from './parcel.ts';
import type { RecordEntry } from './transport.ts';

const ATTEMPTS_KEPT = 10;
const NO_ATTEMPTS: readonly RecordAttempt[] = [];

export class PreparedRecord {
  readonly type = 'record';
  /** Its place in the list that was sent. */
  readonly index: number;
  /** Keys as the API names them, and as `ShardMap` takes them. */
  readonly PartitionKey: string;
  readonly ExplicitHashKey: string | undefined;
  readonly data: string | Uint8Array;
  /** Of the data, text as UTF-8. */
  readonly dataBytes: number;
  readonly bytes: number;
  /** Whether it has been in a request, so that the next one with it is a retry. */
  tried = false;
  /** Where it waits: set while its send is under way. */
  parcel: Parcel | null = null;
  /** The newest requests in which it failed. */
  attempts: readonly RecordAttempt[] = NO_ATTEMPTS;

  constructor({ partitionKey, explicitHashKey, data }: WireMessage, index: number) {
    this.index = index;
    this.PartitionKey = partitionKey;
    this.ExplicitHashKey = explicitHashKey;
    this.data = data;
    this.dataBytes = typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength;
    this.bytes = this.dataBytes + textBytes(partitionKey);
  }

  /** Records that failed together share the attempt: many may wait for a throttled shard for long. */
  failed(attempt: RecordAttempt): void {
    this.attempts = [...this.attempts.slice(1 - ATTEMPTS_KEPT), attempt];
  }

  /** Made anew each time: a record goes out by itself once, or is retried. */
  get entry(): RecordEntry {
    const { PartitionKey, ExplicitHashKey, data } = this;
    const Data = typeof data === 'string' ? Buffer.from(data) : data;
    return ExplicitHashKey === undefined ? { PartitionKey, Data } : { PartitionKey, ExplicitHashKey, Data };
  }
}

export interface Prepared {
  readonly records: PreparedRecord[];
  readonly rejections: Rejection[];
}

export const PARTITION_KEY_CHARACTERS_MAX = 256;
/** Beyond it a loop in JavaScript is slower than a native call. */
const SHORT = 64;
const HASH_KEY_END = 2n ** 128n;

export function prepare(messages: readonly WireMessage[], maxRecordBytes: number): Prepared {
  const records: PreparedRecord[] = [];
  const rejections: Rejection[] = [];
  messages.forEach((message, index) => {
    const record = new PreparedRecord(message, index);
    const problem = problemOf(record, maxRecordBytes);
    if (problem === null) records.push(record);
    else rejections.push({ index, bytes: record.bytes, ...problem });
  });
  return { records, rejections };
}

/** Of a text that is short as a rule: quicker than a call that leaves JavaScript, while it is ASCII. */
function textBytes(text: string): number {
  const { length } = text;
  if (length > SHORT) return Buffer.byteLength(text);
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) >= 0x80) return Buffer.byteLength(text);
  return length;
}

function problemOf(
  { PartitionKey: key, ExplicitHashKey, bytes }: PreparedRecord,
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
  const characters = key.length <= PARTITION_KEY_CHARACTERS_MAX ? key.length : [...key].length;
  if (characters === 0 || characters > PARTITION_KEY_CHARACTERS_MAX) {
    return {
      code: 'InvalidPartitionKey',
      message: `a partition key has 1 to ${PARTITION_KEY_CHARACTERS_MAX} characters, this one has ${characters}`,
      limit: PARTITION_KEY_CHARACTERS_MAX,
    };
  }
  if (ExplicitHashKey !== undefined && !isHashKey(ExplicitHashKey)) {
    return {
      code: 'InvalidExplicitHashKey',
      message: `an explicit hash key is a decimal number from 0 to 2^128 - 1, this one is '${ExplicitHashKey}'`,
      limit: null,
    };
  }
  return null;
}

function isHashKey(text: string): boolean {
  return /^(0|[1-9]\d{0,38})$/.test(text) && BigInt(text) < HASH_KEY_END;
}
