/**
 * What an answered PutRecords means, record by record. Pure. A record counts as delivered only with a sequence
 * number and without an error code; `FailedRecordCount` is not relied on.
 */
import { type Failure, recordVerdict } from './failure.ts';
import type { PutRecordsResponse, RecordResult } from './transport.ts';

export type RecordOutcome = 'delivered' | RecordFailure;

export interface RecordFailure extends Failure {
  /** The shard that the error names, if it does. */
  readonly shardId: string | null;
}

/** One outcome per record of the request, in its order. */
export function readResponse(records: number, response: PutRecordsResponse): readonly RecordOutcome[] {
  const results = response.Records ?? [];
  if (results.length !== records) {
    // Nothing tells which result belongs to which record, so none is taken for delivered.
    const failure: RecordFailure = {
      code: 'ResponseLengthMismatch',
      message: `the answer has ${results.length} results for ${records} records`,
      verdict: 'retry',
      shardId: null,
    };
    return new Array<RecordOutcome>(records).fill(failure);
  }
  return results.map(outcomeOf);
}

function outcomeOf({ SequenceNumber, ErrorCode, ErrorMessage }: RecordResult): RecordOutcome {
  if (!ErrorCode && SequenceNumber) return 'delivered';
  const code = ErrorCode || 'MissingSequenceNumber';
  const message =
    ErrorMessage || (ErrorCode ? code : 'the result has neither a sequence number nor an error code');
  return { code, message, verdict: recordVerdict(code), shardId: shardNamedIn(message) };
}

/** "Rate exceeded for shard shardId-000000000001 in stream ... under account ..." */
function shardNamedIn(message: string): string | null {
  return /\bshardId-\d{12}\b/.exec(message)?.[0] ?? null;
}
