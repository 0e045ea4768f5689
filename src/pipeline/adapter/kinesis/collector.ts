/**
 * Collects the records of all sends to one stream into requests. Pure: no I/O, and the moment is handed in.
 *
 *     send A --+--> parcel A1 --> [ lane of shard 1: A1 B1 C1 ] --+
 *              +--> parcel A2 --> [ lane of shard 2: A2 C2    ] --+--> request: up to 500 records or aggregates,
 *     send B -----> parcel B1                                     |    up to 10 MiB, from all lanes that may send
 *     send C --...                                                |
 *                                 [ lane of shard 3: throttled ] -X    waits for its rate, delays no other lane
 *
 * While the shards are not known there is one lane, and each parcel in it rests for itself after a failure.
 *
 * The rule: of one send and one shard at most one request is under way. So the records of a send are in each shard
 * in the order given, as far as they succeed at the first try; what fails goes in again before what follows it.
 */
import { assert } from '../../../base/assert.ts';
import { Lane } from './lane.ts';
import { type Grouping, LaneDraw } from './lane-draw.ts';
import { type Pack, pack } from './pack.ts';
import type { Packable } from './packable.ts';
import { type Delivery, Parcel } from './parcel.ts';
import { placesByShard } from './places-by-shard.ts';
import type { PreparedRecord } from './record.ts';
import type { RequestLimits } from './request.ts';
import type { OpenShard, ShardMap } from './shard-map.ts';
import type { Unit } from './unit.ts';

/** What takes a shard longer than this, at the rate at which it takes records, holds a send up. */
const BACKLOG_HELD_MS = 1000;
/** While the shards are not known: so many times in a row. Where they are, so often a shard has taken nothing. */
const REFUSED_HELD = 2;
const TOTAL_REFUSALS_HELD = 4;

export interface CollectorSettings {
  readonly aggregation: 'none' | 'equal-keys' | 'shard';
  readonly aggregateBytes: number;
  readonly collectMs: number;
}

/** While another request is under way, so many full aggregates are worth the next one, or fewer that have so many bytes. */
const AGGREGATES_WORTHWHILE = 20;
const BYTES_WORTHWHILE = 500 * 1024;

/** How the stream stands at a moment. */
export interface Situation {
  readonly now: number;
  /** Only one send is under way. */
  readonly alone: boolean;
  /** Requests are under way: their answers are the next occasion to send. */
  readonly busy: boolean;
}

/** What a request has of one lane. */
export interface Share {
  readonly lane: Lane;
  readonly epoch: number;
  readonly units: readonly Unit[];
}

export interface Waiting {
  readonly records: number;
  readonly since: number;
}

/** Records of one send for one lane. */
export interface PackFor {
  readonly pack: Pack;
  readonly shardId: string | null;
}

/** The content of one request. */
export interface Batch {
  readonly shares: readonly Share[];
  readonly parcels: readonly Parcel[];
}

export class Collector {
  readonly #settings: CollectorSettings;
  #map: ShardMap | null = null;
  #lanes = new Map<string | null, Lane>();
  /** Lanes in which something waits. */
  #active: Lane[] = [];
  #laneOf = new Map<Parcel, Lane>();
  #turn = 0;
  /** Nothing waits for company any more. */
  #closing = false;
  /** The youngest send that somebody waits for. */
  #hurriedTo = -1;
  #aggregation: CollectorSettings['aggregation'] = 'none';
  /** What comes now is sent in aggregates as soon as it is known how. */
  #expectsMore = false;

  constructor(settings: CollectorSettings) {
    this.#settings = settings;
  }

  get lanes(): Iterable<Lane> {
    return this.#lanes.values();
  }

