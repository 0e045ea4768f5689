/**
 * What is done when a request of a stream has ended: its records are settled, condemned, or given back to be sent again,
 * and the stream rests, stops, or takes smaller requests, as the outcome says. Owns what the requests before have shown
 * of the stream as a whole. Acts on what `failureOf` and `readResponse` have decided; sends nothing but the search for a
 * record that makes the service refuse a request.
 */
import { assert, unreachable } from '../../../base/assert.ts';
import type { Cancellation } from '../../../base/cancellation.ts';
import type { AdapterContext } from '../adapter.ts';
import type { StreamMeter } from '../stream-meter.ts';
import type { Batch, Collector } from './collector.ts';
import { Concurrency } from './concurrency.ts';
import { type Line, type Outcome, totalBytes } from './exchange.ts';
import type { Failure } from './failure.ts';
import type { Lane } from './lane.ts';
import type { KinesisSettings } from './options.ts';
import type { Parcel } from './parcel.ts';
import { searchPoison } from './poison-search.ts';
import type { PreparedRecord } from './record.ts';
import type { RequestLimits } from './request.ts';
import type { Settlement } from './settlement.ts';
import type { ShardMapKeeper } from './shard-map-keeper.ts';
import type { Stray } from './strays.ts';
import { MISSING, type StreamCreator } from './stream-creator.ts';
import type { Passage, StreamGate } from './stream-gate.ts';
import { entriesOf, entryCount, membersOf, type Run, recordsOf, type Unit } from './unit.ts';

export interface AftermathParts {
  readonly line: Line;
  readonly settings: KinesisSettings;
  readonly gate: StreamGate;
  readonly creator: StreamCreator | null;
  readonly keeper: ShardMapKeeper;
  readonly collector: Collector;
  readonly settlement: Settlement;
}

/** When a request left: what it finds out about a moment that is past is old news. */
export interface Moment {
  readonly epoch: number;
  readonly round: number;
}

/** A request that has left. */
export interface Sent {
  readonly batch: Batch;
  readonly units: readonly Unit[];
  readonly passage: Passage;
  readonly moment: Moment;
  readonly end: Cancellation;
}

/** What an answer leaves to be done. */
export interface Unfinished {
  readonly again: readonly PreparedRecord[];
  readonly strays: readonly Stray[];
}

/** Codes that say that it is too much, though not in so many words. */
const OVERLOADED: ReadonlySet<string> = new Set([
  'TimeoutError',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'HTTP 503',
  'NGHTTP2_ENHANCE_YOUR_CALM',
]);

/** So many requests are under way of a stream of which nothing is known yet. */
const CONCURRENCY_INITIAL = 4;
/** After so many failures in a row it is an outage, and one request at a time looks whether it is over. */
const OUTAGE_FAILURES = 3;

export class Aftermath {
  readonly #parts: AftermathParts;
  readonly #context: AdapterContext;
  readonly #meter: StreamMeter;
  readonly #settlement: Settlement;
  readonly #concurrency: Concurrency;
  #maxRequestBytes: number;
  /** Requests in a row that failed as a whole; those that were under way together count once. */
  #failures = 0;
  #round = 0;
  #heldUntil = 0;

  constructor(parts: AftermathParts) {
    this.#parts = parts;
    this.#context = parts.line.context;
    this.#meter = parts.line.meter;
    this.#settlement = parts.settlement;
    this.#concurrency = new Concurrency({ initial: CONCURRENCY_INITIAL, max: parts.settings.maxInFlight });
    this.#maxRequestBytes = parts.settings.maxRequestBytes;
  }

  /** How many requests may be under way. */
  get requestsMax(): number {
    return this.#failures >= OUTAGE_FAILURES ? 1 : this.#concurrency.limit;
  }

