/**
 * Reads the answer to a PutRecords that was taken, without the SDK's walk of the schema over 500 results. Pure. Says
 * `null` to whatever is not plainly such an answer: the SDK then reads it in its own way, and says what is wrong with it.
 */
import type { PutRecordsResponse, RecordResult } from './transport.ts';

export function readPutRecordsAnswer(body: Uint8Array): PutRecordsResponse | null {
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch {
    return null;
  }
  if (typeof answer !== 'object' || answer === null) return null;
  const { FailedRecordCount, Records } = answer as Record<string, unknown>;
  if (typeof FailedRecordCount !== 'number' || !Array.isArray(Records) || !Records.every(isResult))
    return null;
  return { FailedRecordCount, Records };
}

function isResult(value: unknown): value is RecordResult {
  if (typeof value !== 'object' || value === null) return false;
  const { SequenceNumber, ShardId, ErrorCode, ErrorMessage } = value as Record<string, unknown>;
  return isText(SequenceNumber) && isText(ShardId) && isText(ErrorCode) && isText(ErrorMessage);
}

/** A member that is not there may be `null`. */
function isText(value: unknown): boolean {
  return typeof value === 'string' || value === undefined || value === null;
}
