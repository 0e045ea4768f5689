/**
 * What waits for one shard, or, while the shards are not known, for the stream: parcels in the order of their sends.
 * Knows how fast the shard is sent to.
 *
 *     resting:  [ P0 ]             failed a moment ago; returns when its time has come
 *     returned: [ P1 P3 ]          by age; in front of
 *     fresh:    [ P5 P6 P7 ... ]   what has not been taken yet
 *
 * The rule: a parcel that has something waiting and is not busy is in exactly one of the three.
 */
import { Ring } from '../../../base/ring.ts';
import type { Parcel } from './parcel.ts';
import type { OpenShard } from './shard-map.ts';
import { ShardRate } from './shard-rate.ts';

export class Lane {
  /** `null`: whichever shard it will be. */
  readonly shard: OpenShard | null;
  readonly rate = new ShardRate();
  recordsSent = 0;
  bytesSent = 0;
  throttles = 0;
  readonly #fresh = new Ring<Parcel>();
  readonly #returned: Parcel[] = [];
  #resting: Parcel[] = [];
  /** Of what may be taken. */
  #records = 0;
  #bytes = 0;

  constructor(shard: OpenShard | null) {
    this.shard = shard;
  }

  get shardId(): string | null {
    return this.shard?.shardId ?? null;
  }

  get ready(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isIdle(): boolean {
    return this.#records === 0 && this.#resting.length === 0;
  }

  add(parcel: Parcel): void {
    this.#fresh.push(parcel);
    this.#count(parcel, 1);
  }

  /** Gives back what is not finished with a parcel. */
  giveBack(parcel: Parcel, now: number): void {
    if (parcel.notBefore > now) this.#resting.push(parcel);
    else this.#return(parcel);
  }

  /** Lets those go on whose rest is over. */
  wake(now: number): void {
    if (this.#resting.length === 0) return;
    const due = this.#resting.filter(({ notBefore }) => notBefore <= now);
    if (due.length === 0) return;
    this.#resting = this.#resting.filter(({ notBefore }) => notBefore > now);
    for (const parcel of due) this.#return(parcel);
  }

  /** When the first of those that rest may go on. */
  get wakesAt(): number {
    return this.#resting.reduce(
      (first, { notBefore }) => Math.min(first, notBefore),
      Number.POSITIVE_INFINITY,
    );
  }

  get oldest(): Parcel | undefined {
    return this.#returned[0] ?? this.#fresh.peek();
  }

  /** The next parcel, out of the lane. */
  shift(): Parcel | undefined {
    const parcel = this.#returned.shift() ?? this.#fresh.shift();
    if (parcel !== undefined) this.#count(parcel, -1);
    return parcel;
  }

  remove(parcel: Parcel): void {
    const place = this.#returned.indexOf(parcel);
    if (place >= 0) this.#returned.splice(place, 1);
    if (place >= 0 || this.#fresh.take((other) => other === parcel) !== undefined) this.#count(parcel, -1);
    else this.#resting = this.#resting.filter((other) => other !== parcel);
  }

  /** All parcels, out of the lane. */
  empty(): Parcel[] {
    const parcels = [...this.#resting, ...this.#returned, ...this.#fresh];
    this.#fresh.clear();
    this.#returned.length = 0;
    this.#resting = [];
    this.#records = 0;
    this.#bytes = 0;
    return parcels;
  }

  #return(parcel: Parcel): void {
    let place = this.#returned.length;
    while (place > 0 && (this.#returned[place - 1] as Parcel).delivery.ordinal > parcel.delivery.ordinal)
      place--;
    this.#returned.splice(place, 0, parcel);
    this.#count(parcel, 1);
  }

  #count(parcel: Parcel, by: 1 | -1): void {
    this.#records += by * parcel.waiting;
    this.#bytes += by * parcel.bytes;
  }
}
