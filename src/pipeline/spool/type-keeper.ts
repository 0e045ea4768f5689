/**
 * The journal of one record type: which entry of the store stands for which frames in memory, and which are in no
 * memory. Owns that account and nothing on the disk: it says what is to be written, and is told when it was.
 *
 *     frames in memory  --gather--> entry --committed--> settled --> removed from the store, segment freed
 *                                         \--put aside--> in the store alone --take back--> frames in memory again
 *
 * The invariant: an event that is not settled is a frame in memory, or in an entry that is aside, or both; and memory is
 * given back only when every frame of it is settled or aside. No event is in two entries: when the copy of one that was
 * moved is written, the entry of its source is written anew without it, by the same transaction.
 */
import type {
  FoundFrame,
  Gathered,
  JournalSegment,
  QueueJournal,
  RestoredEvent,
} from '../../threads/queue/index.ts';
import { JOURNAL_OWNER } from '../../threads/queue/index.ts';
import { type Attached, attached, isParked, type Known } from './attached-entry.ts';
import { eventsOfEntry, newEntry, sealEntry } from './entry.ts';
import { isUnderPressure, mayTakeBack, type Room } from './pressure.ts';
import type { SpoolOrder } from './protocol.ts';
import type { EntryKey, SpoolStore } from './store.ts';

/** A frame that was found by its id. */
interface Place extends FoundFrame {
  readonly known: Known;
}

/** An entry that is in no memory. */
interface Aside {
  readonly key: EntryKey;
  /** Where its events belong in the order of segments. */
  readonly order: number;
}

/** An entry that is about to be written. */
export interface Prepared {
  readonly key: EntryKey;
  readonly value: Buffer;
  readonly known: Known;
  readonly gathered: Gathered;
  /** The entry that it is written in place of; that one is removed. */
  readonly replaces: Attached | undefined;
}

/** What is to be written, and what is to be removed with it. */
export interface Preparation {
  readonly entries: readonly Prepared[];
  readonly settled: readonly EntryKey[];
}

/** What comes out of an earlier run is older than everything of this one. */
const OLDEST = -(2 ** 30);

export class TypeKeeper {
  readonly name: string;
  readonly type: number;
  readonly #order: SpoolOrder;
  readonly #journal: QueueJournal;
  readonly #entryBytesMax: number;
  readonly #known = new Map<number, Known>();
  /** Oldest first. */
  #aside: Aside[] = [];

  constructor(
    journal: QueueJournal,
    { name, type, order }: { readonly name: string; readonly type: number; readonly order: SpoolOrder },
  ) {
    this.#order = order;
    this.#journal = journal;
    this.name = name;
    this.type = type;
    // A sixteenth of a segment: what a kill delivers twice is at most what was under way and in entries with it.
    this.#entryBytesMax = journal.handle.segmentBytes >> 4;
  }

  /** Entries that were in the store when this run opened it. */
  adopt(entries: readonly EntryKey[]): void {
    this.#aside = entries.map((key) => ({ key, order: OLDEST }));
    const events = sum(entries);
    this.#journal.foundRecovered(events);
    this.#journal.foundAside(events);
  }