  get limits(): RequestLimits {
    return { maxRecords: this.#parts.settings.maxRequestRecords, maxBytes: this.#maxRequestBytes };
  }

  /** Nothing is sent before this moment. */
  get heldUntil(): number {
    return this.#heldUntil;
  }

  get moment(): Moment {
    return { epoch: this.#concurrency.epoch, round: this.#round };
  }

  /** `inFlight` were under way when it ended, itself included. Rejects with the reason of the end, or a bug. */
  async ended(sent: Sent, outcome: Outcome, inFlight: number): Promise<Unfinished> {
    if (outcome.type === 'answered') return this.#answered(sent, outcome, inFlight);
    return { again: await this.#failed(sent, outcome.failure), strays: [] };
  }

  #answered(
    { batch, passage }: Sent,
    { outcomes, shardIds, durationMs }: Outcome & { type: 'answered' },
    inFlight: number,
  ): Unfinished {
    this.#failures = 0;
    this.#meter.answered(durationMs);
    this.#concurrency.answered(durationMs, inFlight);
    if (outcomes === null) {
      const strays = this.#taken(batch, shardIds);
      this.#find(passage, null);
      return { again: [], strays };
    }
    const again: PreparedRecord[] = [];
    const strays: Stray[] = [];
    const resting = new Map<Parcel, 'retry' | 'throttle'>();
    let pause: Failure | null = null;
    let i = 0;
    for (const { lane, epoch, units } of batch.shares) {
      const entries = units.flatMap(entriesOf);
      let throttled = 0;
      let failed = 0;
      const delivered: (PreparedRecord | Run)[] = [];
      let deliveredUnits = 0;
      for (const unit of entries) {
        const outcome = outcomes[i];
        const shardId = shardIds[i++] ?? null;
        assert(outcome !== undefined, 'there is an outcome for each unit');
        if (outcome === 'delivered') {
          if (this.#hasStrayed(lane, shardId) && unit.type === 'aggregate') strays.push({ unit, shardId });
          else {
            deliveredUnits++;
            delivered.push(...membersOf(unit));
          }
          continue;
        }
        const { code, message, verdict } = outcome;
        this.#meter.error(code, message);
        const records = recordsOf(unit);
        if (verdict === 'invalid' && unit.type === 'record') {
          failed++;
          this.#settlement.condemn(records, outcome, null, outcome.shardId ?? lane.shardId);
          continue;
        }
        this.#settlement.failed(records, outcome, outcome.shardId ?? lane.shardId);
        again.push(...records);
        if (verdict === 'throttle') {
          throttled++;
          lane.throttles++;
          this.#meter.throttled(outcome.shardId);
        } else failed++;
        if (verdict === 'pause') pause = outcome;
        else if (verdict !== 'throttle' || lane.shard === null) {
          const reason = verdict === 'throttle' ? 'throttle' : 'retry';
          for (const { parcel } of records) if (parcel !== null) resting.set(parcel, reason);
        }
      }
      this.#settlement.delivered(delivered, deliveredUnits, lane);
      // What failed for another reason was neither taken nor refused by the shard.
      const judged = entries.length - failed;
      if (judged > 0) lane.rate.answered(this.#context.clock.now(), epoch, judged, throttled);
    }
    for (const [parcel, reason] of resting) this.#settlement.rest(parcel, reason);
    this.#find(passage, pause);
    return { again, strays };
  }

  /** Everything is in the stream. Gives what is in another shard than was meant. */
  #taken({ shares }: Batch, shardIds: readonly (string | null)[]): Stray[] {
    const strays: Stray[] = [];
    let i = 0;
    for (const { lane, epoch, units } of shares) {
      const delivered: (PreparedRecord | Run)[] = [];
      let entries = 0;
      let strayed = 0;
      for (const unit of units) {
        const count = entryCount(unit);
        entries += count;
        if (unit.type === 'aggregate') {
          const shardId = shardIds[i++] ?? null;
          if (this.#hasStrayed(lane, shardId)) {
            strays.push({ unit, shardId });
            strayed++;
            continue;
          }
        } else for (const end = i + count; i < end; i++) this.#hasStrayed(lane, shardIds[i] ?? null);
        delivered.push(...membersOf(unit));
      }
      this.#settlement.delivered(delivered, entries - strayed, lane);
      lane.rate.answered(this.#context.clock.now(), epoch, entries, 0);
    }
    return strays;
  }

  #hasStrayed(lane: Lane, shardId: string | null): shardId is string {
    if (lane.shardId === null || shardId === null || shardId === lane.shardId) return false;
    // A map that was read since the request left has been told of it already.
    if (this.#parts.collector.isCurrent(lane)) this.#parts.keeper.doubt();
    return true;
  }

  async #failed(
    { batch, units, passage, moment, end }: Sent,
    failure: Failure,
  ): Promise<readonly PreparedRecord[]> {
    const { epoch, round } = moment;
    const records = units.flatMap(recordsOf);
    const { code, message, verdict } = failure;
    this.#meter.error(code, message);
    // Of an invalid request nobody knows yet which of its records it is.
    if (verdict === 'retry' || verdict === 'throttle' || verdict === 'pause')
      this.#settlement.failed(records, failure, null);
    switch (verdict) {
      case 'retry':
      case 'throttle':
        if (verdict === 'throttle') this.#meter.throttled(null);
        if (verdict === 'throttle' || OVERLOADED.has(code)) this.#concurrency.overloaded(epoch);
        this.#parts.gate.settle(passage, { type: 'failed', code, message });
        // Of the requests that were under way when the first of them failed, the first counts.
        if (round === this.#round) {
          this.#round++;
          this.#failures++;
        }
        if (verdict === 'throttle' || this.#failures >= OUTAGE_FAILURES) this.#hold(verdict);
        else for (const parcel of batch.parcels) this.#settlement.rest(parcel, verdict);
        return records;
      case 'pause':
        this.#find(passage, failure);
        return records;
      case 'invalid':
        this.#find(passage, null);
        return this.#search(records, failure, end);
      case 'too-large':
        this.#find(passage, null);
        return this.#tooLarge(units, records, failure);
      default:
        return unreachable(verdict, 'verdict');
    }
  }

  async #search(
    records: readonly PreparedRecord[],
    refusal: Failure,
    end: Cancellation,
  ): Promise<readonly PreparedRecord[]> {
    const { line, gate } = this.#parts;
    const search = {
      line,
      settlement: this.#settlement,
      limits: this.limits,
      mayGoOn: () => gate.isOpen,
    };
    const { again, interrupted } = await searchPoison(search, records, refusal, end);
    if (interrupted?.verdict === 'pause') {
      this.#find({ probe: false, pauses: gate.pauses }, interrupted);
    } else if (interrupted !== null) this.#hold(interrupted.verdict === 'throttle' ? 'throttle' : 'retry');
    return again;
  }

  #tooLarge(
    units: readonly Unit[],
    records: readonly PreparedRecord[],
    failure: Failure,
  ): readonly PreparedRecord[] {
    if (records.length === 1) {
      this.#settlement.condemn(records, failure, this.#maxRequestBytes);
      return [];
    }
    const bytes = totalBytes(units);
    this.#maxRequestBytes = Math.min(this.#maxRequestBytes, Math.floor(bytes / 2));
    const { stream } = this.#parts.line;
    const { logger, recordType } = this.#context;
    logger.debug(
      { recordType, stream, bytes, maxRequestBytes: this.#maxRequestBytes },
      `a request of ${bytes} bytes to stream '${stream}' was too large; smaller ones from here on`,
    );
    return records;
  }

  /** What an answer shows about the stream: that it takes records, or the reason why it does not. */
  #find(passage: Passage, pause: Failure | null): void {
    if (pause === null) {
      this.#parts.gate.settle(passage, { type: 'accepted' });
      return;
    }
    this.#parts.gate.settle(passage, { type: 'refused', code: pause.code, message: pause.message });
    if (pause.code === MISSING) this.#parts.creator?.create();
  }

  /** Lets nothing go to the stream for a while. */
  #hold(reason: 'retry' | 'throttle'): void {
    const delayMs = this.#settlement.backoff(reason, Math.max(1, this.#failures));
    this.#heldUntil = Math.max(this.#heldUntil, this.#context.clock.now() + delayMs);
  }
}
