/**
 * Reads the answer to a PutRecords that was taken, without the SDK's walk of the schema over 500 results. Pure. Says
 * `null` to whatever is not plainly such an answer: the SDK then reads it in its own way, and says what is wrong with it.
 *
 * Where each result is that of a record in the stream, written as the service writes it, no object is made of it: to parse
 * 500 of them takes four times as long as to look where each begins and ends.
 */
import type { PutRecordsResponse, RecordResult } from './transport.ts';

const RESULTS = '"Records":[';
const RESULT = '{"SequenceNumber":"';
const SHARD = '","ShardId":"';
const END = '"}';

export function readPutRecordsAnswer(body: Uint8Array): PutRecordsResponse | null {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return takenIn(bytes) ?? parsed(bytes);
}

/** The answer, if each of its results has a sequence number and a shard, and nothing else. */
function takenIn(bytes: Buffer): PutRecordsResponse | null {
  const text = bytes.toString('latin1');
  const start = text.indexOf(RESULTS) + RESULTS.length;
  if (start < RESULTS.length) return null;
  const taken: string[] = [];
  let shardId = '';
  let at = start;
  for (;;) {
    if (!text.startsWith(RESULT, at)) return null;
    const number = at + RESULT.length;
    const numberEnd = text.indexOf('"', number);
    if (numberEnd <= number || !text.startsWith(SHARD, numberEnd)) return null;
    const shard = numberEnd + SHARD.length;
    // Most often it is that of the one before.
    if (
      !(text.startsWith(shardId, shard) && text.startsWith(END, shard + shardId.length)) ||
      shardId === ''
    ) {
      const shardEnd = text.indexOf('"', shard);
      if (shardEnd <= shard || !text.startsWith(END, shardEnd)) return null;
      shardId = text.slice(shard, shardEnd);
      if (shardId.includes('\\')) return null;
    }
    taken.push(shardId);
    at = shard + shardId.length + END.length;
    if (text.startsWith(']', at)) break;
    if (!text.startsWith(',', at)) return null;
    at++;
  }
  // What is around the results must be an answer by itself.
  const around = parsed(Buffer.from(text.slice(0, start) + text.slice(at), 'latin1'));
  return around?.FailedRecordCount === 0 ? { FailedRecordCount: 0, taken } : null;
}

function parsed(bytes: Buffer): PutRecordsResponse | null {
  let answer: unknown;
  try {
    answer = JSON.parse(bytes.toString());
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
