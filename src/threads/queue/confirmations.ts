/**
 * Who waits for an event. One table of slots for each recording thread (its seat), all in one buffer.
 *
 *     seat 0: ticket . . . | slot slot slot ... (65,536)
 *     seat 1: ticket . . . | slot slot slot ...
 *
 *     slot:  generation 16 | code 16        free -> disk-wanted or delivered-wanted   the recording thread, store
 *                                           wanted -> disk | delivered | dead         whoever settles, one CAS
 *                                           -> free, generation + 1                   the recording thread, store
 *
 * The invariant: the outcome stands in the slot before the frame is marked, and only the recording thread frees a
 * slot. A frame carries slot and generation; an outcome for another generation, from a frame delivered twice or a
 * reader long given up, finds the generation changed and is dropped. Nothing is ever read back from a frame.
 *
 * No message and no notification an event: whoever settles a batch adds one to the ticket of each seat concerned,
 * and the recording thread, woken once, looks at all its waiting slots. A thread that died between an outcome and
 * its notification wakes nobody; its successor rings at every seat.
 */
import { assert } from '../../base/assert.ts';
import { Ring } from '../../base/ring.ts';
import { untouchedMemory } from '../untouched-memory.ts';
import { changed, type Watch } from './wait.ts';

export interface ConfirmationsHandle {
  readonly memory: SharedArrayBuffer;
  readonly seats: number;
  readonly slots: number;
}

/** `disk` is answered by the journal's commit or by delivery, whichever is first; `delivered` by delivery alone. */
export type Until = 'disk' | 'delivered';
export type Outcome = 'disk' | 'delivered' | 'dead';
export type Confirmed = Outcome | 'cancelled';

const CODE = { FREE: 0, DISK_WANTED: 1, DELIVERED_WANTED: 2, DISK: 3, DELIVERED: 4, DEAD: 5 } as const;
const OUTCOMES: Readonly<Record<number, Outcome>> = { 3: 'disk', 4: 'delivered', 5: 'dead' };
const CODE_OF: Readonly<Record<Outcome, number>> = {
  disk: CODE.DISK,
  delivered: CODE.DELIVERED,
  dead: CODE.DEAD,
};

const SEAT_HEADER_WORDS = 16;
const SLOTS = 65536;

/** Tables for `seats` recording threads at a time; unused ones cost no memory. */
export function createConfirmations({ seats = 64, slots = SLOTS } = {}): ConfirmationsHandle {
  assert(slots > 0 && slots <= SLOTS && seats > 0 && seats <= 0xffff, 'slots and seats have 16 bits');
  return { memory: untouchedMemory(seats * (SEAT_HEADER_WORDS + slots) * 4), seats, slots };
}

/** One event that somebody waits for. */
export interface Confirmation {
  readonly outcome: Promise<Confirmed>;
  /** No longer waits: the outcome is `cancelled`, unless it is there already. */
  cancel(): void;
}

/** The table of one recording thread, in that thread. Taking a seat ends whatever a thread before waited for there. */
export class ConfirmationTable {
  readonly seat: number;
  readonly #words: Int32Array;
  readonly #ticket: number;
  readonly #slots: number;
  readonly #watch: Watch;
  /** First in, first out: a slot's generation comes round again only after 65,536 uses of all of them. */
  readonly #freed = new Ring<number>();
  #unused = 0;
  readonly #waiting = new Map<number, (outcome: Confirmed) => void>();
  #attending = false;

  constructor(handle: ConfirmationsHandle, seat: number, watch: Watch) {
    assert(seat >= 0 && seat < handle.seats, `seat ${seat} of ${handle.seats}`);
    this.seat = seat;
    this.#words = new Int32Array(handle.memory);
    this.#ticket = ticketIndex(handle, seat);
    this.#slots = handle.slots;
    this.#watch = watch;
    for (let slot = 0; slot < this.#slots; slot++) {
      const word = this.#load(slot);
      if ((word & 0xffff) !== CODE.FREE) this.#store(slot, nextGeneration(word));
    }
  }

  /** How many confirmations wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** A slot for one event, as the word that its frame carries; undefined when all are taken. */
  take(until: Until): number | undefined {
    const slot = this.#unused < this.#slots ? this.#unused++ : this.#freed.shift();
    if (slot === undefined) return undefined;
    // Generation 0 is none: the word 0 in a frame says that nobody waits.
    const generation = this.#load(slot) >>> 16 || 1;
    this.#store(slot, (generation << 16) | (until === 'disk' ? CODE.DISK_WANTED : CODE.DELIVERED_WANTED));
    return (generation << 16) | slot;
  }

