/**
 * What the journal's thread sees of one queue, and what it may change in it: the `committed` byte of a frame, the mark of
 * one that was moved (parked-segments.ts), a segment that no claim has touched, memory that is settled, and segments of its own, in which it appends what it had put
 * aside. Owns no decision; those are its user's.
 *
 *     [ c c c c u u u |     ]      c committed, u not yet            the journal reads behind the writers, in their order
 *               ^seen  ^end
 *
 * The invariant: an outcome stands in its slot before the frame is marked committed, and events that leave the memory
 * are counted as put aside before they do, and until they are back; so they are never in neither place.
 */
import { type RestoredEvent, restoredBytes, writeRestored } from './bare-frame.ts';
import { ConfirmationOutcomes, type ConfirmationsHandle } from './confirmations.ts';
import { countEvent } from './doorbell.ts';
import {
  confirmOf,
  type FrameAt,
  type FramePlace,
  frameAt,
  frameSize,
  idOf,
  isCommitted,
  isSettled,
  KIND,
  kindOf,
  markOf,
  seatOf,
  sequenceOf,
  setCommitted,
  sourceOf,
  stateOf,
} from './frame.ts';
import { HEADER, type QueueHandle, QueueMemory } from './layout.ts';
import { completeMove } from './parked-segments.ts';
import {
  controlOf,
  endWord,
  freeSegment,
  JOURNAL_OWNER,
  looksFree,
  PARKING_OWNER,
  publishedBytes,
  sealSegment,
  settleUntouched,
  takeSegment,
} from './segment.ts';
import { callAttention } from './signals.ts';

/** A segment as it stands now. */
export interface JournalSegment {
  readonly segment: number;
  readonly generation: number;
  readonly owner: number;
  readonly taken: number;
  readonly state: 'filling' | 'sealed' | 'settled';
  readonly touched: boolean;
  /** Published so far, in bytes. */
  readonly end: number;
}

/** Frames of one segment that make up an entry, those in between left out that are settled. */
export interface Gathered {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly count: number;
  readonly runs: { readonly from: number; to: number }[];
}

export interface FoundFrame {
  readonly id: string;
  readonly offset: number;
  readonly bytes: number;
  readonly settled: boolean;
}

/** Where events are in memory. */
export interface MemoryRange {
  readonly segment: number;
  readonly generation: number;
  readonly from: number;
  readonly to: number;
}

export class QueueJournal {
  readonly #memory: QueueMemory;
  readonly #outcomes: ConfirmationOutcomes | undefined;
  /** The segment that is being filled with events that come back. */
  #own: { readonly segment: number; readonly generation: number; offset: number } | undefined;

  constructor(handle: QueueHandle, confirmations?: ConfirmationsHandle) {
    this.#memory = new QueueMemory(handle);
    this.#outcomes = confirmations && new ConfirmationOutcomes(confirmations);
  }

  get handle(): QueueHandle {
    return this.#memory.handle;
  }

  /** All segments that are not free, the parked ones first: a copy is seen before the frame it was moved from. */
  segments(): JournalSegment[] {
    const memory = this.#memory;
    const found: JournalSegment[] = [];
    for (let segment = memory.segments - 1; segment >= 0; segment--) {
      if (looksFree(memory, segment)) continue;
      const { state, generation, owner, touched } = controlOf(memory, segment);
      if (state === 'free') continue;
      const end = publishedBytes(memory, segment, generation);
      const taken = memory.words[memory.takenIndex(segment)] as number;
      found.push({ segment, generation, owner, taken, state, touched, end });
    }
    return found.sort((a, b) => rank(a) - rank(b) || a.taken - b.taken);
  }

