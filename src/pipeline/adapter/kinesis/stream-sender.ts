/**
 * Sends records to one stream until each is in it or condemned. Acts on what the pure parts decide: `Worklist`
 * which records go next, `failureOf` and `readResponse` what an answer means, `StreamGate` whether to send at all.
 *
 * Per send there is one request under way at a time, so its records keep their order; sends run side by side,
 * bounded by the adapter's slots. A send that waits (for its backoff, a slot or the gate) holds no slot.
 */
import { assert, unreachable } from '../../../base/assert.ts';
import { backoffDelay } from '../../../base/backoff.ts';
import type { AdapterContext, Rejection, StreamSnapshot } from '../adapter.ts';
import { StreamMeter } from '../stream-meter.ts';
import { delay } from '../wait.ts';
import { withDeadline } from './deadline.ts';
import { type Failure, failureOf } from './failure.ts';
import type { KinesisSettings } from './options.ts';
import type { PreparedRecord } from './record.ts';
import type { RequestSlots } from './request-slots.ts';
import { type RecordOutcome, readResponse } from './response.ts';
import { MISSING, type StreamCreator, streamCreatorFor } from './stream-creator.ts';
import { type Passage, StreamGate } from './stream-gate.ts';
import type { PutRecordsResponse, StreamTarget, Transport } from './transport.ts';
import { Worklist } from './worklist.ts';

/** What came of one request. */
type Outcome =
  | { readonly type: 'answered'; readonly records: readonly RecordOutcome[] }
  | { readonly type: 'failed'; readonly failure: Failure };

/** One send under way. */
interface Delivery {
  readonly startedAt: number;
  readonly worklist: Worklist;
  readonly rejections: Rejection[];
  /** Records that have been in a request, so that the next one with them is a retry. */
  readonly tried: Set<PreparedRecord>;
  /** Requests in a row that brought nothing into the stream. */
  failures: number;
}

export interface SenderParts {
  readonly stream: string;
  readonly target: StreamTarget;
  readonly settings: KinesisSettings;
  readonly transport: Transport;
  readonly slots: RequestSlots;
  readonly context: AdapterContext;
}

export class StreamSender {
  readonly #parts: SenderParts;
  readonly #meter: StreamMeter;
  readonly #gate: StreamGate;
  /** Oldest first: a Set keeps the order of insertion. */
  readonly #deliveries = new Set<Delivery>();
  readonly #creator: StreamCreator | null;
  #inFlight = 0;
  #maxRequestBytes: number;

  constructor(parts: SenderParts) {
    const { stream, target, settings, context } = parts;
    this.#parts = parts;
    this.#maxRequestBytes = settings.maxRequestBytes;
    this.#meter = new StreamMeter(stream, target.type === 'name' ? target.name : target.arn, context.clock);
    this.#gate = new StreamGate(stream, context, settings.probeBackoff);
    this.#creator = streamCreatorFor(target, settings, parts.transport, context);
  }

  /** Resolves when each record is in the stream or in the result; rejects with the signal's reason, or a bug. */
  async deliver(records: readonly PreparedRecord[], signal: AbortSignal): Promise<readonly Rejection[]> {
    const delivery: Delivery = {
      startedAt: this.#parts.context.clock.now(),
      worklist: new Worklist(records),
      rejections: [],
      tried: new Set(),
      failures: 0,
    };
    this.#deliveries.add(delivery);
    try {
      while (delivery.worklist.size > 0) {
        const delayMs = await this.#step(delivery, signal);
        if (delayMs > 0) await delay(this.#parts.context.clock, delayMs, signal);
      }
      return delivery.rejections;
    } finally {
      this.#deliveries.delete(delivery);
    }
  }

  /** Records that were condemned before they came here. */
  rejectedUnsent(rejections: readonly Rejection[]): void {
    for (const rejection of rejections) this.#countRejection(rejection);
  }

  close(): void {
    this.#gate.close();
    this.#creator?.close();
  }

  snapshot(): StreamSnapshot {
    const [oldest] = this.#deliveries;
    let waiting = 0;
    for (const { worklist } of this.#deliveries) waiting += worklist.size;
    return this.#meter.snapshot({
      state: this.#gate.state,
      inFlight: this.#inFlight,
      waiting,
      oldestWaitingMs: oldest === undefined ? null : this.#parts.context.clock.now() - oldest.startedAt,
    });
  }

