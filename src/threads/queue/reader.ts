/**
 * The reading side of a queue in one thread. Owns where this thread has read to; everything that must outlive the
 * thread is in shared memory, and a successor begins with nothing else.
 *
 *     segments in the order in which they were taken
 *     [ s s s s r r r | r r r r ]  [ r r r r r         ]        s settled, r ready
 *         settledTo^   ^next  ^end
 *
 * The invariant: a frame is marked only by the reader whose generation is the current one, or, when that one is a
 * moment old, only while no successor has claimed the frame: each claim stamps its reader into the frame's mark, and
 * each change is a compare-and-swap of the whole mark. What is not excluded: a reader that is suspended between two
 * neighbouring instructions until its frame was delivered by its successor, its segment freed and filled again, and
 * some event's bytes there equal the old mark.
 */
import { assert } from '../../base/assert.ts';
import { ConfirmationOutcomes, type ConfirmationsHandle } from './confirmations.ts';
import { QueueError } from './errors.ts';
import {
  attemptsOf,
  changeMark,
  confirmOf,
  copyBytes,
  exchangeMark,
  type FrameAt,
  type FrameState,
  frameAt,
  frameSize,
  glimpseMark,
  isAlone,
  isRunning,
  isSettled,
  landed,
  markOf,
  readerOf,
  seatOf,
  stateOf,
  withAttempts,
  withReader,
  withState,
} from './frame.ts';
import { HeldFrames, type ReadSegment } from './held-frames.ts';
import { HEADER, type QueueHandle, QueueMemory } from './layout.ts';
import { ParkedSegments } from './parked-segments.ts';
import {
  type Control,
  closeSegment,
  controlOf,
  freeSegment,
  looksFree,
  publishedBytes,
  settleSegment,
  touchSegment,
} from './segment.ts';

export interface QueueReaderOptions {
  /** From `QueueSignals.nextReaderGeneration()`. */
  readonly generation: number;
  /**
   * How the reader before this one ended. `died`: the batches that ran are suspect, and one that ran alone is
   * charged with an attempt. `stopped`, deliberately, or `none`: nobody is blamed.
   */
  readonly predecessor: 'none' | 'stopped' | 'died';
  readonly confirmations?: ConfirmationsHandle;
}

export class QueueReader {
  readonly memory: QueueMemory;
  readonly generation: number;
  /** What stands in the frames that this thread holds. */
  readonly frames: HeldFrames;
  readonly #outcomes: ConfirmationOutcomes | undefined;
  readonly #parked: ParkedSegments;
  readonly #known: (ReadSegment | undefined)[];
  #segments: ReadSegment[] = [];
  /** The first of the segments that may have unclaimed frames. */
  #current = 0;
  /** Dead frames that were found, whose sink has not taken them. */
  readonly #dead: FrameAt[] = [];

