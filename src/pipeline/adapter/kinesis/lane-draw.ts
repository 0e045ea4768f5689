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
import type { PreparedRecord } from './record.ts';
import { hashKeyNumber, type Keys } from './shard-map.ts';
import { Aggregate, entryCount, Run, type Unit } from './unit.ts';

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
  /** Of a request, that its units take. */
  entries = 0;

  /** `keepRest`: what does not fill an aggregate stays where it is. */
  constructor(lane: Lane, grouping: Grouping, aggregateBytes: number, keepRest: boolean) {
    this.lane = lane;
    this.#grouping = grouping;
    this.#aggregateBytes = aggregateBytes;
    this.#keepRest = keepRest;
  }

  /** Draws up to this many entries, and bytes as far as there is `room`; a first unit may be larger than that. */
  draw(room: Room): void {
    switch (this.#grouping) {
      case 'none':
        while (room.records > 0 && (this.#drawRun(room) || this.#drawRecord(room)));
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

  #drawRecord(room: Room): boolean {
    const record = this.#peek(this.entries);
    if (record === undefined || !this.#fits(record.bytes, room)) return false;
    this.#shift(record, this.entries);
    this.#add(record, room);
    return true;
  }

  /** As many packed records as there is room for, each by itself. */
  #drawRun(room: Room): boolean {
    const packed = this.#packed();
    if (packed === null) return false;
    const { parcel, pack, place } = packed;
    let bytes = 0;
    let to = place;
    while (to < pack.size && to - place < room.records) {
      const more = pack.sizeOf(to);
      if (to === place ? !this.#fits(more, room) : bytes + more > room.bytes) break;
      bytes += more;
      to++;
    }
    if (to === place) return false;
    this.#takePacked(parcel, to, bytes);
    this.#add(new Run(parcel, pack, place, to, bytes), room);
    return true;
  }

  #drawAggregate(room: Room): boolean {
    if (this.#keepRest && this.lane.bytes + (this.#current?.bytes ?? 0) < this.#aggregateBytes) return false;
    const nextBytes = this.#nextBytes();
    if (nextBytes === null || !this.#fits(Math.min(nextBytes, this.#aggregateBytes), room)) return false;
    const builder = new AggregateBuilder();
    const limit = this.units.length === 0 ? this.#aggregateBytes : Math.min(this.#aggregateBytes, room.bytes);
    while (this.#fill(builder, limit));
    this.#add(unitOf(builder, null), room);
    return true;
  }

  /** Adds what comes next to an aggregate; false when it is full, or nothing is left. */
  #fill(builder: AggregateBuilder, limit: number): boolean {
    const packed = this.#packed();
    if (packed === null) {
      const unit = this.entries;
      const record = this.#peek(unit);
      if (record === undefined || !builder.add(record, limit)) return false;
      this.#shift(record, unit);
      return true;
    }
    const { parcel, pack, place } = packed;
    const to = builder.addRun(parcel, pack, place, limit);
    if (to === place) return false;
    this.#takePacked(parcel, to, (builder.members.at(-1) as Run).bytes);
    return to === pack.size;
  }

  #drawByKey(room: Room): void {
    const open = new Map<string, AggregateBuilder>();
    const builders: { readonly builder: AggregateBuilder; readonly first: PreparedRecord }[] = [];
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
        builders.push({ builder, first: record });
      }
      this.#shift(record, builders.length);
      bytes += record.bytes + AGGREGATE_OVERHEAD_BYTES;
    }
    for (const { builder, first } of builders) this.#add(unitOf(builder, first), room);
  }

  #fits(bytes: number, room: Room): boolean {
    return bytes <= room.bytes || (room.bytes > 0 && this.units.length === 0 && room.records > 0);
  }

  #add(unit: Unit, room: Room): void {
    const entries = entryCount(unit);
    this.units.push(unit);
    this.entries += entries;
    this.bytes += unit.bytes;
    room.records -= entries;
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

  /** What is next, if it is packed; its order is nobody's concern. */
  #packed() {
    while (this.#current === undefined || this.#current.waiting === 0) if (!this.#nextParcel()) return null;
    const packed = this.#current.packed;
    return packed === null ? null : { parcel: this.#current, ...packed };
  }

  #takePacked(parcel: Parcel, to: number, bytes: number): void {
    this.#untouched = false;
    parcel.takePacked(to, bytes);
  }

  /** The size of the next record; `null` when there is none that may go. */
  #nextBytes(): number | null {
    const packed = this.#packed();
    if (packed !== null) return packed.pack.sizeOf(packed.place);
    return this.#peek(this.entries)?.bytes ?? null;
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
  const [first] = builder.members;
  if (builder.size === 1) return first as PreparedRecord | Run;
  return new Aggregate(
    builder,
    keys ?? {
      PartitionKey: AGGREGATE_KEY,
      ExplicitHashKey: hashKeyNumber(keysOf(first as PreparedRecord | Run)),
    },
  );
}

function keysOf(member: PreparedRecord | Run): Keys {
  return member.type === 'run' ? { PartitionKey: member.pack.keyText(member.from) } : member;
}
