/**
 * Sends the records of one stream until each is in it or condemned. Acts on what the pure parts decide: `Collector`
 * what goes next, `Concurrency` how many requests may be under way, `failureOf` and `readResponse` what an answer
 * means, `StreamGate` whether to send at all.
 *
 *     deliver --> collector --pump--> request --> answer --+--> settled: in the stream, or condemned
 *                     ^                                    |
 *                     +------------ again -----------------+
 *
 * What can go out at once goes: the pump runs at the end of the turn in which something was handed over, so that
 * sends of one turn share requests and none waits for company that may not come.
 */
import { assert, unreachable } from '../../../base/assert.ts';
import type { Timer } from '../../../base/clock.ts';
import type { AdapterContext, Rejection, SendOptions, ShardSnapshot, StreamSnapshot } from '../adapter.ts';
import { StreamMeter } from '../stream-meter.ts';
import { type Batch, Collector } from './collector.ts';
import { Concurrency } from './concurrency.ts';
import { exchange, type Line, type Outcome, totalBytes } from './exchange.ts';
import type { Failure } from './failure.ts';
import type { KinesisSettings } from './options.ts';
import { Delivery, type Parcel } from './parcel.ts';
import { searchPoison } from './poison-search.ts';
import { type PreparedRecord, recordsOf, type Unit } from './record.ts';
import type { RequestSlots } from './request-slots.ts';
import { Settlement } from './settlement.ts';
import { type Found, ShardMapKeeper } from './shard-map-keeper.ts';
import { type Stray, sortStrays } from './strays.ts';
import { MISSING, type StreamCreator, streamCreatorFor } from './stream-creator.ts';
import { type Passage, StreamGate } from './stream-gate.ts';
import type { StreamTarget, Transport } from './transport.ts';

export interface SenderParts {
  readonly stream: string;
  readonly target: StreamTarget;
  readonly settings: KinesisSettings;
  readonly transport: Transport;
  readonly slots: RequestSlots;
  readonly context: AdapterContext;
}

/** When a request left: what it finds out about a moment that is past is old news. */
interface Moment {
  readonly epoch: number;
  readonly round: number;
}

/** What an answer leaves to be done. */
interface Unfinished {
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

export class StreamSender {
  readonly #parts: SenderParts;
  readonly #meter: StreamMeter;
  readonly #gate: StreamGate;
  readonly #creator: StreamCreator | null;
  readonly #keeper: ShardMapKeeper;
  readonly #collector: Collector;
  readonly #concurrency: Concurrency;
  /** Oldest first: a Set keeps the order of insertion. */
  readonly #deliveries = new Set<Delivery>();
  readonly #requests = new Map<Batch, AbortController>();
  readonly #line: Line;
  readonly #settlement: Settlement;
  #ordinal = 0;
  #inFlight = 0;
  #maxRequestBytes: number;
  /** Requests in a row that failed as a whole; those that were under way together count once. */
  #failures = 0;
  #round = 0;
  /** Nothing is sent before this moment. */
  #heldUntil = 0;
  #pumpIsDue = false;
  #timer: Timer | null = null;

