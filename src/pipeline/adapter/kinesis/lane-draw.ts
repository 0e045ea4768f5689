/**
 * Draws from one lane what one request takes of it: records by themselves, or aggregates of them. Pure.
 *
 * - One after the other (`shard`): all of a lane belongs to one shard, so any of it may share an aggregate.
 * - By key: records of equal keys belong to one shard whichever it is, so only they share one.
 *
 * The rule: an aggregate holds only records that belong to the same shard, because a reader drops the others. One
 * record alone is sent as it is.
 */
import { AggregateBuilder } from './aggregate.ts';
import type { Lane } from './lane.ts';
import type { Parcel } from './parcel.ts';
import type { PreparedRecord, Unit } from './record.ts';
import { hashKeyNumber } from './shard-map.ts';

export type Grouping = 'none' | 'by-key' | 'in-order';

/** What of a request, and of what its shard may be sent, is left. */
export interface Room {
  records: number;
  bytes: number;
}

/** What a record of an aggregate takes beyond its data and key, or a little less. */
const AGGREGATE_OVERHEAD_BYTES = 16;
/** The name that the format's inventors give to a record whose own key means nothing. */
const AGGREGATE_KEY = 'a';

export class LaneDraw {
  readonly lane: Lane;
  readonly units: Unit[] = [];
  readonly parcels: Parcel[] = [];
  readonly #grouping: Grouping;
  readonly #aggregateBytes: number;
  readonly #keepRest: boolean;
  #current: Parcel | undefined;
  #untouched = false;
  /** Of the current parcel, if its order is kept: by partition key, the unit that its records are in. */
  readonly #unitOfKey = new Map<string, number>();
  bytes = 0;

  /** `keepRest`: what does not fill an aggregate stays where it is. */
  constructor(lane: Lane, grouping: Grouping, aggregateBytes: number, keepRest: boolean) {
    this.lane = lane;
    this.#grouping = grouping;
    this.#aggregateBytes = aggregateBytes;
    this.#keepRest = keepRest;
  }

  /** Draws up to this many units, and bytes as far as there is `room`; a first unit may be larger than that. */
  draw(room: Room): void {
    switch (this.#grouping) {
      case 'none':
        while (room.records > 0) {
          const record = this.#peek(this.units.length);
          if (record === undefined || !this.#fits(record.bytes, room)) return;
          this.#shift(record, this.units.length);
          this.#add(record, room);
        }
        return;
      case 'in-order':
        while (room.records > 0 && this.#drawAggregate(room));
        return;
      case 'by-key':
        this.#drawByKey(room);
    }
  }

  /** Nothing more is drawn: what was looked at and not taken goes back. */
  end(): void {
    this.#current?.endRequest();
    if (this.#current === undefined || !this.#untouched) return;
    this.#current.busy = false;
    this.parcels.pop();
    this.lane.giveBack(this.#current, this.#current.notBefore);
    this.#current = undefined;
  }

  #drawAggregate(room: Room): boolean {
    if (this.#keepRest && this.lane.bytes + (this.#current?.bytes ?? 0) < this.#aggregateBytes) return false;
    const unit = this.units.length;
    let record = this.#peek(unit);
    if (record === undefined || !this.#fits(Math.min(record.bytes, this.#aggregateBytes), room)) return false;
    const builder = new AggregateBuilder();
    const limit = this.units.length === 0 ? this.#aggregateBytes : Math.min(this.#aggregateBytes, room.bytes);
    while (record !== undefined && builder.add(record, limit)) {
      this.#shift(record, unit);
      record = this.#peek(unit);
    }
    this.#add(unitOf(builder, null), room);
    return true;
  }

  #drawByKey(room: Room): void {
    const open = new Map<string, AggregateBuilder>();
    const builders: AggregateBuilder[] = [];
    let bytes = 0;
    while (bytes < room.bytes) {
      const record = this.#peek(null);
      if (record === undefined) break;
      const { PartitionKey, ExplicitHashKey } = record;
      const group = ExplicitHashKey === undefined ? PartitionKey : `${ExplicitHashKey} ${PartitionKey}`;
      if (open.get(group)?.add(record, this.#aggregateBytes) !== true) {
        if (this.#unitOfKey.has(PartitionKey)) {
          this.#passOver();
          continue;
        }
        if (builders.length === room.records) break;
        const builder = new AggregateBuilder();
        builder.add(record, this.#aggregateBytes);
        open.set(group, builder);
        builders.push(builder);
      }
      this.#shift(record, builders.length);
      bytes += record.bytes + AGGREGATE_OVERHEAD_BYTES;
    }
    for (const builder of builders) this.#add(unitOf(builder, builder.records[0] ?? null), room);
  }

  #fits(bytes: number, room: Room): boolean {
    return bytes <= room.bytes || (room.bytes > 0 && this.units.length === 0 && room.records > 0);
  }

  #add(unit: Unit, room: Room): void {
    this.units.push(unit);
    this.bytes += unit.bytes;
    room.records--;
    room.bytes -= unit.bytes;
  }

  /** The next record that this unit may have; `null`: whoever asks sees to the order. */
  #peek(unit: number | null): PreparedRecord | undefined {
    for (;;) {
      const record = this.#current?.peek();
      if (record === undefined) {
        if (!this.#nextParcel()) return undefined;
        continue;
      }
      const last = unit === null ? undefined : this.#unitOfKey.get(record.PartitionKey);
      if (last === undefined || last === unit) return record;
      this.#passOver();
    }
  }

  /** The next record must wait for those of its key that go with this request. */
  #passOver(): void {
    if (this.#current?.setAside() !== true) this.#nextParcel();
  }

  #nextParcel(): boolean {
    this.#current?.endRequest();
    this.#unitOfKey.clear();
    this.#current = this.lane.shift();
    if (this.#current === undefined) return false;
    this.#current.busy = true;
    this.#untouched = true;
    this.parcels.push(this.#current);
    return true;
  }

  #shift({ PartitionKey }: PreparedRecord, unit: number): void {
    this.#untouched = false;
    if (this.#current?.delivery.ordered === true) this.#unitOfKey.set(PartitionKey, unit);
    this.#current?.shift();
  }
}

/** `keys` are those of the whole aggregate; `null` when they are to lead to the shard of its first record. */
function unitOf(builder: AggregateBuilder, keys: PreparedRecord | null): Unit {
  const { records } = builder;
  const first = records[0] as PreparedRecord;
  if (records.length === 1) return first;
  const Data = builder.encode();
  const { PartitionKey, ExplicitHashKey } = keys ?? {
    PartitionKey: AGGREGATE_KEY,
    ExplicitHashKey: hashKeyNumber(first),
  };
  const entry =
    ExplicitHashKey === undefined ? { PartitionKey, Data } : { PartitionKey, ExplicitHashKey, Data };
  return { entry, bytes: Data.byteLength + Buffer.byteLength(PartitionKey), members: records };
}
