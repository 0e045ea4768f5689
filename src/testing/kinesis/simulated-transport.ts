/**
 * The simulated service behind the adapter's transport port: no wire, and every delay on the clock that was handed
 * in, so that on a clock that stands still an hour takes as long as its work.
 */
import { Cancellation } from '../../base/cancellation.ts';
import type { Clock } from '../../base/clock.ts';
import type {
  ListShardsResponse,
  NewStream,
  PutRecordsRequest,
  PutRecordsResponse,
  StreamSummary,
  StreamTarget,
  Transport,
} from '../../pipeline/adapter/kinesis/transport.ts';
import { delay } from '../../pipeline/adapter/wait.ts';
import type { KinesisCore } from './core.ts';
import type { Call, PutRecordsAnswer, Reply } from './wire-types.ts';

export class SimulatedTransport implements Transport {
  readonly #core: KinesisCore;
  readonly #clock: Clock;

  constructor(core: KinesisCore, clock: Clock) {
    this.#core = core;
    this.#clock = clock;
  }

  async putRecords({ target, records }: PutRecordsRequest, signal: AbortSignal): Promise<PutRecordsResponse> {
    const input = { ...reference(target), Records: records };
    return (await this.#play({ name: 'PutRecords', input }, signal)) as PutRecordsAnswer;
  }

  async createStream(name: string, stream: NewStream, signal: AbortSignal): Promise<'made' | 'exists'> {
    const shape =
      stream.type === 'on-demand'
        ? { StreamModeDetails: { StreamMode: 'ON_DEMAND' } }
        : { ShardCount: stream.shards };
    try {
      await this.#play({ name: 'CreateStream', input: { StreamName: name, ...shape } }, signal);
      return 'made';
    } catch (error) {
      if ((error as Error).name === 'ResourceInUseException') return 'exists';
      throw error;
    }
  }

  async listShards(
    target: StreamTarget,
    nextToken: string | null,
    signal: AbortSignal,
  ): Promise<ListShardsResponse> {
    const input = nextToken === null ? reference(target) : { NextToken: nextToken };
    return (await this.#play({ name: 'ListShards', input }, signal)) as ListShardsResponse;
  }

  async describeStream(target: StreamTarget, signal: AbortSignal): Promise<StreamSummary> {
    const answer = await this.#play({ name: 'DescribeStreamSummary', input: reference(target) }, signal);
    return (answer as { StreamDescriptionSummary: StreamSummary }).StreamDescriptionSummary;
  }

  async dryRun(target: StreamTarget, signal: AbortSignal): Promise<void> {
    const Records = [{ PartitionKey: 'preflight', Data: new Uint8Array(1) }];
    try {
      await this.#play(
        { name: 'PutRecords', input: { ...reference(target), Records, DryRun: true } },
        signal,
      );
    } catch (error) {
      if ((error as Error).name !== 'DryRunOperationException') throw error;
    }
  }

  close(): void {}

  async #play(call: Call, signal: AbortSignal): Promise<object | null> {
    signal.throwIfAborted();
    const end = new Cancellation();
    const abort = () => end.cancel(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await this.#answer(call, end);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async #answer(call: Call, end: Cancellation): Promise<object | null> {
    const reply: Reply = this.#core.call(call);
    switch (reply.type) {
      case 'answer': {
        const afterMs = reply.afterMs + reply.bodyMs;
        try {
          if (afterMs > 0) await delay(this.#clock, afterMs, end);
        } catch (aborted) {
          reply.unheard();
          throw aborted;
        }
        return reply.answer;
      }
      case 'error':
        if (reply.afterMs > 0) await delay(this.#clock, reply.afterMs, end);
        throw Object.assign(new Error(reply.message), {
          name: reply.code,
          $metadata: { httpStatusCode: reply.status },
        });
      case 'reset':
        if (reply.afterMs > 0) await delay(this.#clock, reply.afterMs, end);
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      case 'hang':
        return new Promise((_, reject) => {
          end.onCancel(() => reject(end.reason));
        });
    }
  }
}

function reference(target: StreamTarget) {
  return target.type === 'name' ? { StreamName: target.name } : { StreamARN: target.arn };
}
