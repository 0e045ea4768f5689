/**
 * The calls of the Kinesis API that the simulator knows, in the API's own names. Data is bytes here; the HTTP shell
 * has it as base64.
 */
import type { IncomingRecord } from './stream.ts';

export interface StreamReference {
  readonly StreamName?: string | undefined;
  readonly StreamARN?: string | undefined;
}

export interface Calls {
  readonly PutRecords: StreamReference & {
    readonly Records?: readonly IncomingRecord[];
    readonly DryRun?: boolean;
  };
  readonly PutRecord: StreamReference & Partial<IncomingRecord> & { readonly DryRun?: boolean };
  readonly CreateStream: {
    readonly StreamName?: string;
    readonly ShardCount?: number;
    readonly StreamModeDetails?: { readonly StreamMode?: string };
    readonly MaxRecordSizeInKiB?: number;
  };
  readonly DescribeStreamSummary: StreamReference;
  readonly ListShards: StreamReference & {
    readonly NextToken?: string;
    readonly MaxResults?: number;
    readonly ExclusiveStartShardId?: string;
    readonly ShardFilter?: { readonly Type?: string };
  };
  readonly GetShardIterator: StreamReference & {
    readonly ShardId?: string;
    readonly ShardIteratorType?: string;
    readonly StartingSequenceNumber?: string;
    /** Seconds since the Unix epoch. */
    readonly Timestamp?: number;
  };
  readonly GetRecords: { readonly ShardIterator?: string; readonly Limit?: number };
  readonly UpdateShardCount: StreamReference & {
    readonly TargetShardCount?: number;
    readonly ScalingType?: string;
  };
  readonly SplitShard: StreamReference & {
    readonly ShardToSplit?: string;
    readonly NewStartingHashKey?: string;
  };
  readonly MergeShards: StreamReference & {
    readonly ShardToMerge?: string;
    readonly AdjacentShardToMerge?: string;
  };
}

export type CallName = keyof Calls;

/** A call that came in: its name and its input belong together. */
export type Call = { [Name in CallName]: { readonly name: Name; readonly input: Calls[Name] } }[CallName];

export interface RecordAnswer {
  readonly ShardId?: string;
  readonly SequenceNumber?: string;
  readonly ErrorCode?: string;
  readonly ErrorMessage?: string;
}

export interface PutRecordsAnswer {
  readonly FailedRecordCount: number;
  readonly Records: readonly RecordAnswer[];
}

/** How the request ends, as the shells play it. `answer` of a call that answers with nothing is `null`. */
export type Reply =
  | {
      readonly type: 'answer';
      readonly answer: object | null;
      readonly afterMs: number;
      readonly bodyMs: number;
      /** Whoever cannot deliver the answer calls this: its records are in the stream, and nobody was told. */
      readonly unheard: () => void;
    }
  | {
      readonly type: 'error';
      readonly code: string;
      readonly message: string;
      readonly status: number;
      readonly afterMs: number;
    }
  | { readonly type: 'reset'; readonly afterMs: number }
  | { readonly type: 'hang' };
