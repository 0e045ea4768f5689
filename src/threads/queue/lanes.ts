/**
 * Which events may be worked on now, where those of one key must not overtake each other. An event belongs to a lane;
 * a lane is in one claim at a time, or in the parts of one that was split.
 *
 *     queue --read--> its lane is free, or in the claim that is made -----> that claim
 *                \--> its lane is in another claim --> held back  [ 7: e e e ]  [ 9: e ]
 *                                                        | the last claim with the lane closes
 *                                                        v
 *                                                      freed: claimed before anything is read
 *
 * The invariant: of the events of a lane that are not settled, those in claims are older than those held back, and
 * those older than those not read. Bound: `HELD_BACK_MAX` events are held back; then nothing is read until fewer are.
 */
import { assert } from '../../base/assert.ts';
import { Ring } from '../../base/ring.ts';
import type { Backlog, Unclaimed } from './backlog.ts';

/** Many, so that events of two keys seldom meet in one: with 25,000 events in flight two of three lanes are free. */
export const LANES = 1 << 16;
/** About 8 MB of memory. */
export const HELD_BACK_MAX = 65_536;

interface HeldBack {
  readonly events: Ring<Unclaimed>;
  /** The order of the youngest that was ever in there. */
  youngest: number;
}

export class Lanes implements Backlog {
  /** By lane: how many claims have some of it. */
  readonly #claims = new Uint16Array(LANES);
  /** By lane, in the order of the queue. None is empty. */
  readonly #heldBack = new Map<number, HeldBack>();
  /** Lanes that are in no claim, and in which something was held back. */
  readonly #free = new Ring<number>();
  #waiting = 0;
  #freed = 0;
  /** The lane whose events the claim that is made gets next. */
  #drawn: number | undefined = undefined;

  /** Held back, freed or not. */
  get waiting(): number {
    return this.#waiting;
  }

  get freed(): number {
    return this.#freed;
  }

  get isFull(): boolean {
    return this.#waiting >= HELD_BACK_MAX;
  }

  next(mine: Set<number>, read: () => Unclaimed | undefined): Unclaimed | undefined {
    const freed = this.#nextFreed();
    if (freed !== undefined) {
      mine.add(freed.lane);
      return freed;
    }
    while (!this.isFull) {
      const found = read();
      if (found === undefined) return undefined;
      if (this.#claims[found.lane] === 0 || mine.has(found.lane)) {
        mine.add(found.lane);
        return found;
      }
      this.#insert(found);
    }
    return undefined;
  }

  lock(lanes: Iterable<number>): void {
    for (const lane of lanes) this.#claims[lane] = (this.#claims[lane] as number) + 1;
    const drawn = this.#drawn;
    this.#drawn = undefined;
    if (drawn !== undefined && this.#claims[drawn] === 0) this.#open(drawn);
  }

  unlock(lanes: Iterable<number>): void {
    for (const lane of lanes) {
      const claims = (this.#claims[lane] as number) - 1;
      this.#claims[lane] = claims;
      if (claims === 0) this.#open(lane);
    }
  }

  giveBack(events: readonly Unclaimed[]): void {
    // From the youngest on, so that each is older than what is there.
    for (const event of [...events].reverse()) {
      const { lane } = event;
      const isFirst = !this.#heldBack.has(lane);
      this.#insert(event);
      if (this.#claims[lane] !== 0) continue;
      if (isFirst) this.#open(lane);
      else this.#freed++;
    }
  }

  #insert(event: Unclaimed): void {
    this.#waiting++;
    const { lane, order } = event;
    let held = this.#heldBack.get(lane);
    if (held === undefined) {
      held = { events: new Ring(), youngest: order };
      this.#heldBack.set(lane, held);
    }
    const { events, youngest } = held;
    held.youngest = Math.max(youngest, order);
    const oldest = events.peek();
    if (oldest === undefined || order > youngest) events.push(event);
    else if (order < oldest.order) events.unshift(event);
    else {
      const all = [...events, event].sort((a, b) => a.order - b.order);
      events.clear();
      for (const each of all) events.push(each);
    }
  }

  #open(lane: number): void {
    const held = this.#heldBack.get(lane);
    if (held === undefined) return;
    this.#free.push(lane);
    this.#freed += held.events.size;
  }

  #nextFreed(): Unclaimed | undefined {
    if (this.#drawn === undefined) {
      this.#drawn = this.#free.shift();
      if (this.#drawn === undefined) return undefined;
      this.#freed -= this.#heldBack.get(this.#drawn)?.events.size ?? 0;
    }
    const lane = this.#drawn;
    const held = this.#heldBack.get(lane);
    const event = held?.events.shift();
    assert(held !== undefined && event !== undefined, 'a lane is free only with something held back in it');
    this.#waiting--;
    if (held.events.size === 0) {
      this.#heldBack.delete(lane);
      this.#drawn = undefined;
    }
    return event;
  }
}
