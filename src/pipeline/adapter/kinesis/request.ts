/**
 * How many of the records that wait go into the next request. Pure. Limits of PutRecords: 500 records and 10 MiB
 * with partition keys (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html).
 */

export interface RequestLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
  /** No two records with one partition key. */
  readonly onePerKey?: boolean;
}

interface Sized {
  readonly bytes: number;
  readonly PartitionKey: string;
}

export const API_RECORDS_MAX = 500;
export const API_REQUEST_BYTES_MAX = 10 * 1024 * 1024;

/**
 * The length of the longest prefix that fits. Never 0 for a list that is not empty: a record larger than a whole
 * request may be goes alone, and whoever refuses it says why.
 */
export function requestLength(records: readonly Sized[], limits: RequestLimits): number {
  let bytes = 0;
  let length = 0;
  const keys = limits.onePerKey === true ? new Set<string>() : null;
  for (const record of records) {
    if (length === limits.maxRecords || keys?.has(record.PartitionKey) === true) break;
    keys?.add(record.PartitionKey);
    bytes += record.bytes;
    if (length > 0 && bytes > limits.maxBytes) break;
    length++;
  }
  return length;
}