  /**
   * Entries that a journal before this one has left behind in the middle of this run. Each is found in memory, or was
   * put aside, or is settled: that is to be removed. What is marked as aside and is in memory is to be marked as back.
   */
  resume(
    entries: readonly EntryKey[],
    { run, isAside, read }: Pick<SpoolStore, 'run' | 'isAside' | 'read'>,
  ): { readonly settled: readonly EntryKey[]; readonly back: readonly EntryKey[] } {
    this.#journal.sealOrphans();
    const places = new Map<string, Place[]>();
    for (const now of this.#journal.segments()) {
      const known: Known = { now, seenTo: 0, entries: [] };
      this.#known.set(now.segment, known);
      for (const place of this.#journal.places(now)) {
        const same = places.get(place.id);
        if (same === undefined) places.set(place.id, [{ ...place, known }]);
        else same.push({ ...place, known });
      }
    }
    const settled: EntryKey[] = [];
    const back: EntryKey[] = [];
    for (const key of entries) {
      const value = read(key);
      const events = (value === undefined ? undefined : eventsOfEntry(value, key.events)) ?? [];
      // An event that was moved is in two places: the copy is the one that is meant when copies were written.
      const inParked = key.run === run && events.some(({ isCopy }) => isCopy);
      const found = events
        .flatMap(({ id }) => places.get(id) ?? [])
        .filter(({ known }) => isParked(known) === inParked);
      // Events of a segment that was about to be put aside are there, but nobody reads them any more.
      const live = found.filter((place) => !place.settled && place.known.now.state !== 'settled');
      const [first] = live;
      if (first !== undefined) {
        // From the first to the last, also of those that are settled: the source of a copy is looked for in there.
        const all = found.filter(({ known }) => known === first.known);
        const from = Math.min(...all.map((place) => place.offset));
        const to = Math.max(...all.map((place) => place.offset + place.bytes));
        const runs = live.map(({ offset, bytes }) => ({ from: offset, to: offset + bytes }));
        this.#journal.commit(first.known.now.segment, runs);
        const offsets = new Set(all.map(({ offset }) => offset));
        const others = [...this.#journal.places(first.known.now)]
          .map(({ offset }) => offset)
          .filter((offset) => from < offset && offset < to && !offsets.has(offset));
        first.known.entries.push(attached(key, { from, to }, new Set(others)));
        if (isAside(key)) back.push(key);
      } else if (found.some((place) => place.settled) || !isAside(key)) {
        settled.push(key);
        back.push(key);
      } else this.#aside.push({ key, order: OLDEST });
    }
    this.#journal.foundAside(sum(this.#aside.map(({ key }) => key)));
    this.#journal.announceToAll();
    this.free();
    return { settled, back };
  }

  /**
   * Looks at the memory. Answers with the entries whose events are all settled by now. That is looked at first: of an
   * event that was moved the copy is in the memory that is seen afterwards, and is written with the removal.
   */
  look(): EntryKey[] {
    const settled: EntryKey[] = [];
    for (const known of this.#known.values()) {
      const { segment } = known.now;
      known.entries = known.entries.filter((entry) => {
        entry.settledTo = this.#journal.unsettledFrom(segment, entry.settledTo, entry.to);
        if (entry.settledTo < entry.to) return true;
        settled.push(entry.key);
        return false;
      });
    }
    const there = new Map(this.#journal.segments().map((now) => [now.segment, now]));
    for (const [segment, known] of this.#known) {
      const now = there.get(segment);
      if (now?.generation === known.now.generation) known.now = now;
      else {
        settled.push(...known.entries.map(({ key }) => key));
        this.#known.delete(segment);
      }
    }
    for (const [segment, now] of there) {
      if (!this.#known.has(segment)) this.#known.set(segment, { now, seenTo: 0, entries: [] });
    }
    return settled;
  }

  /**
   * The next entries to write: copies of events that were moved, all of them, for their old entries are about to go; and
   * others, of at most so many bytes. `next` gives out the numbers of entries.
   */
  prepare(bytesMax: number, run: number, next: () => number): Preparation {
    const prepared: Prepared[] = [];
    const settled: EntryKey[] = [];
    let bytes = 0;
    const add = (known: Known, gathered: Gathered, replaces?: Attached): void => {
      const value = this.#entryOf(known, gathered);
      bytes += value.length;
      const key = { type: this.type, seq: next(), run, events: gathered.count, bytes: value.length };
      prepared.push({ key, value, known, gathered, replaces });
    };
    const moved = new Map<Attached, Known>();
    const all = [...this.#known.values()];
    for (const known of [...all.filter(isParked), ...all.filter((each) => !isParked(each))]) {
      const { segment, end } = known.now;
      for (let from = known.seenTo; from < end && (bytes < bytesMax || isParked(known)); ) {
        const gathered = this.#journal.gather(segment, from, end, this.#entryBytesMax);
        if (gathered === undefined) {
          if (from === known.seenTo) known.seenTo = end;
          break;
        }
        if (isParked(known)) this.#addMoved(moved, known, gathered);
        add(known, gathered);
        from = gathered.to;
      }
    }
    for (const [entry, known] of moved) {
      const rest = this.#journal.gatherAgain(known.now.segment, entry, entry.elsewhere);
      if (rest !== undefined) add(known, rest, entry);
      else {
        known.entries = known.entries.filter((each) => each !== entry);
        settled.push(entry.key);
      }
    }
    return { entries: prepared, settled };
  }

  /** The entries that the sources of these copies are in. */
  #addMoved(moved: Map<Attached, Known>, { now }: Known, gathered: Gathered): void {
    for (const { segment, generation, offset } of this.#journal.sourcesOf(now.segment, gathered)) {
      const known = this.#known.get(segment);
      if (known?.now.generation !== generation) continue;
      const entry = known.entries.find(({ from, to }) => from <= offset && offset < to);
      if (entry === undefined) continue;
      moved.set(entry, known);
      entry.elsewhere.add(offset);
    }
  }

  #entryOf({ now: { segment, owner } }: Known, gathered: Gathered): Buffer {
    const { value, framesAt } = newEntry(`${this.#journal.handle.bootId}-${owner}-`, gathered.bytes);
    this.#journal.copy(segment, gathered, value, framesAt);
    sealEntry(value);
    return value;
  }

  /** They are on the disk: tells who waits, and marks their frames. */
  committed(prepared: readonly Prepared[]): void {
    for (const { key, known, gathered, replaces } of prepared) {
      const { from, to } = gathered;
      if (replaces !== undefined) known.entries = known.entries.filter((entry) => entry !== replaces);
      else {
        this.#journal.commit(known.now.segment, gathered.runs);
        known.seenTo = to;
      }
      known.entries.push(attached(key, { from, to }, replaces?.elsewhere));
    }
    if (prepared.length > 0) this.#journal.announce();
  }

  /** Gives back what is settled and stands in no entry. Answers how many segments that were. */
  free(): number {
    let freed = 0;
    for (const [segment, { now, entries }] of this.#known) {
      if (now.state !== 'settled' || entries.length > 0) continue;
      this.#journal.free(now);
      this.#known.delete(segment);
      freed++;
    }
    return freed;
  }

  /**
   * Segments that should be put aside, youngest first: they would be read last. What has come back stays: it is the next
   * to be read, and in a small queue it would go to and fro for as long as its reader has other work.
   */
  toPutAside(): Known[] {
    const { free, total } = this.#room();
    if (this.#order === 'by-key' || !isUnderPressure({ free, total })) return [];
    const candidates = [...this.#known.values()].filter(
      (known) =>
        known.now.state === 'sealed' &&
        !known.now.touched &&
        !isParked(known) &&
        known.now.owner !== JOURNAL_OWNER &&
        known.seenTo === known.now.end &&
        known.entries.length > 0,
    );
    candidates.sort((a, b) => b.now.taken - a.now.taken);
    return candidates.filter((_, index) => isUnderPressure({ free: free + index, total }));
  }

  /** Takes it out of memory; the store knows. Answers with the entries that are in memory still: a claim was faster. */
  putAside({ now, entries }: Known): EntryKey[] {
    const keys = entries.map(({ key }) => key);
    if (!this.#journal.putAside(now, sum(keys))) return keys;
    this.#known.delete(now.segment);
    this.#aside.push(...keys.map((key) => ({ key, order: now.taken })));
    this.#aside.sort((a, b) => a.key.seq - b.key.seq);
    return [];
  }

  /** The oldest entry that should come back into memory now. */
  toTakeBack(): EntryKey | undefined {
    const oldest = this.#aside[0];
    if (oldest === undefined) return undefined;
    // The segment that has been begun is filled; in memory an entry is larger, by the ids that it had in common.
    if (this.#journal.ownRoom >= oldest.key.bytes * 2) return oldest.key;
    const idle = [...this.#known.values()].every(
      ({ now, seenTo, entries }) => seenTo === now.end && entries.length === 0,
    );
    return mayTakeBack({ ...this.#room(), idle }) ? oldest.key : undefined;
  }

  /** Puts the events of the oldest entry back. False: there is no room after all. */
  takeBack(events: readonly RestoredEvent[]): boolean {
    const oldest = this.#aside[0] as Aside;
    const range = this.#journal.restore(events, oldest.order);
    if (range === undefined) return false;
    this.#aside.shift();
    const entry = attached(oldest.key, range);
    const known = this.#known.get(range.segment);
    if (known?.now.generation === range.generation) known.entries.push(entry);
    else {
      const now = this.#journal.segments().find(({ segment }) => segment === range.segment) as JournalSegment;
      this.#known.set(range.segment, { now, seenTo: 0, entries: [entry] });
    }
    return true;
  }

  /** The oldest entry cannot be read: its events are lost. */
  giveUpOldest(): EntryKey {
    const { key } = this.#aside.shift() as Aside;
    this.#journal.countDamaged(key.events);
    return key;
  }

  /** What came back is all for now. */
  sealTakenBack(): void {
    this.#journal.sealOwn();
  }

  /** Events in the store alone. */
  get asideEvents(): number {
    return sum(this.#aside.map(({ key }) => key));
  }

  /** Nothing is in memory but what is settled, and nothing is aside. */
  get isIdle(): boolean {
    return (
      this.#aside.length === 0 &&
      !this.hasNews &&
      [...this.#known.values()].every(({ entries }) => entries.length === 0)
    );
  }

  /** Something was recorded, or settled, since it looked. */
  get hasNews(): boolean {
    return this.#journal.segments().some((now) => {
      const known = this.#known.get(now.segment);
      return (
        now.end > (known?.now.generation === now.generation ? known.seenTo : 0) || now.state === 'settled'
      );
    });
  }

  /** Something was recorded since it looked of which somebody waits for the commit. */
  get isCommitAwaited(): boolean {
    return this.#journal.segments().some(({ segment, generation, end }) => {
      const known = this.#known.get(segment);
      return this.#journal.isCommitAwaited(
        segment,
        known?.now.generation === generation ? known.seenTo : 0,
        end,
      );
    });
  }

  #room(): Room {
    return { free: this.#journal.freeSegments(), total: this.#journal.handle.queueSegments };
  }
}

function sum(keys: readonly EntryKey[]): number {
  return keys.reduce((events, key) => events + key.events, 0);
}
