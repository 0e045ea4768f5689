/**
 * The simulated service, without a wire: a call goes in, and what becomes of it comes out. It reads the clock that
 * it was given and sets no timer; how long an answer takes is part of the answer, for the shells to play.
 *
 *     SimulatedTransport (a virtual clock) --\
 *                                             call(...) -> Reply        streams, limits, faults, oracle
 *     HTTP shell (the real one) -------------/
 *
 * The rule: whether a record is in the stream is decided when its request arrives, whatever becomes of the answer.
 */
import type { Clock } from '../../base/clock.ts';
import { type Random, seededRandom } from '../../base/random.ts';
import { deaggregate } from './deaggregate.ts';
import { type FaultedCall, type FaultRule, type Trouble, troubleOf } from './faults.ts';
import { drawLatency } from './latency.ts';
import type { SimulatorSettings } from './options.ts';
import { streamSettings } from './options.ts';
import { Oracle } from './oracle.ts';
import { readPage, shardIterator, shardPage } from './reading.ts';
import { ACCOUNT, breaksRule, invalid, noStream, ServiceError } from './service-error.ts';
import { type IncomingRecord, Stream, type StreamSettings } from './stream.ts';
import { checkRecord, checkRecords } from './validation.ts';
import type { Call, Calls, PutRecordsAnswer, RecordAnswer, Reply, StreamReference } from './wire-types.ts';

const STREAM_NAME = /^[a-zA-Z0-9_.-]{1,128}$/;
const KIB = 1024;
const NO_TROUBLE: Trouble = {
  ending: null,
  recordFails: () => null,
  throttledShards: new Set(),
  reshardTo: null,
};

export class KinesisCore {
  readonly oracle: Oracle;
  /** May be replaced at any time. */
  faults: readonly FaultRule[];
  readonly #settings: SimulatorSettings;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #latencies: Random;
  readonly #streams = new Map<string, Stream>();
  readonly #ordinals = new Map<FaultedCall, number>();

  constructor(settings: SimulatorSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#latencies = seededRandom(settings.seed);
    this.faults = settings.faults;
    this.oracle = new Oracle((name) => this.stream(name));
    for (const [name, given] of Object.entries(settings.streams)) this.createStream(name, given);
  }

  createStream(name: string, given: number | Partial<StreamSettings>): void {
    if (!STREAM_NAME.test(name)) {
      throw breaksRule(`'${name}'`, 'streamName', 'satisfy regular expression pattern: [a-zA-Z0-9_.-]+');
    }
    if (this.#streams.has(name)) {
      throw new ServiceError(
        'ResourceInUseException',
        `Stream ${name} under account ${ACCOUNT} already exists.`,
      );
    }
    const { region, limits, keepRecords } = this.#settings;
    const [now, createdAt] = [this.#clock.now(), this.#clock.wallTime()];
    this.#streams.set(
      name,
      new Stream({ ...streamSettings(given), name, region, limits, keepRecords, createdAt, now }),
    );
  }

