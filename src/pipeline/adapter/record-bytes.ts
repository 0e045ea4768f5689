/** The size of a record as Kinesis counts it: the data before base64, and the partition key. */
import type { WireMessage } from './adapter.ts';

export function recordBytes({ partitionKey, data }: WireMessage): number {
  return (
    (typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength) + Buffer.byteLength(partitionKey)
  );
}
