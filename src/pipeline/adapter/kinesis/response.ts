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

export interface Reading {
  /** One for each entry of the request, in its order; `null`: all are in the stream. */
  readonly outcomes: readonly RecordOutcome[] | null;
  /** The shard that each was put into. */
  readonly shardIds: readonly (string | null)[];
}

/** What became of so many entries. */
export function readResponse(entries: number, response: PutRecordsResponse): Reading {
  const { taken, Records = [] } = response;
  const results = taken ?? Records;
  if (results.length !== entries) {
    // Nothing tells which result belongs to which record, so none is taken for delivered.
    const failure: RecordFailure = {
      code: 'ResponseLengthMismatch',
      message: `the answer has ${results.length} results for ${entries} records`,
      verdict: 'retry',
      shardId: null,
    };
    return {
      outcomes: new Array<RecordOutcome>(entries).fill(failure),
      shardIds: new Array<null>(entries).fill(null),
    };
  }
  if (taken !== undefined) return { outcomes: null, shardIds: taken };
  const outcomes = Records.map(outcomeOf);
  return {
    outcomes: outcomes.every((outcome) => outcome === 'delivered') ? null : outcomes,
    shardIds: Records.map(({ ShardId }) => ShardId ?? null),
  };
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