  constructor(handle: QueueHandle, { generation, predecessor, confirmations }: QueueReaderOptions) {
    this.memory = new QueueMemory(handle);
    this.generation = generation;
    this.#parked = new ParkedSegments(this.memory);
    this.#outcomes = confirmations && new ConfirmationOutcomes(confirmations);
    this.#known = new Array<ReadSegment | undefined>(this.memory.segments).fill(undefined);
    this.frames = new HeldFrames(this.memory, this.#known, () => this.checkFence());
    this.refresh();
    this.#parked.completeMoves(generation, () => this.checkFence());
    this.#takeOver(predecessor);
    this.#outcomes?.announceToAll();
  }

  /** False: another reader has the queue. */
  isCurrent(): boolean {
    return Atomics.load(this.memory.words, HEADER.READER_GENERATION) === this.generation;
  }

  /** Throws unless this reader is the current one. */
  checkFence(): void {
    if (!this.isCurrent()) throw this.#fenced();
  }

  /**
   * Looks at all segments: finds new ones and new frames, and frees what is settled. While it looks, a writer may
   * fill a segment that it has passed and go on in one that it has not; so that no frame is seen before an older one
   * of its writer, segments taken since the look began do not exist yet.
   */
  refresh(): void {
    this.checkFence();
    const { memory } = this;
    const horizon = Atomics.load(memory.words, HEADER.TAKEN);
    let changed = false;
    for (let segment = 0; segment < memory.segments; segment++) {
      let known = this.#known[segment];
      if (known === undefined && looksFree(memory, segment)) continue;
      let control = controlOf(memory, segment);
      if (control.state === 'filling' && memory.isParked(segment)) {
        if (!this.#parked.isOwn(segment, control.generation))
          closeSegment(memory, segment, control.generation);
        else if (known !== undefined && this.#isAllSettled(known, known.end)) this.#parked.sealOwn();
        control = controlOf(memory, segment);
      }
      if (known !== undefined && (known.generation !== control.generation || control.state === 'settled')) {
        this.#known[segment] = known = undefined;
        changed = true;
      }
      if (control.state === 'free') continue;
      const end = publishedBytes(memory, segment, control.generation);
      if (known !== undefined) known.end = end;
      const settled =
        control.state === 'settled' || (control.state === 'sealed' && this.#isAllSettled(known, end));
      if (settled) {
        // One step may have been made by a reader that died before the other.
        if (control.state === 'sealed') settleSegment(memory, segment, control.generation);
        // A journal that is kept deletes its entries first, and then frees the segment itself.
        if (memory.bell?.isKept) memory.bell.ringIfResting();
        else freeSegment(memory, segment, control.generation);
        changed ||= known !== undefined;
        this.#known[segment] = undefined;
      } else if (known === undefined && end > 0) {
        const taken = memory.words[memory.takenIndex(segment)] as number;
        if (taken >= horizon) continue;
        changed = true;
        this.#known[segment] = this.#newSegment(segment, control, { taken, end, touched: false });
      }
    }
    if (changed) {
      // What was parked was claimed before anything that stands in the queue, and so it is again.
      const rank = (read: ReadSegment) => (this.memory.isParked(read.segment) ? 0 : 1);
      this.#segments = this.#known
        .filter((known) => known !== undefined)
        .sort((a, b) => rank(a) - rank(b) || a.taken - b.taken);
    }
    this.#current = 0;
  }

  /** The oldest frame that is ready and was not claimed by this thread before; as of the last `refresh`. */
  claimNext(): FrameAt | undefined {
    for (; this.#current < this.#segments.length; this.#current++) {
      const read = this.#segments[this.#current] as ReadSegment;
      if (read.next < read.end && !this.#touch(read)) read.next = read.end;
      while (read.next < read.end) {
        const at = frameAt(this.memory, read.segment, read.next);
        read.next += frameSize(this.memory, at);
        if (this.#claim(at)) return at;
      }
    }
    return undefined;
  }

  /** A dead frame that nobody has claimed since this thread, or the reader before, marked it. */
  claimNextDead(): FrameAt | undefined {
    return this.#dead.shift();
  }

  /** Gives a dead frame back, or has just made it one. */
  keepDead(at: FrameAt): void {
    this.#dead.push(at);
  }

  get deadFrames(): number {
    return this.#dead.length;
  }

  /** How many frames are ready and not claimed by this thread; stops counting at `limit`. */
  countUnclaimed(limit: number): number {
    this.refresh();
    let count = 0;
    for (const read of this.#segments) {
      for (let offset = read.next; offset < read.end && count < limit; ) {
        const at = frameAt(this.memory, read.segment, offset);
        if (stateOf(glimpseMark(this.memory, at)) === 'ready') count++;
        offset += frameSize(this.memory, at);
      }
      if (count >= limit) break;
    }
    return count;
  }

  /** Whether all of these frames can be parked. */
  hasRoomToPark(frames: readonly FrameAt[]): boolean {
    return this.#parked.hasRoomFor(frames.map((at) => copyBytes(this.frames.id(at), this.frames.bytes(at))));
  }

  /**
   * Moves a frame that this thread holds into the memory for parked ones; it no longer runs. Answers with the copy,
   * which it holds in the other's stead; undefined when there is no room.
   */
  park(at: FrameAt): FrameAt | undefined {
    const { memory } = this;
    const source = {
      segment: memory.segmentOf(at),
      at,
      id: this.frames.id(at),
      bytes: this.frames.bytes(at),
      mark: landed(markOf(memory, at), { suspect: false }),
    };
    const copy = this.#parked.append(source, () => this.checkFence());
    if (copy === undefined) return undefined;
    this.#noteParked();
    this.change(at, (mark) => withState(mark, 'moved'));
    return copy;
  }

  /** Changes the mark of a frame that this thread holds. */
  change(at: FrameAt, to: (mark: number) => number): void {
    this.#glanceAtFence();
    for (let mark = glimpseMark(this.memory, at); ; ) {
      if (readerOf(mark) !== (this.generation & 0xffff)) throw this.#fenced();
      const found = exchangeMark(this.memory, at, mark, to(mark));
      if (found === mark) return;
      mark = found;
    }
  }

  /** One batch more, or one less, is running. */
  countRunning(change: 1 | -1): void {
    const { words } = this.memory;
    for (;;) {
      this.checkFence();
      const word = Atomics.load(words, HEADER.RUNNING);
      if (readerOf(word) !== (this.generation & 0xffff)) throw this.#fenced();
      if (Atomics.compareExchange(words, HEADER.RUNNING, word, word + (change << 16)) === word) return;
    }
  }

  /** Settles a frame, or makes it a dead one; who waits for it learns it first, by `announce`. */
  settle(at: FrameAt, state: Exclude<FrameState, 'ready' | 'moved'>): void {
    this.#glanceAtFence();
    const confirm = confirmOf(this.memory, at);
    if (confirm !== 0) {
      this.#outcomes?.store(seatOf(this.memory, at), confirm, state === 'delivered' ? 'delivered' : 'dead');
    }
    for (let mark = glimpseMark(this.memory, at); ; ) {
      if (readerOf(mark) !== (this.generation & 0xffff)) throw this.#fenced();
      const before = stateOf(mark);
      assert(
        before === 'ready' || (before === 'dead' && state === 'buried'),
        'a ready frame is settled, or a dead one buried',
      );
      const found = exchangeMark(this.memory, at, mark, withState(mark, state));
      if (found === mark) return;
      mark = found;
    }
  }

  /** Wakes the threads that wait for what was settled. */
  announce(): void {
    this.#outcomes?.announce();
  }

  /** What this thread has parked it holds: it is not read there. */
  #noteParked(): void {
    const own = this.#parked.own;
    if (own === undefined) return;
    const { segment, generation, offset } = own;
    let known = this.#known[segment];
    if (known?.generation !== generation) {
      const taken = this.memory.words[this.memory.takenIndex(segment)] as number;
      known = this.#newSegment(segment, controlOf(this.memory, segment), { taken, end: 0, touched: true });
      this.#known[segment] = known;
    }
    known.next = known.end = offset;
  }

  #touch(read: ReadSegment): boolean {
    read.touched ||= touchSegment(this.memory, read.segment, read.generation);
    return read.touched;
  }

  /**
   * Throws when this reader is seen to have been replaced: once a frame, by a plain read. Whoever goes on for a moment all
   * the same finds the mark changed.
   */
  #glanceAtFence(): void {
    if (this.memory.words[HEADER.READER_GENERATION] !== this.generation) throw this.#fenced();
  }

  /** False: it is not ready. */
  #claim(at: FrameAt): boolean {
    this.#glanceAtFence();
    for (let mark = glimpseMark(this.memory, at); ; ) {
      const state = stateOf(mark);
      if (isSettled(mark)) return false;
      // Found at the takeover, or made dead by this reader: among the dead already.
      if (state === 'dead' && readerOf(mark) === (this.generation & 0xffff)) return false;
      const found = exchangeMark(this.memory, at, mark, withReader(mark, this.generation));
      if (found !== mark) {
        mark = found;
        continue;
      }
      if (state === 'ready') return true;
      this.#dead.push(at);
      return false;
    }
  }

  #newSegment(
    segment: number,
    { generation, owner }: Control,
    found: Pick<ReadSegment, 'taken' | 'end' | 'touched'>,
  ): ReadSegment {
    const idPrefix = `${this.memory.handle.bootId}-${owner}-`;
    return { segment, generation, idPrefix, next: 0, settledTo: 0, ...found };
  }

  #isAllSettled(read: ReadSegment | undefined, end: number): boolean {
    if (read === undefined) return end === 0;
    while (read.settledTo < end) {
      const at = frameAt(this.memory, read.segment, read.settledTo);
      if (!isSettled(glimpseMark(this.memory, at))) return false;
      read.settledTo += frameSize(this.memory, at);
    }
    return true;
  }