  /** How many segments for events are free. */
  freeSegments(): number {
    let free = 0;
    for (let segment = 0; segment < this.handle.queueSegments; segment++)
      if (looksFree(this.#memory, segment)) free++;
    return free;
  }

  /**
   * The next frames from there on that are neither settled nor committed, for one entry: at most `bytesMax`, but one
   * frame at least. Undefined: there are none before `to`.
   */
  gather(segment: number, from: number, to: number, bytesMax: number): Gathered | undefined {
    const memory = this.#memory;
    return this.#gather(
      segment,
      { from, to, bytesMax },
      (at) => isSettled(markOf(memory, at)) || isCommitted(memory, at),
    );
  }

  /**
   * What of a range still belongs into an entry: frames that are not settled, and those that were moved to where the
   * journal has not looked yet. `elsewhere` has the offsets of the others that were moved. Undefined: nothing does.
   */
  gatherAgain(
    segment: number,
    { from, to }: { readonly from: number; readonly to: number },
    elsewhere: ReadonlySet<number>,
  ): Gathered | undefined {
    const memory = this.#memory;
    const start = memory.segmentAt(segment);
    return this.#gather(segment, { from, to, bytesMax: Number.POSITIVE_INFINITY }, (at) => {
      const mark = markOf(memory, at);
      return stateOf(mark) === 'moved' ? elsewhere.has((at << 2) - start) : isSettled(mark);
    });
  }

  #gather(
    segment: number,
    { from, to, bytesMax }: { readonly from: number; readonly to: number; readonly bytesMax: number },
    isLeftOut: (at: FrameAt) => boolean,
  ): Gathered | undefined {
    const memory = this.#memory;
    const runs: Gathered['runs'] = [];
    let [bytes, count, offset, first] = [0, 0, from, -1];
    for (; offset < to; ) {
      const at = frameAt(memory, segment, offset);
      const size = frameSize(memory, at);
      if (isLeftOut(at)) {
        offset += size;
        continue;
      }
      if (count > 0 && bytes + size > bytesMax) break;
      if (first === -1) first = offset;
      const last = runs.at(-1);
      if (last !== undefined && last.to === offset) last.to = offset + size;
      else runs.push({ from: offset, to: offset + size });
      bytes += size;
      count++;
      offset += size;
    }
    return count === 0 ? undefined : { from: first, to: offset, bytes, count, runs };
  }

  /**
   * The frames that gathered copies were made of. They are marked moved by now, so that nobody takes an event twice:
   * whoever published a copy may not have come to that yet.
   */
  sourcesOf(segment: number, { runs }: Gathered): FramePlace[] {
    const memory = this.#memory;
    const sources: FramePlace[] = [];
    for (const { from, to } of runs) {
      for (let offset = from; offset < to; ) {
        const at = frameAt(memory, segment, offset);
        completeMove(memory, at);
        sources.push(sourceOf(memory, at));
        offset += frameSize(memory, at);
      }
    }
    return sources;
  }

  /** Copies gathered frames as they stand. */
  copy(segment: number, { runs }: Gathered, target: Uint8Array, at: number): void {
    const start = this.#memory.segmentAt(segment);
    let position = at;
    for (const { from, to } of runs) {
      target.set(this.#memory.target.bytes.subarray(start + from, start + to), position);
      position += to - from;
    }
  }

  /** Frames of which somebody waits for the commit, among those that are not committed. */
  isCommitAwaited(segment: number, from: number, to: number): boolean {
    const memory = this.#memory;
    for (let offset = from; offset < to; ) {
      const at = frameAt(memory, segment, offset);
      if (confirmOf(memory, at) !== 0 && !isCommitted(memory, at)) return true;
      offset += frameSize(memory, at);
    }
    return false;
  }

  /** Every frame of a segment, by its id. */
  *places({ segment, owner, end }: JournalSegment): Generator<FoundFrame> {
    const memory = this.#memory;
    for (let offset = 0; offset < end; ) {
      const at = frameAt(memory, segment, offset);
      const bytes = frameSize(memory, at);
      yield { id: this.#idAt(at, owner), offset, bytes, settled: isSettled(markOf(memory, at)) };
      offset += bytes;
    }
  }

  /** The first frame from there on that is not settled; `to` when all are. */
  unsettledFrom(segment: number, from: number, to: number): number {
    const memory = this.#memory;
    let offset = from;
    while (offset < to) {
      const at = frameAt(memory, segment, offset);
      if (!isSettled(markOf(memory, at))) return offset;
      offset += frameSize(memory, at);
    }
    return to;
  }

  /**
   * These frames are committed: marks them, and has those told by `announce` who wait. No frame in between: of one that
   * was moved the copy may not be on the disk yet.
   */
  commit(segment: number, runs: Gathered['runs']): void {
    const memory = this.#memory;
    for (const { from, to } of runs) {
      for (let offset = from; offset < to; ) {
        const at = frameAt(memory, segment, offset);
        const confirm = confirmOf(memory, at);
        if (confirm !== 0) this.#outcomes?.store(seatOf(memory, at), confirm, 'disk');
        setCommitted(memory, at);
        offset += frameSize(memory, at);
      }
    }
  }

  announce(): void {
    this.#outcomes?.announce();
  }

  /** Wakes all who wait: for what a journal before this one committed and died before it said so. */
  announceToAll(): void {
    this.#outcomes?.announceToAll();
  }

  /** Takes a segment out of memory that no claim has touched, with so many events that are not settled. */
  putAside({ segment, generation }: JournalSegment, events: number): boolean {
    this.#countAside(events);
    if (settleUntouched(this.#memory, segment, generation)) {
      freeSegment(this.#memory, segment, generation);
      return true;
    }
    Atomics.sub(this.#memory.words, HEADER.ASIDE, events);
    return false;
  }

  /** So many events are in the journal alone: said once, when it begins to be kept of this queue. */
  foundAside(events: number): void {
    Atomics.add(this.#memory.words, HEADER.ASIDE_EVER, events);
    Atomics.store(this.#memory.words, HEADER.ASIDE, events);
  }

  /** So many events of an earlier run were found. Said again, it is the same events. */
  foundRecovered(events: number): void {
    Atomics.store(this.#memory.longs, HEADER.RECOVERED >> 1, BigInt(events));
  }

  /** Events that were aside could not be read: they count as never recovered. */
  countDamaged(events: number): void {
    Atomics.sub(this.#memory.longs, HEADER.RECOVERED >> 1, BigInt(events));
    Atomics.sub(this.#memory.words, HEADER.ASIDE, events);
  }

  /** Gives the memory of a settled segment back, whose entries are deleted. */
  free({ segment, generation }: JournalSegment): void {
    freeSegment(this.#memory, segment, generation);
  }

  /** Puts events back into memory, all or none. Undefined: there is no room. `order` as of `takeSegment`. */
  restore(events: readonly RestoredEvent[], order: number): MemoryRange | undefined {
    const memory = this.#memory;
    const sizes = events.map(restoredBytes);
    const own = this.#ownWithRoom(
      sizes.reduce((sum, size) => sum + size, 0),
      order,
    );
    if (own === undefined) return undefined;
    const { segment, generation } = own;
    const from = own.offset;
    for (const [index, event] of events.entries()) {
      const at: FrameAt = frameAt(memory, segment, own.offset);
      writeRestored(memory, at, event);
      setCommitted(memory, at);
      own.offset += sizes[index] as number;
    }
    Atomics.store(memory.words, memory.endIndex(segment), endWord(generation, own.offset));
    for (const _ of events) countEvent(memory);
    callAttention(memory);
    Atomics.sub(memory.words, HEADER.ASIDE, events.length);
    return { segment, generation, from, to: own.offset };
  }

  /** Bytes that are left in the segment that is being filled with what comes back; 0 when none is. */
  get ownRoom(): number {
    return this.#own === undefined ? 0 : this.#memory.handle.segmentBytes - this.#own.offset;
  }

  /** Nothing more comes back for now: the memory of what came is given back when that is settled. */
  sealOwn(): void {
    if (this.#own !== undefined) sealSegment(this.#memory, this.#own.segment, this.#own.generation);
    this.#own = undefined;
  }

  /** What a journal before this one was filling is sealed for it. */
  sealOrphans(): void {
    for (const { segment, generation, owner, state } of this.segments())
      if (owner === JOURNAL_OWNER && state === 'filling') sealSegment(this.#memory, segment, generation);
  }

  #idAt(at: FrameAt, owner: number): string {
    const memory = this.#memory;
    return kindOf(memory, at) === KIND.NATIVE
      ? `${memory.handle.bootId}-${owner}-${sequenceOf(memory, at)}`
      : idOf(memory, at);
  }

  #ownWithRoom(bytes: number, order: number) {
    const memory = this.#memory;
    if (this.#own !== undefined && this.#own.offset + bytes > memory.handle.segmentBytes) this.sealOwn();
    if (this.#own === undefined) {
      if (bytes > memory.handle.segmentBytes) return undefined;
      const segment = takeSegment(memory, JOURNAL_OWNER, order);
      if (segment === undefined) return undefined;
      this.#own = { segment, generation: controlOf(memory, segment).generation, offset: 0 };
    }
    return this.#own;
  }

  #countAside(events: number): void {
    Atomics.add(this.#memory.words, HEADER.ASIDE, events);
    Atomics.add(this.#memory.words, HEADER.ASIDE_EVER, events);
  }
}

function rank({ owner }: JournalSegment): number {
  return owner === PARKING_OWNER ? 0 : 1;
}
