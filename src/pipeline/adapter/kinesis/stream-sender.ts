/**
 * Sends the records of one stream until each is in it or condemned. `Collector` says what goes next, `StreamGate`
 * whether to send at all, `Aftermath` how many requests may be under way and what is left of one that has ended.
 *
 *     deliver --> collector --pump--> request --> aftermath --+--> settled: in the stream, or condemned
 *                     ^                                       |
 *                     +-------------- again ------------------+
 *
 * What can go out at once goes: the pump runs at the end of the turn in which something was handed over, so that
 * sends of one turn share requests and none waits for company that may not come.
 */
import { Cancellation } from '../../../base/cancellation.ts';
import type { Timer } from '../../../base/clock.ts';
import type {
  AdapterContext,
  Hold,
  Rejection,
  SendOptions,
  ShardSnapshot,
  StreamSnapshot,
} from '../adapter.ts';
import { StreamMeter } from '../stream-meter.ts';
import { Aftermath } from './aftermath.ts';
import { type Batch, Collector } from './collector.ts';
import { exchange, type Line } from './exchange.ts';
import type { KinesisSettings } from './options.ts';
import type { Packable } from './packable.ts';
import { Delivery } from './parcel.ts';
import type { PreparedRecord } from './record.ts';
import type { RequestSlots } from './request-slots.ts';
import { Settlement } from './settlement.ts';
import { type Found, ShardMapKeeper } from './shard-map-keeper.ts';
import { type Stray, sortStrays } from './strays.ts';
import { type StreamCreator, streamCreatorFor } from './stream-creator.ts';
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

/** As of a send, of which it is known what ends it. */
export interface DeliveryOptions {
  readonly end: Cancellation;
  readonly ordered: SendOptions['ordered'];
  readonly explain: SendOptions['explain'];
  readonly isHurried: SendOptions['isHurried'];
}

export class StreamSender {
  readonly #parts: SenderParts;
  readonly #meter: StreamMeter;
  readonly #gate: StreamGate;
  readonly #creator: StreamCreator | null;
  readonly #keeper: ShardMapKeeper;
  readonly #collector: Collector;
  readonly #aftermath: Aftermath;
  /** Oldest first: a Set keeps the order of insertion. */
  readonly #deliveries = new Set<Delivery>();
  readonly #requests = new Map<Batch, Cancellation>();
  readonly #line: Line;
  readonly #settlement: Settlement;
  #ordinal = 0;
  #inFlight = 0;
  #pumpIsDue = false;
  #timer: Timer | null = null;

