/**
 * What one send has for one lane: its records there, in order, of which at most one request has some at a time. In
 * this way the records of a send keep their order in each shard, whatever else is under way.
 *
 *     [ . . . . | . . . . . . ]
 *      taken     head -> waiting            `busy` while something is taken
 *
 * They come packed, and are taken in runs; those that come back have been unpacked, and go first.
 *
 * Where the order by key is kept, what would be a second unit of a key in a request is passed over, and waits.
 */
import type { Rejection } from '../adapter.ts';
import type { Pack } from './pack.ts';
import type { PreparedRecord } from './record.ts';

interface DeliveryFacts {
  readonly records: number;
  readonly ordinal: number;
  readonly startedAt: number;
  readonly ordered?: boolean;
}

/** One send under way. */
export class Delivery {
  /** Of the stream's sends: the older one goes first. */
  readonly ordinal: number;
  readonly startedAt: number;
  /** Of its records with one partition key, one unit at a time is under way. */
  readonly ordered: boolean;
  readonly rejections: Rejection[] = [];
  readonly parcels = new Set<Parcel>();
  /** Records neither in the stream nor condemned. */
  open: number;
  /** Given up by its sender: what is left of it goes nowhere. */
  dropped = false;
  readonly #settled: (error: unknown) => void;

  /** `settled` is called once, with `null` when all is done. */
  constructor(
    { records, ordinal, startedAt, ordered = false }: DeliveryFacts,
    settled: (error: unknown) => void,
  ) {
    this.open = records;
    this.ordinal = ordinal;
    this.startedAt = startedAt;
    this.ordered = ordered;
    this.#settled = settled;
  }

  /** So many records are done with. */
  settle(records: number): void {
    this.open -= records;
    if (this.open === 0 && !this.dropped) this.#settled(null);
  }

  fail(error: unknown): void {
    if (!this.dropped) this.#settled(error);
  }
}

/** Bounds the work for one request where thousands of records of a key wait for one. */
const ASIDE_MAX = 1000;

export class Parcel {
  readonly delivery: Delivery;
  busy = false;
  /** Not before this moment. */
  notBefore = 0;
  /** Answers in a row that put nothing of it into the stream. */
  failures = 0;
  /** The same, for those that refused it for being too much. */
  refused = 0;
  /** The size of what waits. */
  bytes = 0;
  #records: PreparedRecord[];
  #head = 0;
  /** What comes after them, if anything does, and from which place on. */
  #pack: Pack | null = null;
  #place = 0;
  /** What was passed over, because it must wait for records of its key that go now. */
  #aside: PreparedRecord[] = [];

  constructor(delivery: Delivery, records: PreparedRecord[] | Pack) {
    this.delivery = delivery;
    if (Array.isArray(records)) {
      this.#records = records;
      for (const record of records) {
        record.parcel = this;
        this.bytes += record.bytes;
      }
    } else {
      this.#records = [];
      this.#pack = records;
      this.bytes = records.bytes;
    }
  }

  get waiting(): number {
    return this.#records.length - this.#head + (this.#pack === null ? 0 : this.#pack.size - this.#place);
  }

  /** Packed records that are next, if they are: the pack and the place of the first. */
  get packed(): { readonly pack: Pack; readonly place: number } | null {
    if (this.#pack === null || this.#head < this.#records.length) return null;
    return { pack: this.#pack, place: this.#place };
  }

  /** Takes out the packed records up to a place. */
  takePacked(to: number, bytes: number): void {
    this.#place = to;
    this.bytes -= bytes;
    if (this.#pack?.size === to) this.#pack = null;
  }

  /** The next record. One that is packed is unpacked for it. */
  peek(): PreparedRecord | undefined {
    if (this.#head === this.#records.length && this.#pack !== null) this.#unpack(this.#pack, this.#place + 1);
    return this.#records[this.#head];
  }

  shift(): void {
    this.bytes -= this.#records[this.#head]?.bytes ?? 0;
    this.#head++;
  }

  /** Passes over the next record. False: it has been done too often for one request. */
  setAside(): boolean {
    if (this.#aside.length === ASIDE_MAX) return false;
    const record = this.peek();
    if (record !== undefined) this.#aside.push(record);
    this.shift();
    return true;
  }

  /** What was passed over waits again. */
  endRequest(): void {
    const aside = this.#aside;
    this.#aside = [];
    this.putBack(aside);
  }

  /** Puts records in front that were taken, in the order of the send. */
  putBack(records: readonly PreparedRecord[]): void {
    if (records.length === 0) return;
    const all = [...records, ...this.#records.slice(this.#head)];
    this.#records = all.sort((a, b) => a.index - b.index);
    this.#head = 0;
    for (const { bytes } of records) this.bytes += bytes;
  }

  /** Takes all that waits. */
  empty(): PreparedRecord[] {
    if (this.#pack !== null) this.#unpack(this.#pack, this.#pack.size);
    const records = this.#records.slice(this.#head);
    this.#head = this.#records.length;
    this.bytes = 0;
    return records;
  }

  /** What is packed, up to a place, goes on as records. */
  #unpack(pack: Pack, to: number): void {
    const records = this.#records.slice(this.#head);
    for (let place = this.#place; place < to; place++) {
      const record = pack.unpack(place);
      record.parcel = this;
      records.push(record);
    }
    this.#records = records;
    this.#head = 0;
    this.#place = to;
    if (to === pack.size) this.#pack = null;
  }
}
