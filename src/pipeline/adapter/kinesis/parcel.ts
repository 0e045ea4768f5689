/**
 * What one send has for one lane: its records there, in order, of which at most one request has some at a time. In
 * this way the records of a send keep their order in each shard, whatever else is under way.
 *
 *     [ . . . . | . . . . . . ]
 *      taken     head -> waiting            `busy` while something is taken
 *
 * Where the order by key is kept, what would be a second unit of a key in a request is passed over, and waits.
 */
import type { Rejection } from '../adapter.ts';
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
  /** What was passed over, because it must wait for records of its key that go now. */
  #aside: PreparedRecord[] = [];

  constructor(delivery: Delivery, records: PreparedRecord[]) {
    this.delivery = delivery;
    this.#records = records;
    for (const record of records) {
      record.parcel = this;
      this.bytes += record.bytes;
    }
  }

  get waiting(): number {
    return this.#records.length - this.#head;
  }

  peek(): PreparedRecord | undefined {
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
    const records = this.#records.slice(this.#head);
    this.#head = this.#records.length;
    this.bytes = 0;
    return records;
  }
}