  deleteStream(name: string): void {
    if (!this.#streams.delete(name)) throw noStream(name);
  }

  stream(name: string): Stream {
    const stream = this.#streams.get(name);
    if (stream === undefined) throw noStream(name);
    return stream;
  }

  reshard(name: string, shards: number): void {
    this.stream(name).reshard(shards, this.#clock.now());
  }

  call(call: Call): Reply {
    const trouble = this.#troubleOf(call);
    const { ending } = trouble;
    const afterMs = drawLatency(this.#settings.latencyMs, this.#latencies);
    this.oracle.asked(call.name);
    try {
      const committed = ending === null || ending.type === 'slow-body' || ending.commit === 'after';
      const answer = committed ? this.#handle(call, trouble) : null;
      const unheard = () => this.oracle.unheard(recordsTaken(call, answer));
      if (ending === null) return { type: 'answer', answer, afterMs, bodyMs: 0, unheard };
      this.oracle.met(ending.type);
      if (ending.type === 'slow-body') {
        return { type: 'answer', answer, afterMs, bodyMs: ending.bodyMs, unheard };
      }
      unheard();
      switch (ending.type) {
        case 'hang':
          return { type: 'hang' };
        case 'reset':
          return { type: 'reset', afterMs };
        case 'error':
          throw new ServiceError(ending.code, ending.message ?? `simulated ${ending.code}`, ending.status);
      }
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const { code, message, status } = error;
      return { type: 'error', code, message, status, afterMs };
    }
  }

  #troubleOf({ name, input }: Call): Trouble {
    const call = faultedCall(name);
    if (call === null) return NO_TROUBLE;
    const ordinal = (this.#ordinals.get(call) ?? 0) + 1;
    this.#ordinals.set(call, ordinal);
    const stream = streamName(input as StreamReference);
    const sinceStartMs = this.#clock.now() - this.#startedAt;
    const trouble = troubleOf(this.faults, this.#settings.seed, { call, ordinal, sinceStartMs, stream });
    if (trouble.reshardTo !== null && stream !== null) this.reshard(stream, trouble.reshardTo);
    return trouble;
  }

  #handle(call: Call, trouble: Trouble): object | null {
    const now = this.#clock.now();
    switch (call.name) {
      case 'PutRecords':
        return this.#putRecords(call.input, trouble);
      case 'PutRecord':
        return this.#putRecord(call.input, trouble);
      case 'CreateStream':
        return this.#create(call.input);
      case 'DescribeStreamSummary':
        return this.#describe(this.#named(call.input));
      case 'ListShards': {
        const named = streamName(call.input) === null ? null : this.#named(call.input);
        return shardPage((name) => this.stream(name), named, call.input);
      }
      case 'GetShardIterator': {
        const iterator = shardIterator(this.#named(call.input), call.input, this.#clock.wallTime());
        return { ShardIterator: iterator };
      }
      case 'GetRecords':
        return readPage((name) => this.stream(name), call.input, this.#clock.wallTime());
      case 'UpdateShardCount': {
        const stream = this.#named(call.input);
        const target = call.input.TargetShardCount ?? 0;
        if (!(target >= 1)) {
          throw breaksRule(`'${target}'`, 'targetShardCount', 'have value greater than or equal to 1');
        }
        const before = stream.openShards.length;
        stream.reshard(target, now);
        return {
          StreamName: stream.name,
          StreamARN: stream.arn,
          CurrentShardCount: before,
          TargetShardCount: target,
        };
      }
      case 'SplitShard': {
        const { ShardToSplit = '', NewStartingHashKey = '' } = call.input;
        const stream = this.#named(call.input);
        if (!/^\d+$/.test(NewStartingHashKey)) {
          const rule = 'satisfy regular expression pattern: 0|([1-9]\\d{0,38})';
          throw breaksRule(`'${NewStartingHashKey}'`, 'newStartingHashKey', rule);
        }
        stream.split(ShardToSplit, BigInt(NewStartingHashKey), now);
        return null;
      }
      case 'MergeShards': {
        const { ShardToMerge = '', AdjacentShardToMerge = '' } = call.input;
        this.#named(call.input).merge(ShardToMerge, AdjacentShardToMerge, now);
        return null;
      }
    }
  }

  #putRecords(input: Calls['PutRecords'], trouble: Trouble): PutRecordsAnswer {
    const { Records = [], DryRun } = input;
    const stream = this.#named(input);
    checkRecords(Records, stream.settings.maxRecordBytes);
    if (DryRun) throw dryRun();
    let FailedRecordCount = 0;
    const results = Records.map((record) => {
      const result = this.#put(stream, record, trouble);
      if (result.ErrorCode !== undefined) FailedRecordCount++;
      return result;
    });
    return { FailedRecordCount, Records: results };
  }

  #putRecord(input: Calls['PutRecord'], trouble: Trouble): object {
    const stream = this.#named(input);
    const record = input as IncomingRecord;
    checkRecord(record, '', stream.settings.maxRecordBytes);
    if (input.DryRun) throw dryRun();
    const { ErrorCode, ErrorMessage = '', ...taken } = this.#put(stream, record, trouble);
    if (ErrorCode !== undefined) throw new ServiceError(ErrorCode, ErrorMessage);
    return taken;
  }

  #put(stream: Stream, record: IncomingRecord, trouble: Trouble): RecordAnswer {
    const fault = trouble.recordFails();
    if (fault !== null) {
      const { code = 'InternalFailure', message = 'Internal Service Failure' } = fault;
      this.oracle.failed();
      return { ErrorCode: code, ErrorMessage: message };
    }
    const request = this.#ordinals.get('write') ?? 0;
    const at = { now: this.#clock.now(), wallTime: this.#clock.wallTime(), request };
    const throttled = trouble.throttledShards;
    const shard = throttled.size > 0 ? stream.shardOf(record) : null;
    const outcome =
      shard !== null && throttled.has(shard.shardId) ? stream.throttled(shard) : stream.put(record, at);
    if (outcome.type === 'taken') {
      this.oracle.committed(record);
      return { ShardId: outcome.shardId, SequenceNumber: outcome.sequenceNumber };
    }
    this.oracle.throttled();
    return { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: outcome.message };
  }

  #create({
    StreamName = '',
    ShardCount,
    StreamModeDetails,
    MaxRecordSizeInKiB,
  }: Calls['CreateStream']): null {
    const onDemand = StreamModeDetails?.StreamMode === 'ON_DEMAND';
    if (ShardCount !== undefined && ShardCount < 1) {
      throw breaksRule(`'${ShardCount}'`, 'shardCount', 'have value greater than or equal to 1');
    }
    if (ShardCount === undefined && !onDemand) throw breaksRule('null', 'shardCount', 'not be null');
    this.createStream(StreamName, {
      // An on-demand stream is born with a write capacity of 4 MiB/s.
      shards: ShardCount ?? 4,
      mode: onDemand ? 'ON_DEMAND' : 'PROVISIONED',
      ...(MaxRecordSizeInKiB === undefined ? {} : { maxRecordBytes: MaxRecordSizeInKiB * KIB }),
    });
    return null;
  }

  #describe(stream: Stream): object {
    const { mode, maxRecordBytes, distribution } = stream.settings;
    return {
      StreamDescriptionSummary: {
        StreamName: stream.name,
        StreamARN: stream.arn,
        StreamStatus: 'ACTIVE',
        StreamModeDetails: { StreamMode: mode },
        RetentionPeriodHours: 24,
        StreamCreationTimestamp: Math.floor(stream.createdAt / 1_000),
        EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
        EncryptionType: 'NONE',
        OpenShardCount: stream.openShards.length,
        ConsumerCount: 0,
        MaxRecordSizeInKiB: Math.floor(maxRecordBytes / KIB),
        RecordDistributionStrategy: distribution,
      },
    };
  }