  /** Packs what can be, by the lanes that it is for. `null`: something in it can only be made messages of. */
  packed(packable: Packable): readonly PackFor[] | null {
    const map = this.#map;
    const keys = map === null || this.#aggregation === 'none' ? 'each' : 'once';
    const packs: PackFor[] = [];
    for (const [place, indexes] of placesByShard(map, packable.keys).entries()) {
      if (indexes.length === 0) continue;
      const made = pack(packable, indexes, { keys });
      if (made === null) return null;
      packs.push({ pack: made, shardId: map?.shards[place]?.shardId ?? null });
    }
    return packs;
  }

  /** Takes in what was packed just now. */
  addPacked(delivery: Delivery, packs: readonly PackFor[]): void {
    for (const { pack, shardId } of packs) this.#enter(delivery, pack, shardId);
  }

  /** Takes in records of a send. */
  add(delivery: Delivery, records: readonly PreparedRecord[]): void {
    if (this.#map === null) {
      this.#enter(delivery, [...records], null);
      return;
    }
    const byLane = new Map<string, PreparedRecord[]>();
    const shards = this.#map.shardsOf(records);
    for (const [i, record] of records.entries()) {
      const { shardId } = shards[i] as OpenShard;
      const found = byLane.get(shardId);
      if (found === undefined) byLane.set(shardId, [record]);
      else found.push(record);
    }
    for (const [shardId, list] of byLane) this.#enter(delivery, list, shardId);
  }

