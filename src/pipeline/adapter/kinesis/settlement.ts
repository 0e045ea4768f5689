/**
 * What is done with records when an answer is in: they are in the stream, or condemned, or their parcel rests. Tells
 * the sends that wait for them, the meter and telemetry. Sends nothing.
 */
import { assert } from '../../../base/assert.ts';
import { backoffDelay } from '../../../base/backoff.ts';
import type { AdapterContext, Rejection } from '../adapter.ts';
import type { StreamMeter } from '../stream-meter.ts';
import type { Failure } from './failure.ts';
import type { Lane } from './lane.ts';
import type { KinesisSettings } from './options.ts';
import type { Parcel } from './parcel.ts';
import type { PreparedRecord } from './record.ts';
import type { RecordOutcome } from './response.ts';
import type { Run } from './unit.ts';

export class Settlement {
  readonly #stream: string;
  readonly #settings: KinesisSettings;
  readonly #context: AdapterContext;
  readonly #meter: StreamMeter;

  constructor(stream: string, settings: KinesisSettings, context: AdapterContext, meter: StreamMeter) {
    this.#stream = stream;
    this.#settings = settings;
    this.#context = context;
    this.#meter = meter;
  }

  /** These are in the stream. A send may be done with them, and is told of all that one list has of it at once. */
  delivered(records: readonly (PreparedRecord | Run)[], units = 1, lane: Lane | null = null): void {
    if (records.length === 0) return;
    let bytes = 0;
    let count = 0;
    let run = 0;
    let last: Parcel | null = null;
    const settle = (): void => {
      if (last === null) return;
      last.failures = 0;
      last.refused = 0;
      last.delivery.settle(run);
    };
    for (const record of records) {
      const { parcel } = record;
      const size = record.type === 'run' ? record.size : 1;
      bytes += record.bytes;
      count += size;
      if (parcel === null) continue;
      if (parcel !== last) {
        settle();
        last = parcel;
        run = 0;
      }
      run += size;
    }
    settle();
    this.#meter.sent(count, bytes, units);
    if (lane === null) return;
    lane.recordsSent += count;
    lane.bytesSent += bytes;
  }

  /** They failed, and will be sent again. */
  failed(records: readonly PreparedRecord[], { code }: Failure, shardId: string | null): void {
    const attempt = { at: this.#context.clock.wallTime(), code, shardId };
    for (const record of records) record.failed(attempt);
  }

  condemn(
    records: readonly PreparedRecord[],
    failure: Failure,
    limit: number | null,
    shardId: string | null = null,
  ): void {
    this.failed(records, failure, shardId);
    const { code, message } = failure;
    for (const { index, bytes, parcel, attempts } of records) {
      const rejection = { index, code, message, bytes, limit, attempts };
      this.countRejection(rejection);
      parcel?.delivery.rejections.push(rejection);
      parcel?.delivery.settle(1);
    }
  }

  countRejection(rejection: Rejection): void {
    this.#meter.rejected(1);
    this.#context.report({ type: 'rejected', stream: this.#stream, rejection });
  }

  rest(parcel: Parcel, reason: 'retry' | 'throttle'): void {
    parcel.failures++;
    parcel.refused = reason === 'throttle' ? parcel.refused + 1 : 0;
    parcel.notBefore = this.#context.clock.now() + this.backoff(reason, parcel.failures);
  }

  backoff(reason: 'retry' | 'throttle', failures: number): number {
    return backoffDelay(
      reason === 'throttle' ? this.#settings.throttleBackoff : this.#settings.backoff,
      failures,
      this.#context.random,
    );
  }

  /** Settles what an answer has settled; gives the rest. Without `outcomes` that is all of it. */
  sort(records: readonly PreparedRecord[], outcomes: readonly RecordOutcome[] | null): PreparedRecord[] {
    if (outcomes === null) {
      this.delivered(records, records.length);
      return [];
    }
    const again: PreparedRecord[] = [];
    const resting = new Map<Parcel, 'retry' | 'throttle'>();
    for (const [i, record] of records.entries()) {
      const outcome = outcomes[i];
      assert(outcome !== undefined, 'there is an outcome for each record');
      if (outcome === 'delivered') {
        this.delivered([record]);
        continue;
      }
      this.#meter.error(outcome.code, outcome.message);
      if (outcome.verdict === 'invalid') this.condemn([record], outcome, null, outcome.shardId);
      else {
        this.failed([record], outcome, outcome.shardId);
        again.push(record);
        const reason = outcome.verdict === 'throttle' ? 'throttle' : 'retry';
        if (record.parcel !== null) resting.set(record.parcel, reason);
      }
    }
    for (const [parcel, reason] of resting) this.rest(parcel, reason);
    return again;
  }
}