  /** The event with this slot was not recorded after all. */
  giveBack(confirm: number): void {
    this.#free(confirm & 0xffff);
  }

  /** The event with this slot is published. */
  expect(confirm: number): Confirmation {
    const slot = confirm & 0xffff;
    let settle!: (outcome: Confirmed) => void;
    const outcome = new Promise<Confirmed>((resolve) => {
      settle = resolve;
    });
    this.#waiting.set(slot, settle);
    if (!this.#attending) void this.#attend();
    return {
      outcome,
      cancel: () => {
        if (this.#waiting.get(slot) !== settle || this.#collectOne(slot)) return;
        this.#resolve(slot, 'cancelled');
      },
    };
  }

  /** Nobody waits any longer: the application has stopped. */
  cancelAll(): void {
    for (const slot of [...this.#waiting.keys()]) {
      if (!this.#collectOne(slot)) this.#resolve(slot, 'cancelled');
    }
    Atomics.notify(this.#words, this.#ticket);
  }

  /** Resolves what has an outcome, all of it; runs while something waits, and sleeps in between. */
  async #attend(): Promise<void> {
    this.#attending = true;
    while (this.#waiting.size > 0) {
      const ticket = Atomics.load(this.#words, this.#ticket);
      for (const slot of this.#waiting.keys()) this.#collectOne(slot);
      if (this.#waiting.size === 0) break;
      await changed(this.#words, this.#ticket, ticket, this.#watch, () => this.#somethingIsThere());
    }
    this.#attending = false;
  }

  #somethingIsThere(): boolean {
    for (const slot of this.#waiting.keys())
      if (OUTCOMES[this.#load(slot) & 0xffff] !== undefined) return true;
    return false;
  }

  #collectOne(slot: number): boolean {
    const outcome = OUTCOMES[this.#load(slot) & 0xffff];
    if (outcome === undefined) return false;
    this.#resolve(slot, outcome);
    return true;
  }

  #resolve(slot: number, outcome: Confirmed): void {
    const settle = this.#waiting.get(slot);
    this.#waiting.delete(slot);
    this.#free(slot);
    settle?.(outcome);
  }

  #free(slot: number): void {
    this.#store(slot, nextGeneration(this.#load(slot)));
    this.#freed.push(slot);
  }

  #load(slot: number): number {
    return Atomics.load(this.#words, this.#ticket + SEAT_HEADER_WORDS + slot);
  }

  #store(slot: number, word: number): void {
    Atomics.store(this.#words, this.#ticket + SEAT_HEADER_WORDS + slot, word);
  }
}

/** The side of those who settle: the reading threads, and the journal. */
export class ConfirmationOutcomes {
  readonly #words: Int32Array;
  readonly #handle: ConfirmationsHandle;
  readonly #told = new Set<number>();

  constructor(handle: ConfirmationsHandle) {
    this.#words = new Int32Array(handle.memory);
    this.#handle = handle;
  }

  /** Stores an outcome. True when somebody waited for it; tell them by `announce`, once for many. */
  store(seat: number, confirm: number, outcome: Outcome): boolean {
    const at = ticketIndex(this.#handle, seat) + SEAT_HEADER_WORDS + (confirm & 0xffff);
    const word = Atomics.load(this.#words, at);
    const code = word & 0xffff;
    if (word >>> 16 !== confirm >>> 16) return false;
    if (code !== CODE.DISK_WANTED && (code !== CODE.DELIVERED_WANTED || outcome === 'disk')) return false;
    const stored = (word & ~0xffff) | CODE_OF[outcome];
    if (Atomics.compareExchange(this.#words, at, word, stored) !== word) return false;
    this.#told.add(seat);
    return true;
  }

  /** Wakes each recording thread that `store` had something for since the last time. */
  announce(): void {
    for (const seat of this.#told) this.#ring(seat);
    this.#told.clear();
  }

  /** Wakes every recording thread that may wait: for what a reader stored and died before it announced. */
  announceToAll(): void {
    for (let seat = 0; seat < this.#handle.seats; seat++) this.#ring(seat);
  }

  #ring(seat: number): void {
    const ticket = ticketIndex(this.#handle, seat);
    Atomics.add(this.#words, ticket, 1);
    Atomics.notify(this.#words, ticket);
  }
}

function ticketIndex(handle: ConfirmationsHandle, seat: number): number {
  return seat * (SEAT_HEADER_WORDS + handle.slots);
}

/** The word of a free slot in its next generation. */
function nextGeneration(word: number): number {
  return ((((word >>> 16) + 1) & 0xffff || 1) << 16) | CODE.FREE;
}
