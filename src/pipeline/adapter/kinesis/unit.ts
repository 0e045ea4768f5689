/**
 * What a request is made of: a record by itself, an aggregate of several, or a run of packed ones that go by themselves,
 * of which each takes an entry.
 */
import type { AggregateBuilder } from './aggregate.ts';
import type { Pack } from './pack.ts';
import type { Parcel } from './parcel.ts';
import type { PreparedRecord } from './record.ts';
import type { Keys } from './shard-map.ts';
import type { RecordEntry } from './transport.ts';

/** What takes one entry. */
export type Entry = PreparedRecord | Aggregate;

export type Unit = Entry | Run;

/** Packed records of one parcel, one after the other. */
export class Run {
  readonly type = 'run';
  readonly parcel: Parcel;
  readonly pack: Pack;
  readonly from: number;
  readonly to: number;
  /** Data and partition keys, as Kinesis counts them. */
  readonly bytes: number;
  #records: readonly PreparedRecord[] | null = null;

  constructor(parcel: Parcel, pack: Pack, from: number, to: number, bytes: number) {
    this.parcel = parcel;
    this.pack = pack;
    this.from = from;
    this.to = to;
    this.bytes = bytes;
  }

  get size(): number {
    return this.to - this.from;
  }

  /** Each by itself, as one that has been in a request; the same ones each time. */
  get records(): readonly PreparedRecord[] {
    this.#records ??= Array.from({ length: this.size }, (_, i) => {
      const record = this.pack.unpack(this.from + i);
      record.parcel = this.parcel;
      record.tried = true;
      return record;
    });
    return this.#records;
  }
}

/** It is written when its request is, and not before. */
export class Aggregate {
  readonly type = 'aggregate';
  readonly builder: AggregateBuilder;
  readonly keys: Keys;
  readonly bytes: number;

  constructor(builder: AggregateBuilder, keys: Keys) {
    this.builder = builder;
    this.keys = keys;
    this.bytes = builder.bytes + Buffer.byteLength(keys.PartitionKey);
  }

  get members(): readonly (PreparedRecord | Run)[] {
    return this.builder.members;
  }

  get entry(): RecordEntry {
    const { PartitionKey, ExplicitHashKey } = this.keys;
    const Data = this.builder.encode();
    return ExplicitHashKey === undefined ? { PartitionKey, Data } : { PartitionKey, ExplicitHashKey, Data };
  }
}

/** Each record that a unit brings. */
export function recordsOf(unit: Unit): readonly PreparedRecord[] {
  switch (unit.type) {
    case 'record':
      return [unit];
    case 'run':
      return unit.records;
    case 'aggregate':
      return unit.members.flatMap(recordsOf);
  }
}

/** The same, with runs as they are. */
export function membersOf(unit: Unit): readonly (PreparedRecord | Run)[] {
  return unit.type === 'aggregate' ? unit.members : [unit];
}

/** What takes one entry each. */
export function entriesOf(unit: Unit): readonly Entry[] {
  return unit.type === 'run' ? unit.records : [unit];
}

/** How many records it brings. */
export function recordCount(unit: Unit): number {
  switch (unit.type) {
    case 'record':
      return 1;
    case 'run':
      return unit.size;
    case 'aggregate':
      return unit.members.reduce((sum, member) => sum + recordCount(member), 0);
  }
}

/** How many entries it takes. */
export function entryCount(unit: Unit): number {
  return unit.type === 'run' ? unit.size : 1;
}