  constructor(parts: SenderParts) {
    const { stream, target, settings, context, transport } = parts;
    this.#parts = parts;
    this.#meter = new StreamMeter(stream, target.type === 'name' ? target.name : target.arn, context.clock);
    this.#settlement = new Settlement(stream, settings, context, this.#meter);
    this.#gate = new StreamGate(stream, context, settings.probeBackoff, () => this.#wake());
    this.#creator = streamCreatorFor(target, settings, transport, context);
    this.#collector = new Collector(settings);
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
    this.#aftermath = new Aftermath({
      line: this.#line,
      settings,
      gate: this.#gate,
      creator: this.#creator,
      keeper: this.#keeper,
      collector: this.#collector,
      settlement: this.#settlement,
    });
  }

  /** The largest record that the stream takes. */
  maxRecordBytes(): Promise<number> {
    return this.#keeper.maxRecordBytes();
  }

  /** Whether messages that can be packed should be. */
  packs({ ordered = false }: DeliveryOptions): boolean {
    return !ordered && this.#collector.packs;
  }

  /** Resolves when each record is in the stream or in the result; rejects with the reason of its end, or a bug. */
  deliver(records: readonly PreparedRecord[], options: DeliveryOptions): Promise<readonly Rejection[]> {
    return this.#deliver(records.length, options, (delivery) => this.#collector.add(delivery, records));
  }

  /** The same for what can be packed. `null`: it cannot, when it is written, and nothing of it is under way. */
  deliverPacked(packable: Packable, options: DeliveryOptions): Promise<readonly Rejection[]> | null {
    const packs = this.#collector.packed(packable);
    if (packs === null) return null;
    return this.#deliver(packable.keys.size, options, (delivery) =>
      this.#collector.addPacked(delivery, packs),
    );
  }

  async #deliver(
    records: number,
    { end, ordered = false, explain, isHurried }: DeliveryOptions,
    enter: (delivery: Delivery) => void,
  ): Promise<readonly Rejection[]> {
    if (records === 0) return [];
    if (end.cancelled) throw end.reason;
    // Who collects waits for the map. All others would only have it made while their first request is.
    if (this.#parts.settings.aggregation !== 'none') this.#keeper.want();
    const { delivery, settled } = this.#open(records, ordered, end);
    if (isHurried?.() === true) this.#collector.hurry(delivery.ordinal);
    enter(delivery);
    explain?.(() => this.#heldBy(delivery));
    this.#wake();
    return settled;
  }

  /** Does not see the records: what is in the stream shall not be kept in memory for the rest of its send. */
  #open(
    records: number,
    ordered: boolean,
    end: Cancellation,
  ): { readonly delivery: Delivery; readonly settled: Promise<readonly Rejection[]> } {
    let settle!: (error: unknown) => void;
    const startedAt = this.#parts.context.clock.now();
    const delivery = new Delivery({ records, ordinal: this.#ordinal++, startedAt, ordered }, (error) =>
      settle(error),
    );
    this.#deliveries.add(delivery);
    const settled = new Promise<readonly Rejection[]>((resolve, reject) => {
      const cancel = () => this.#drop(delivery, () => reject(end.reason));
      end.onCancel(cancel);
      settle = (error) => {
        end.offCancel(cancel);
        if (error === null) {
          this.#deliveries.delete(delivery);
          resolve(delivery.rejections);
        } else this.#drop(delivery, () => reject(error));
      };
    });
    return { delivery, settled };
  }

  /** Records that were condemned before they came here. */
  rejectedUnsent(rejections: readonly Rejection[]): void {
    for (const rejection of rejections) this.#settlement.countRejection(rejection);
  }

  /** Somebody waits for the sends under way. */
  hurry(): void {
    this.#collector.hurry(this.#ordinal - 1);
    this.#wake();
  }

  /** Nothing more will come: what waits for company goes. */
  finish(): void {
    this.#collector.close();
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

  #heldBy(delivery: Delivery): readonly Hold[] {
    const { stream } = this.#parts;
    return this.#collector.heldBy(delivery).map((shardId) => ({ stream, shardId }));
  }

  #shards(): ShardSnapshot[] {
    const now = this.#parts.context.clock.now();
    const waiting = this.#collector.waiting();
    return [...this.#collector.lanes].flatMap((lane) => {
      const { shardId, recordsSent, bytesSent, throttles, rate } = lane;
      if (shardId === null) return [];
      const { share } = rate;
      const { records = 0, since } = waiting.get(lane) ?? {};
      const oldestWaitingMs = since === undefined ? null : now - since;
      return [{ shardId, recordsSent, bytesSent, throttles, waiting: records, oldestWaitingMs, share }];
    });
  }

  #drop(delivery: Delivery, reject: () => void): void {
    if (delivery.dropped) return;
    delivery.dropped = true;
    this.#deliveries.delete(delivery);
    this.#collector.drop(delivery);
    reject();
    // A request that nobody waits for any more is given up.
    for (const [batch, end] of this.#requests) {
      if (batch.parcels.every((parcel) => parcel.delivery.dropped)) end.cancel(new Unwanted());
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
    const { context, slots } = this.#parts;
    this.#timer?.clear();
    this.#timer = null;
    for (;;) {
      const now = context.clock.now();
      const situation = { now, alone: this.#deliveries.size === 1, busy: this.#inFlight > 0 };
      const readyAt = Math.max(this.#aftermath.heldUntil, this.#collector.readyAt(situation));
      if (readyAt === Number.POSITIVE_INFINITY || !this.#gate.mayEnter) return;
      if (readyAt > now) {
        this.#timer = context.clock.setTimer(readyAt - now, this.#pump);
        return;
      }
      if (this.#inFlight >= this.#aftermath.requestsMax || !slots.tryTake(this.#pump)) return;
      void this.#run(this.#collector.take(situation, this.#aftermath.limits), this.#gate.enter());
    }
  };

  /** One request, and whatever it takes to be done with its records or to know that they must be sent again. */
  async #run(batch: Batch, passage: Passage): Promise<void> {
    const end = new Cancellation();
    this.#requests.set(batch, end);
    this.#inFlight++;
    const now = this.#parts.context.clock.now();
    for (const { delivery } of batch.parcels) this.#meter.buffered(now - delivery.startedAt);
    const units = batch.shares.flatMap((share) => share.units);
    const sent = { batch, units, passage, moment: this.#aftermath.moment, end };
    let again: readonly PreparedRecord[] = [];
    let strays: readonly Stray[] = [];
    try {
      const outcome = await exchange(this.#line, units, end);
      this.#keeper.want();
      ({ again, strays } = await this.#aftermath.ended(sent, outcome, this.#inFlight));
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
}

/** Why a request was given up whose sends have all been given up. */
class Unwanted extends Error {
  override readonly name = 'Unwanted';
}