  /**
   * What the reader before has left: frames that ran are suspect, dead ones wait for their sink. Repeated from the
   * start when this thread dies within it: a frame that has been judged no longer says that it runs.
   */
  #takeOver(predecessor: 'none' | 'stopped' | 'died'): void {
    const { memory } = this;
    const running = Atomics.load(memory.words, HEADER.RUNNING);
    const charge = predecessor === 'died' && running >>> 16 === 1 ? 1 : 0;
    for (const read of this.#segments) {
      for (; read.next < read.end; read.next += frameSize(memory, frameAt(memory, read.segment, read.next))) {
        const at = frameAt(memory, read.segment, read.next);
        const mark = markOf(memory, at);
        if (stateOf(mark) === 'dead') this.#claim(at);
        if (stateOf(mark) !== 'ready' || !isRunning(mark)) continue;
        const judged = withAttempts(
          landed(mark, { suspect: predecessor === 'died', alone: charge === 1 && isAlone(mark) }),
          attemptsOf(mark) + charge,
        );
        this.checkFence();
        changeMark(memory, at, mark, withReader(judged, this.generation));
      }
      read.next = 0;
    }
    this.checkFence();
    const none = withReader(0, this.generation);
    if (Atomics.compareExchange(memory.words, HEADER.RUNNING, running, none) !== running)
      throw this.#fenced();
  }

  #fenced(): QueueError {
    const current = Atomics.load(this.memory.words, HEADER.READER_GENERATION);
    return new QueueError(
      'ERR_READER_FENCED',
      `Reader ${this.generation} has been replaced: reader ${current} has the queue.`,
    );
  }
}