  /** One request, and how long to wait before the next of this send. */
  async #step(delivery: Delivery, signal: AbortSignal): Promise<number> {
    const { settings, slots } = this.#parts;
    const passage = await this.#admit(signal);
    let settled = false;
    this.#inFlight++;
    try {
      const records = delivery.worklist.take({
        maxRecords: settings.maxRequestRecords,
        maxBytes: this.#maxRequestBytes,
      });
      const outcome = await this.#put(delivery, records, signal);
      settled = true;
      return outcome.type === 'answered'
        ? this.#answered(delivery, records, outcome.records, passage)
        : this.#failed(delivery, records, outcome.failure, passage);
    } finally {
      this.#inFlight--;
      slots.release();
      if (!settled) this.#gate.abandon(passage);
    }
  }

  /** Waits for the gate, then for a slot: a send that is held by the gate must not hold a slot. */
  async #admit(signal: AbortSignal): Promise<Passage> {
    const { slots } = this.#parts;
    for (;;) {
      const passage = await this.#gate.enter(signal);
      try {
        await slots.acquire(signal);
      } catch (aborted) {
        this.#gate.abandon(passage);
        throw aborted;
      }
      // The stream may have been paused while this send stood in line for its slot.
      if (passage.probe || this.#gate.isOpen) return passage;
      slots.release();
    }
  }

  async #put(delivery: Delivery, records: readonly PreparedRecord[], signal: AbortSignal): Promise<Outcome> {
    const { stream, target, transport, settings, context } = this.#parts;
    let retries = 0;
    for (const record of records) {
      if (delivery.tried.has(record)) retries++;
      else delivery.tried.add(record);
    }
    this.#meter.request(retries);
    const startedAt = context.clock.now();
    let response: PutRecordsResponse;
    try {
      response = await withDeadline(context.clock, settings.requestTimeoutMs, signal, (limited) =>
        transport.putRecords({ target, records: records.map(({ entry }) => entry) }, limited),
      );
    } catch (thrown) {
      signal.throwIfAborted();
      const failure = failureOf(thrown);
      if (failure === 'bug') throw thrown;
      const durationMs = context.clock.now() - startedAt;
      context.report({
        type: 'request-failed',
        stream,
        records: records.length,
        code: failure.code,
        durationMs,
      });
      return { type: 'failed', failure };
    }
    const outcomes = readResponse(records.length, response);
    context.report({
      type: 'request',
      stream,
      records: records.length,
      bytes: totalBytes(records),
      failed: outcomes.filter((outcome) => outcome !== 'delivered').length,
      durationMs: context.clock.now() - startedAt,
    });
    return { type: 'answered', records: outcomes };
  }

  #answered(
    delivery: Delivery,
    records: readonly PreparedRecord[],
    outcomes: readonly RecordOutcome[],
    passage: Passage,
  ): number {
    const again: PreparedRecord[] = [];
    let delivered = 0;
    let deliveredBytes = 0;
    let throttled = false;
    let pause: Failure | null = null;
    for (const [i, record] of records.entries()) {
      const outcome = outcomes[i];
      assert(outcome !== undefined, 'there is an outcome for each record');
      if (outcome === 'delivered') {
        delivered++;
        deliveredBytes += record.bytes;
        continue;
      }
      this.#meter.error(outcome.code, outcome.message);
      if (outcome.verdict === 'invalid') {
        this.#condemn(delivery, record, outcome, null);
        continue;
      }
      again.push(record);
      if (outcome.verdict === 'throttle') {
        throttled = true;
        this.#meter.throttled(outcome.shardId);
      } else if (outcome.verdict === 'pause') pause = outcome;
    }
    delivery.worklist.answered(again);
    this.#meter.sent(delivered, deliveredBytes);
    this.#find(passage, pause);
    if (delivered > 0) delivery.failures = 0;
    if (again.length === 0 || pause !== null) return 0;
    return this.#backoff(delivery, throttled ? 'throttle' : 'retry');
  }

  #failed(
    delivery: Delivery,
    records: readonly PreparedRecord[],
    failure: Failure,
    passage: Passage,
  ): number {
    const { worklist } = delivery;
    const { code, message, verdict } = failure;
    this.#meter.error(code, message);
    switch (verdict) {
      case 'retry':
      case 'throttle':
        worklist.returned();
        if (verdict === 'throttle') this.#meter.throttled(null);
        this.#gate.settle(passage, { type: 'failed', code, message });
        return this.#backoff(delivery, verdict);
      case 'pause':
        worklist.returned();
        this.#find(passage, failure);
        return 0;
      case 'invalid': {
        const condemned = worklist.refused();
        if (condemned !== null) this.#condemn(delivery, condemned, failure, null);
        this.#find(passage, null);
        return 0;
      }
      case 'too-large': {
        const bytes = totalBytes(records);
        const condemned = records.length === 1 ? worklist.refused() : null;
        if (condemned !== null) this.#condemn(delivery, condemned, failure, this.#maxRequestBytes);
        else {
          worklist.returned();
          this.#maxRequestBytes = Math.min(this.#maxRequestBytes, Math.floor(bytes / 2));
          const { stream, context } = this.#parts;
          context.logger.debug(
            { recordType: context.recordType, stream, bytes, maxRequestBytes: this.#maxRequestBytes },
            `a request of ${bytes} bytes to stream '${stream}' was too large; smaller ones from here on`,
          );
        }
        this.#find(passage, null);
        return 0;
      }
      default:
        return unreachable(verdict, 'verdict');
    }
  }
  /** What an answer shows about the stream: that it takes records, or the reason why it does not. */
  #find(passage: Passage, pause: Failure | null): void {
    if (pause === null) {
      this.#gate.settle(passage, { type: 'accepted' });
      return;
    }
    this.#gate.settle(passage, { type: 'refused', code: pause.code, message: pause.message });
    if (pause.code === MISSING) this.#creator?.create();
  }

  #backoff(delivery: Delivery, reason: 'retry' | 'throttle'): number {
    const { settings, context } = this.#parts;
    const backoff = reason === 'throttle' ? settings.throttleBackoff : settings.backoff;
    delivery.failures++;
    return backoffDelay(backoff, delivery.failures, context.random);
  }

  #condemn(
    delivery: Delivery,
    { index, bytes }: PreparedRecord,
    failure: Failure,
    limit: number | null,
  ): void {
    const rejection = { index, code: failure.code, message: failure.message, bytes, limit };
    delivery.rejections.push(rejection);
    this.#countRejection(rejection);
  }

  #countRejection(rejection: Rejection): void {
    this.#meter.rejected(1);
    this.#parts.context.report({ type: 'rejected', stream: this.#parts.stream, rejection });
  }
}

function totalBytes(records: readonly PreparedRecord[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes, 0);
}