  /** The shards have become known, or are others than before, or (`null`) are not known any more. */
  setMap(map: ShardMap | null): void {
    if (map !== null && this.#map?.equals(map)) return;
    const before = this.#lanes;
    this.#map = map;
    this.#lanes = new Map();
    this.#active = [];
    if (map === null) this.#lane(null);
    // A shard that is still there keeps its rate, and what rests in it goes on as what waits.
    for (const shard of map?.shards ?? []) this.#lane(shard.shardId, before.get(shard.shardId));
    const parcels = [...before.values()].flatMap((lane) => lane.empty());
    parcels.sort((a, b) => a.delivery.ordinal - b.delivery.ordinal);
    for (const parcel of parcels) {
      this.#forget(parcel);
      this.add(parcel.delivery, parcel.empty());
    }
  }

  /** By lane: how many records are in no request, and since when the oldest send is there that has some in it. */
  waiting(): ReadonlyMap<Lane, Waiting> {
    const waiting = new Map<Lane, Waiting>();
    for (const [{ waiting: records, delivery }, lane] of this.#laneOf) {
      const { records: before, since } = waiting.get(lane) ?? { records: 0, since: Number.POSITIVE_INFINITY };
      waiting.set(lane, { records: before + records, since: Math.min(since, delivery.startedAt) });
    }
    return waiting;
  }

  /** The shards that a send waits for, when it waits for throttled ones alone; none otherwise. */
  heldBy({ parcels }: Delivery): readonly (string | null)[] {
    const shards = new Set<string | null>();
    for (const parcel of parcels) {
      const lane = this.#laneOf.get(parcel);
      if (lane === undefined || !this.#holdsUp(lane, parcel)) return [];
      shards.add(lane.shardId);
    }
    return [...shards];
  }

  /** Whether the lane is of the newest map. */
  isCurrent(lane: Lane): boolean {
    return this.#lanes.get(lane.shardId) === lane;
  }

  /** Whether it is worth packing: what goes by its key is looked at record by record. */
  get packs(): boolean {
    return this.#aggregation === 'none' || (this.#aggregation === 'shard' && this.#map !== null);
  }

  /** What keys say about shards: only where they decide may records share an aggregate. */
  setKeys(keys: 'decide' | 'ignored' | 'unknown'): void {
    this.#aggregation = keys === 'decide' ? this.#settings.aggregation : 'none';
    this.#expectsMore = keys === 'unknown' && this.#settings.aggregation !== 'none';
  }

  /**
   * Sends up to this one wait no longer for company, but for the answer of a request that is under way: what was handed
   * over meanwhile goes with them.
   */
  hurry(ordinal: number): void {
    this.#hurriedTo = Math.max(this.#hurriedTo, ordinal);
  }

  /** Nothing more comes: what waits, and what comes back, goes at once. */
  close(): void {
    this.#closing = true;
  }

  /** When there is something to send: `now` or before if there is, infinity while nothing waits. */
  readyAt(situation: Situation): number {
    const { now } = situation;
    let earliest = Number.POSITIVE_INFINITY;
    this.#active = this.#active.filter((lane) => !lane.isIdle);
    for (const lane of this.#active) {
      lane.wake(now);
      earliest = Math.min(earliest, lane.ready > 0 ? this.#dueAt(lane, situation, lane.ready) : lane.wakesAt);
      if (earliest <= now) return earliest;
    }
    return earliest;
  }

  /** The next request. There is something to send, as `readyAt` has said. */
  take(situation: Situation, limits: RequestLimits): Batch {
    const { now } = situation;
    // One lane has enough for a request; others join it with whatever they may send.
    const due = this.#active.filter((lane) => lane.ready > 0 && this.#dueAt(lane, situation, 1) <= now);
    assert(due.length > 0, 'a request is taken when there is something to send');
    // The lane that is asked first changes, so that each has its turn when there is not room for all.
    this.#turn = (this.#turn + 1) % due.length;
    const draws = [...due.slice(this.#turn), ...due.slice(0, this.#turn)].map((lane) =>
      this.#draw(lane, situation, limits.maxBytes),
    );
    const room = { records: limits.maxRecords, bytes: limits.maxBytes };
    // Each first has an even part of the request; what some leave, others fill.
    const part = Math.ceil(room.records / draws.length);
    for (const most of draws.length === 1 ? [room.records] : [part, room.records]) {
      for (const draw of draws) {
        const allowance = draw.lane.rate.allowance(now);
        const records = Math.min(most, room.records, allowance.records);
        const bytes = Math.min(room.bytes, allowance.bytes);
        if (records <= 0 || bytes <= 0) continue;
        const before = { entries: draw.entries, bytes: draw.bytes };
        draw.draw({ records, bytes });
        const [entries, drawn] = [draw.entries - before.entries, draw.bytes - before.bytes];
        draw.lane.rate.take(entries, drawn);
        room.records -= entries;
        room.bytes -= drawn;
      }
    }
    for (const draw of draws) draw.end();
    return {
      shares: draws
        .filter(({ units }) => units.length > 0)
        .map(({ lane, units }) => ({ lane, units, epoch: lane.rate.epoch })),
      parcels: draws.flatMap(({ parcels }) => parcels),
    };
  }

  /** Puts back what must be sent again. `again` may be in any order. */
  giveBack(batch: Batch, again: readonly PreparedRecord[], now: number): void {
    const byParcel = new Map<Parcel, PreparedRecord[]>();
    for (const record of again) {
      const { parcel } = record;
      assert(parcel !== null, 'a record that was taken has a parcel');
      const list = byParcel.get(parcel);
      if (list === undefined) byParcel.set(parcel, [record]);
      else list.push(record);
    }
    for (const parcel of batch.parcels) {
      parcel.busy = false;
      if (parcel.delivery.dropped) continue;
      parcel.putBack(byParcel.get(parcel) ?? []);
      const lane = this.#laneOf.get(parcel);
      if (parcel.waiting === 0) this.#forget(parcel);
      else if (lane !== undefined && this.isCurrent(lane)) {
        this.#activate(lane);
        lane.giveBack(parcel, now);
      } else {
        // The shards have changed while it was under way.
        this.#forget(parcel);
        this.add(parcel.delivery, parcel.empty());
      }
    }
  }

  /** A send was given up: nothing more of it is taken. */
  drop(delivery: Delivery): void {
    for (const parcel of delivery.parcels) {
      if (!parcel.busy) this.#laneOf.get(parcel)?.remove(parcel);
      this.#laneOf.delete(parcel);
    }
    delivery.parcels.clear();
  }

  #enter(delivery: Delivery, records: PreparedRecord[] | Pack, shardId: string | null): void {
    const lane = this.#lane(shardId);
    const parcel = new Parcel(delivery, records);
    delivery.parcels.add(parcel);
    this.#laneOf.set(parcel, lane);
    this.#activate(lane);
    lane.add(parcel);
  }

  #activate(lane: Lane): void {
    if (lane.isIdle && !this.#active.includes(lane)) this.#active.push(lane);
  }

  #forget(parcel: Parcel): void {
    this.#laneOf.delete(parcel);
    parcel.delivery.parcels.delete(parcel);
  }

  #lane(shardId: string | null, kept?: Lane): Lane {
    const found = this.#lanes.get(shardId);
    if (found !== undefined) return found;
    const shard = this.#map?.shards.find((open) => open.shardId === shardId) ?? null;
    const lane = kept ?? new Lane(shard);
    this.#lanes.set(shardId, lane);
    return lane;
  }

  #holdsUp(lane: Lane, parcel: Parcel): boolean {
    if (lane.shard === null) return parcel.refused >= REFUSED_HELD;
    // In aggregates it takes much for a second's worth, and none of it goes.
    if (lane.rate.totalRefusals >= TOTAL_REFUSALS_HELD) return true;
    const { aggregateBytes } = this.#settings;
    const units = this.#groupingOf(lane) === 'none' ? lane.ready : lane.bytes / aggregateBytes;
    return lane.rate.backlogMs(units, lane.bytes) > BACKLOG_HELD_MS;
  }

