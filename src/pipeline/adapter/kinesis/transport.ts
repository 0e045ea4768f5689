/**
 * The transport port: the few calls of the Kinesis API that the adapter makes, in the API's own shapes, so that a
 * record is built once and goes through unchanged. The AWS SDK is one implementation; a scripted or a simulated
 * Kinesis is another. A transport decides nothing: it answers or throws, once per call, and never tries again.
 */

/** Where records go. */
export type StreamTarget =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'arn'; readonly arn: string };

/** An entry of PutRecords. */
export interface RecordEntry {
  readonly PartitionKey: string;
  readonly ExplicitHashKey?: string;
  readonly Data: Uint8Array;
}

/** Entries that write themselves into the body of a request. */
export interface WrittenEntries {
  readonly size: number;
  /** Not more than this. */
  readonly bodyBytes: number;
  /** Writes each with a comma before it; gives the place after the last. */
  write(body: Buffer, at: number): number;
}

export interface PutRecordsRequest {
  readonly target: StreamTarget;
  /** Each entry. Made when it is asked for: who writes a body has no need of it. */
  readonly records: readonly RecordEntry[];
  /** The same for who writes the body. */
  readonly parts: readonly (RecordEntry | WrittenEntries)[];
}

/**
 * The answer to PutRecords: an answer is no success yet. Documented: one result per entry in the same order, with
 * a sequence number or an error code (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html).
 */
export interface PutRecordsResponse {
  readonly FailedRecordCount?: number | undefined;
  readonly Records?: readonly RecordResult[] | undefined;
  /** In place of `Records`, where all are in the stream: the shard of each. */
  readonly taken?: readonly string[];
}

export interface RecordResult {
  readonly SequenceNumber?: string | undefined;
  readonly ShardId?: string | undefined;
  readonly ErrorCode?: string | undefined;
  readonly ErrorMessage?: string | undefined;
}

/** A shard as ListShards has it. */
export interface ShardDescription {
  readonly ShardId?: string | undefined;
  readonly HashKeyRange?:
    | { readonly StartingHashKey?: string | undefined; readonly EndingHashKey?: string | undefined }
    | undefined;
  readonly SequenceNumberRange?: { readonly EndingSequenceNumber?: string | undefined } | undefined;
}

export interface ListShardsResponse {
  readonly Shards?: readonly ShardDescription[] | undefined;
  readonly NextToken?: string | undefined;
}

/** What is of use in the answer to DescribeStreamSummary. */
export interface StreamSummary {
  readonly MaxRecordSizeInKiB?: number | undefined;
  /** `AUTO` for a stream that pays no attention to keys. */
  readonly RecordDistributionStrategy?: string | undefined;
}

/** How a missing stream is to be made. */
export type NewStream =
  | { readonly type: 'on-demand' }
  | { readonly type: 'provisioned'; readonly shards: number };

export interface Transport {
  /** Throws what the service or the network throws; `name`, `code` and `$metadata` tell which (see failure.ts). */
  putRecords(request: PutRecordsRequest, signal: AbortSignal): Promise<PutRecordsResponse>;
  /** Either way it may take a while until the stream takes records. */
  createStream(name: string, stream: NewStream, signal: AbortSignal): Promise<'made' | 'exists'>;
  /** All shards, the closed ones that still have records too, by pages. */
  listShards(
    target: StreamTarget,
    nextToken: string | null,
    signal: AbortSignal,
  ): Promise<ListShardsResponse>;
  describeStream(target: StreamTarget, signal: AbortSignal): Promise<StreamSummary>;
  /** Resolves when a record would be taken, without writing one; throws what sending it would. */
  dryRun(target: StreamTarget, signal: AbortSignal): Promise<void>;
  /** Lets go of connections. Calls under way may fail. */
  close(): void;
}
