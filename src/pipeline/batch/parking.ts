/**
 * Which batches of a record type are parked, and when: as many as others wait for a place, those first that have run
 * longest, and only ones that throttled shards alone hold up. So one hot shard delays nothing else; while there is room
 * for all, nothing is moved.
 *
 *     running: [ B1 B2 B3 ... ]  --held up, and a place is wanted--> parked: [ P1 P2 ]
 *                                \--no room in `parkedBytes`--> stays: the type waits for that shard
 *
 * Bound: `parkedBytes` of events, and with them what their sends keep in memory. While a place is wanted and none was
 * found it looks again every `LOOK_MS`; otherwise it costs nothing.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import type { Hold } from '../adapter/adapter.ts';

/** A run of a batch, as far as parking is concerned. */
export interface Parkable {
  readonly claim: { readonly size: number };
  /** The throttled shards that it waits for, when it waits for nothing else. */
  heldBy(): readonly Hold[];
  /** False: there is no room. */
  park(): boolean;
}

/** What is shown of it. */
export interface ParkingSnapshot {
  /** Batches that are parked, and their events that are not settled. */
  readonly batches: number;
  readonly events: number;
  /** What the type waits for, because there is no room to park more. */
  readonly waitsFor: readonly Hold[];
}

const LOOK_MS = 100;

export class Parking {
  readonly #clock: Clock;
  /** In the order in which they began: a Set keeps the order of insertion. */
  readonly #running = new Set<Parkable>();
  readonly #parked = new Set<Parkable>();
  #wanted = 0;
  #waitsFor: readonly Hold[] = [];
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Its handler runs. */
  enter(run: Parkable): void {
    this.#parked.delete(run);
    this.#running.add(run);
    if (this.#wanted > 0) this.#lookLater();
  }

  /** Its handler has ended. */
  leave(run: Parkable): void {
    this.#running.delete(run);
    this.#parked.delete(run);
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  /** So many batches wait for a place: from now on, until it is said anew. */
  want(places: number): void {
    this.#wanted = places;
    if (places > 0) this.#look();
    else {
      this.#waitsFor = [];
      this.#timer?.clear();
      this.#timer = undefined;
    }
  }

  snapshot(): ParkingSnapshot {
    let events = 0;
    for (const { claim } of this.#parked) events += claim.size;
    return { batches: this.#parked.size, events, waitsFor: this.#waitsFor };
  }

  #look(): void {
    this.#waitsFor = [];
    for (const run of [...this.#running]) {
      if (this.#wanted <= 0) return;
      const holds = run.heldBy();
      if (holds.length === 0) continue;
      if (!run.park()) {
        this.#waitsFor = distinct(holds);
        break;
      }
      this.#wanted--;
      this.#running.delete(run);
      this.#parked.add(run);
    }
    if (this.#wanted > 0 && this.#running.size > 0) this.#lookLater();
  }

  #lookLater(): void {
    this.#timer ??= this.#clock.setTimer(LOOK_MS, () => {
      this.#timer = undefined;
      this.#look();
    });
  }
}

function distinct(holds: readonly Hold[]): readonly Hold[] {
  return [...new Map(holds.map((hold) => [`${hold.stream} ${hold.shardId}`, hold])).values()];
}
