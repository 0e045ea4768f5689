/**
 * A Kinesis behind the transport port that answers as it is told, and remembers what was asked and what it took.
 * It commits a record only when its answer says so, except where a script loses the answer on purpose.
 */
import type {
  ListShardsResponse,
  NewStream,
  PutRecordsRequest,
  PutRecordsResponse,
  RecordEntry,
  RecordResult,
  StreamSummary,
  Transport,
} from '../../src/pipeline/adapter/kinesis/transport.ts';

/** What one request meets. */
export type Step =
  /** All records are taken. */
  | { readonly type: 'take' }
  /** The records at these places of the request fail with this code, the others are taken. */
  | {
      readonly type: 'partial';
      readonly failed: readonly number[];
      readonly code: string;
      readonly message?: string;
    }
  /** Nothing is taken. */
  | { readonly type: 'throw'; readonly error: unknown }
  /** All records are taken, and the answer is lost. */
  | { readonly type: 'take-then-throw'; readonly error: unknown }
  /** An answer as it stands; nothing is taken. */
  | { readonly type: 'answer'; readonly response: PutRecordsResponse }
  /** No answer, ever, not even to an abort. */
  | { readonly type: 'hang' };

export type Script = (request: AskedRequest) => Step | Promise<Step>;

export interface AskedRequest {
  /** The first request is 1. */
  readonly ordinal: number;
  readonly stream: string;
  /** The payloads as text. */
  readonly data: readonly string[];
  readonly signal: AbortSignal;
}

export interface Committed {
  readonly stream: string;
  readonly data: string;
}

export class ScriptedTransport implements Transport {
  readonly asked: AskedRequest[] = [];
  readonly committed: Committed[] = [];
  readonly created: { readonly name: string; readonly stream: NewStream }[] = [];
  closed = false;
  inFlight = 0;
  inFlightMax = 0;
  script: Script;
  onCreate: () => 'made' | 'exists' = () => 'made';

  constructor(script: Script = () => ({ type: 'take' })) {
    this.script = script;
  }

  /** The payloads in a stream, in order. */
  in(stream: string): string[] {
    return this.committed.filter((record) => record.stream === stream).map(({ data }) => data);
  }

  async putRecords({ target, records }: PutRecordsRequest, signal: AbortSignal): Promise<PutRecordsResponse> {
    const stream = target.type === 'name' ? target.name : target.arn;
    const data = records.map(({ Data }) => Buffer.from(Data).toString());
    const request = { ordinal: this.asked.length + 1, stream, data, signal };
    this.asked.push(request);
    this.inFlight++;
    this.inFlightMax = Math.max(this.inFlightMax, this.inFlight);
    try {
      return await this.#play(await this.script(request), stream, records);
    } finally {
      this.inFlight--;
    }
  }

  async createStream(name: string, stream: NewStream): Promise<'made' | 'exists'> {
    this.created.push({ name, stream });
    return this.onCreate();
  }

  async listShards(): Promise<ListShardsResponse> {
    throw serviceError('AccessDeniedException', 'may not list shards');
  }

  async describeStream(): Promise<StreamSummary> {
    throw serviceError('AccessDeniedException', 'may not describe streams');
  }

  async dryRun(): Promise<void> {
    throw serviceError('AccessDeniedException', 'may not put records');
  }

  close(): void {
    this.closed = true;
  }

  async #play(step: Step, stream: string, records: readonly RecordEntry[]): Promise<PutRecordsResponse> {
    switch (step.type) {
      case 'take':
        return this.#answer(stream, records, () => null);
      case 'partial':
        return this.#answer(stream, records, (i) =>
          step.failed.includes(i) ? { ErrorCode: step.code, ErrorMessage: step.message ?? step.code } : null,
        );
      case 'throw':
        throw step.error;
      case 'take-then-throw':
        this.#answer(stream, records, () => null);
        throw step.error;
      case 'answer':
        return step.response;
      case 'hang':
        return new Promise(() => {});
    }
  }

  #answer(
    stream: string,
    records: readonly RecordEntry[],
    failureOf: (i: number) => RecordResult | null,
  ): PutRecordsResponse {
    const Records = records.map((record, i) => {
      const failure = failureOf(i);
      if (failure !== null) return failure;
      this.committed.push({ stream, data: Buffer.from(record.Data).toString() });
      return { SequenceNumber: `${this.committed.length}`, ShardId: 'shardId-000000000000' };
    });
    return { FailedRecordCount: Records.filter((result) => 'ErrorCode' in result).length, Records };
  }
}

export function serviceError(name: string, message: string = name, httpStatusCode = 400): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}

export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