  /** When the lane may send so many records, or as many of them as are worth a request. */
  #dueAt(lane: Lane, situation: Situation, records: number): number {
    const { now, busy } = situation;
    const allowed = lane.rate.readyAt(now, records);
    if (this.#waitsForNobody(lane, situation)) return allowed;
    const { collectMs } = this.#settings;
    if (this.#fullAggregates(lane) > 0 && (!busy || this.#isWorthwhile())) return allowed;
    return Math.max(allowed, (lane.oldest?.delivery.startedAt ?? now) + collectMs);
  }

  /** To write, sign and send a request takes as much as to aggregate a thousand small records. */
  #isWorthwhile(): boolean {
    const worthwhile = Math.min(AGGREGATES_WORTHWHILE, BYTES_WORTHWHILE / this.#settings.aggregateBytes);
    let full = 0;
    for (const lane of this.#active) {
      full += this.#fullAggregates(lane);
      if (full >= worthwhile) return true;
    }
    return false;
  }

  /** That could be made of what waits, where the shard is known. */
  #fullAggregates(lane: Lane): number {
    return this.#groupingOf(lane) === 'in-order' ? Math.floor(lane.bytes / this.#settings.aggregateBytes) : 0;
  }

  #waitsForNobody(lane: Lane, { alone, busy }: Situation): boolean {
    if (alone || this.#closing || this.#settings.collectMs === 0) return true;
    if (!busy && (lane.oldest?.delivery.ordinal ?? Number.POSITIVE_INFINITY) <= this.#hurriedTo) return true;
    return this.#groupingOf(lane) === 'none' && !this.#expectsMore;
  }

  #groupingOf(lane: Lane): Grouping {
    if (this.#aggregation === 'none') return 'none';
    return this.#aggregation === 'shard' && lane.shard !== null ? 'in-order' : 'by-key';
  }

  #draw(lane: Lane, situation: Situation, maxBytes: number): LaneDraw {
    const { now } = situation;
    const { aggregateBytes, collectMs } = this.#settings;
    const oldest = lane.oldest?.delivery.startedAt ?? now;
    const keepRest = !this.#waitsForNobody(lane, situation) && oldest + collectMs > now;
    return new LaneDraw(lane, this.#groupingOf(lane), Math.min(aggregateBytes, maxBytes), keepRest);
  }
}