  #named(reference: StreamReference): Stream {
    const name = streamName(reference);
    if (name === null) throw invalid('Either StreamName or StreamARN should be provided.');
    return this.stream(name);
  }
}

function faultedCall(name: Call['name']): FaultedCall | null {
  if (name === 'PutRecords' || name === 'PutRecord') return 'write';
  return name === 'ListShards' || name === 'DescribeStreamSummary' || name === 'CreateStream' ? name : null;
}

function streamName({ StreamName, StreamARN }: StreamReference): string | null {
  return StreamName ?? StreamARN?.split('/').at(-1) ?? null;
}

/** How many records an answer says are in the stream; those in an aggregate one by one. */
function recordsTaken({ name, input }: Call, answer: object | null): number {
  if (answer === null) return 0;
  if (name === 'PutRecord') return countOf(input.Data);
  if (name !== 'PutRecords') return 0;
  let taken = 0;
  for (const [i, result] of (answer as PutRecordsAnswer).Records.entries()) {
    if (result.ErrorCode === undefined) taken += countOf(input.Records?.[i]?.Data);
  }
  return taken;
}

function countOf(data: Uint8Array | undefined): number {
  return data === undefined ? 0 : (deaggregate(data)?.length ?? 1);
}

function dryRun(): ServiceError {
  return new ServiceError(
    'DryRunOperationException',
    'Request would have succeeded, but DryRun flag is set.',
  );
}