  constructor(parts: SenderParts) {
    const { stream, target, settings, context, transport } = parts;
    this.#parts = parts;
    this.#maxRequestBytes = settings.maxRequestBytes;
    this.#meter = new StreamMeter(stream, target.type === 'name' ? target.name : target.arn, context.clock);
    this.#settlement = new Settlement(stream, settings, context, this.#meter);
    this.#gate = new StreamGate(stream, context, settings.probeBackoff, () => this.#wake());
    this.#creator = streamCreatorFor(target, settings, transport, context);
    this.#collector = new Collector(settings);
    this.#concurrency = new Concurrency({ initial: CONCURRENCY_INITIAL, max: settings.maxInFlight });
    this.#keeper = new ShardMapKeeper({
      stream,
      target,
      transport,
      context,
      enabled: settings.shardMap,
      timeoutMs: settings.requestTimeoutMs,
      read: (found) => this.#mapRead(found),
    });
    this.#collector.setKeys(settings.shardMap ? 'unknown' : 'decide');
    const timeoutMs = settings.requestTimeoutMs;
    this.#line = { stream, target, transport, context, meter: this.#meter, timeoutMs };
  }

  /** The largest record that the stream takes. */
  maxRecordBytes(): Promise<number> {
    return this.#keeper.maxRecordBytes();
  }

  /** Resolves when each record is in the stream or in the result; rejects with the signal's reason, or a bug. */
  async deliver(
    records: readonly PreparedRecord[],
    { signal, ordered = false }: SendOptions,
  ): Promise<readonly Rejection[]> {
    if (records.length === 0) return [];
    signal.throwIfAborted();
    this.#keeper.want();
    return new Promise((resolve, reject) => {
      const abort = () => this.#drop(delivery, () => reject(signal.reason));
      const delivery = new Delivery(
        {
          records: records.length,
          ordinal: this.#ordinal++,
          startedAt: this.#parts.context.clock.now(),
          ordered,
        },
        (error) => {
          signal.removeEventListener('abort', abort);
          if (error === null) {
            this.#deliveries.delete(delivery);
            resolve(delivery.rejections);
          } else this.#drop(delivery, () => reject(error));
        },
      );
      signal.addEventListener('abort', abort, { once: true });
      this.#deliveries.add(delivery);
      this.#collector.add(delivery, records);
      this.#wake();
    });
  }

  /** Records that were condemned before they came here. */
  rejectedUnsent(rejections: readonly Rejection[]): void {
    for (const rejection of rejections) this.#settlement.countRejection(rejection);
  }

  /** Nothing more will come: what waits for company goes. */
  hurry(): void {
    this.#collector.hurry();
    this.#wake();
  }

  close(): void {
    this.#timer?.clear();
    this.#gate.close();
    this.#creator?.close();
    this.#keeper.close();
  }

  snapshot(): StreamSnapshot {
    const [oldest] = this.#deliveries;
    let waiting = 0;
    for (const { open } of this.#deliveries) waiting += open;
    return this.#meter.snapshot({
      state: this.#gate.state,
      inFlight: this.#inFlight,
      waiting,
      oldestWaitingMs: oldest === undefined ? null : this.#parts.context.clock.now() - oldest.startedAt,
      shards: this.#shards(),
    });
  }

  #shards(): ShardSnapshot[] {
    const waiting = this.#collector.waiting();
    return [...this.#collector.lanes].flatMap((lane) => {
      const { shardId, recordsSent, bytesSent, throttles, rate } = lane;
      if (shardId === null) return [];
      const { share } = rate;
      return [{ shardId, recordsSent, bytesSent, throttles, waiting: waiting.get(lane) ?? 0, share }];
    });
  }

  #drop(delivery: Delivery, reject: () => void): void {
    if (delivery.dropped) return;
    delivery.dropped = true;
    this.#deliveries.delete(delivery);
    this.#collector.drop(delivery);
    reject();
    // A request that nobody waits for any more is given up.
    for (const [batch, controller] of this.#requests) {
      if (batch.parcels.every((parcel) => parcel.delivery.dropped)) controller.abort(new Unwanted());
    }
    this.#wake();
  }

  #mapRead({ map, keys }: Found): void {
    this.#collector.setKeys(keys);
    this.#collector.setMap(map);
    this.#wake();
  }

  #wake(): void {
    if (this.#pumpIsDue) return;
    this.#pumpIsDue = true;
    queueMicrotask(() => {
      this.#pumpIsDue = false;
      this.#pump();
    });
  }

  /** Sends all that can be sent now; a field, so that it stands in the line for slots once. */
  readonly #pump = (): void => {
    const { context, slots, settings } = this.#parts;
    this.#timer?.clear();
    this.#timer = null;
    for (;;) {
      const now = context.clock.now();
      const alone = this.#deliveries.size === 1;
      const readyAt = Math.max(this.#heldUntil, this.#collector.readyAt(now, alone));
      if (readyAt === Number.POSITIVE_INFINITY || !this.#gate.mayEnter) return;
      if (readyAt > now) {
        this.#timer = context.clock.setTimer(readyAt - now, this.#pump);
        return;
      }
      const most = this.#failures >= OUTAGE_FAILURES ? 1 : this.#concurrency.limit;
      if (this.#inFlight >= most || !slots.tryTake(this.#pump)) return;
      const limits = { maxRecords: settings.maxRequestRecords, maxBytes: this.#maxRequestBytes };
      void this.#run(this.#collector.take(now, alone, limits), this.#gate.enter());
    }
  };

  /** One request, and whatever it takes to be done with its records or to know that they must be sent again. */
  async #run(batch: Batch, passage: Passage): Promise<void> {
    const controller = new AbortController();
    this.#requests.set(batch, controller);
    this.#inFlight++;
    const now = this.#parts.context.clock.now();
    for (const { delivery } of batch.parcels) this.#meter.buffered(now - delivery.startedAt);
    const moment: Moment = { epoch: this.#concurrency.epoch, round: this.#round };
    let again: readonly PreparedRecord[] = [];
    let strays: readonly Stray[] = [];
    try {
      const units = batch.shares.flatMap((share) => share.units);
      const outcome = await exchange(this.#line, units, controller.signal);
      if (outcome.type === 'answered') ({ again, strays } = this.#answered(batch, outcome, passage));
      else again = await this.#failed(batch, units, outcome.failure, passage, moment, controller.signal);
    } catch (thrown) {
      this.#gate.abandon(passage);
      if (!(thrown instanceof Unwanted)) for (const { delivery } of batch.parcels) delivery.fail(thrown);
    } finally {
      this.#requests.delete(batch);
      this.#inFlight--;
      this.#parts.slots.release();
    }
    if (strays.length > 0) {
      const sorted = await sortStrays(this.#keeper, strays);
      this.#settlement.delivered(sorted.delivered);
      again = [...again, ...sorted.again];
    }
    this.#collector.giveBack(batch, again, this.#parts.context.clock.now());
    this.#wake();
  }

  #answered(batch: Batch, answer: Outcome & { type: 'answered' }, passage: Passage): Unfinished {
    const { outcomes, shardIds, durationMs } = answer;
    this.#failures = 0;
    this.#meter.answered(durationMs);
    this.#concurrency.answered(durationMs, this.#inFlight);
    const again: PreparedRecord[] = [];
    const strays: Stray[] = [];
    const resting = new Map<Parcel, 'retry' | 'throttle'>();
    let pause: Failure | null = null;
    let i = 0;
    for (const { lane, epoch, units } of batch.shares) {
      let throttled = 0;
      for (const unit of units) {
        const outcome = outcomes[i];
        const shardId = shardIds[i++] ?? null;
        assert(outcome !== undefined, 'there is an outcome for each unit');
        if (outcome === 'delivered') {
          const strayed = lane.shardId !== null && shardId !== null && shardId !== lane.shardId;
          // A map that was read since the request left has been told of it already.
          if (strayed && this.#collector.isCurrent(lane)) this.#keeper.doubt();
          if (strayed && unit.members !== null) strays.push({ unit, shardId });
          else this.#settlement.delivered(recordsOf(unit), lane);
          continue;
        }
        const { code, message, verdict } = outcome;
        this.#meter.error(code, message);
        const records = recordsOf(unit);
        if (verdict === 'invalid' && unit.members === null) {
          this.#settlement.condemn(records, outcome, null);
          continue;
        }
        again.push(...records);
        if (verdict === 'throttle') {
          throttled++;
          lane.throttles++;
          this.#meter.throttled(outcome.shardId);
        }
        if (verdict === 'pause') pause = outcome;
        else if (verdict !== 'throttle' || lane.shard === null) {
          const reason = verdict === 'throttle' ? 'throttle' : 'retry';
          for (const { parcel } of records) if (parcel !== null) resting.set(parcel, reason);
        }
      }
      lane.rate.answered(this.#parts.context.clock.now(), epoch, units.length, throttled);
    }
    for (const [parcel, reason] of resting) this.#settlement.rest(parcel, reason);
    this.#find(passage, pause);
    return { again, strays };
  }

  async #failed(
    batch: Batch,
    units: readonly Unit[],
    failure: Failure,
    passage: Passage,
    { epoch, round }: Moment,
    signal: AbortSignal,
  ): Promise<readonly PreparedRecord[]> {
    const records = units.flatMap(recordsOf);
    const { code, message, verdict } = failure;
    this.#meter.error(code, message);
    switch (verdict) {
      case 'retry':
      case 'throttle':
        if (verdict === 'throttle') this.#meter.throttled(null);
        if (verdict === 'throttle' || OVERLOADED.has(code)) this.#concurrency.overloaded(epoch);
        this.#gate.settle(passage, { type: 'failed', code, message });
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
        return this.#search(records, failure, signal);
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
    signal: AbortSignal,
  ): Promise<readonly PreparedRecord[]> {
    const limits = { maxRecords: this.#parts.settings.maxRequestRecords, maxBytes: this.#maxRequestBytes };
    const search = {
      line: this.#line,
      settlement: this.#settlement,
      limits,
      mayGoOn: () => this.#gate.isOpen,
    };
    const { again, interrupted } = await searchPoison(search, records, refusal, signal);
    if (interrupted?.verdict === 'pause') {
      this.#find({ probe: false, pauses: this.#gate.pauses }, interrupted);
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
    const { stream, context } = this.#parts;
    context.logger.debug(
      { recordType: context.recordType, stream, bytes, maxRequestBytes: this.#maxRequestBytes },
      `a request of ${bytes} bytes to stream '${stream}' was too large; smaller ones from here on`,
    );
    return records;
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

  /** Lets nothing go to the stream for a while. */
  #hold(reason: 'retry' | 'throttle'): void {
    const delayMs = this.#settlement.backoff(reason, Math.max(1, this.#failures));
    this.#heldUntil = Math.max(this.#heldUntil, this.#parts.context.clock.now() + delayMs);
  }
}

/** Why a request was given up whose sends have all been given up. */
class Unwanted extends Error {
  override readonly name = 'Unwanted';
}
