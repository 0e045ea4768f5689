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
  type FrameAt,
  type FrameState,
  frameAt,
  frameSize,
  idBytes,
  idOf,
  isAlone,
  isRunning,
  isSettled,
  isSuspect,
  KIND,
  kindOf,
  landed,
  markOf,
  payloadBytes,
  readerOf,
  seatOf,
  sequenceOf,
  stateOf,
  timeOf,
  withAttempts,
  withReader,
  withState,
} from './frame.ts';
import { FRAME_HEADER_BYTES, HEADER, type QueueHandle, QueueMemory } from './layout.ts';
import { controlOf, freeSegment, looksFree, publishedBytes, settleSegment, touchSegment } from './segment.ts';

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

/** A frame in the hands of this thread. Its header is read once; the payload stays where it is. */
export interface Frame {
  readonly segment: number;
  readonly at: FrameAt;
  /** Where the encoded event lies in the memory, in bytes, and its length. */
  readonly payloadAt: number;
  readonly bytes: number;
  readonly recordedAt: number;
  readonly sequence: number;
  readonly writer: number;
  /** The whole id, when it does not follow from writer and sequence. */
  readonly id: string | undefined;
  /** The order of frames: by the age of the segment, then by the place in it. */
  readonly order: number;
  /** It was running when its thread died: run it in a batch that is alone. */
  readonly suspect: boolean;
}

interface ReadSegment {
  readonly segment: number;
  readonly generation: number;
  readonly writer: number;
  readonly taken: number;
  /** Everything below is claimed or was when it was passed. */
  next: number;
  /** Everything below is settled. */
  settledTo: number;
  /** Published when this thread looked last. */
  end: number;
  touched: boolean;
}

export class QueueReader {
  readonly memory: QueueMemory;
  readonly generation: number;
  readonly #outcomes: ConfirmationOutcomes | undefined;
  readonly #known: (ReadSegment | undefined)[];
  #segments: ReadSegment[] = [];
  /** The first of the segments that may have unclaimed frames. */
  #current = 0;
  /** Dead frames that were found, whose sink has not taken them. */
  readonly #dead: Frame[] = [];

  constructor(handle: QueueHandle, { generation, predecessor, confirmations }: QueueReaderOptions) {
    this.memory = new QueueMemory(handle);
    this.generation = generation;
    this.#outcomes = confirmations && new ConfirmationOutcomes(confirmations);
    this.#known = new Array<ReadSegment | undefined>(this.memory.segments).fill(undefined);
    this.refresh();
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
      const control = controlOf(memory, segment);
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
        this.#known[segment] = {
          segment,
          generation: control.generation,
          writer: control.owner,
          taken,
          next: 0,
          settledTo: 0,
          end,
          touched: false,
        };
      }
    }
    if (changed) {
      this.#segments = this.#known.filter((known) => known !== undefined).sort((a, b) => a.taken - b.taken);
    }
    this.#current = 0;
  }

  /** The oldest frame that is ready and was not claimed by this thread before; as of the last `refresh`. */
  claimNext(): Frame | undefined {
    for (; this.#current < this.#segments.length; this.#current++) {
      const read = this.#segments[this.#current] as ReadSegment;
      if (read.next < read.end && !this.#touch(read)) read.next = read.end;
      while (read.next < read.end) {
        const at = frameAt(this.memory, read.segment, read.next);
        const frame = this.#claim(read, at);
        read.next += frameSize(this.memory, at);
        if (frame !== undefined) return frame;
      }
    }
    return undefined;
  }

  /** A dead frame that nobody has claimed since this thread, or the reader before, marked it. */
  claimNextDead(): Frame | undefined {
    return this.#dead.shift();
  }

  /** Gives a dead frame back, or has just made it one. */
  keepDead(frame: Frame): void {
    this.#dead.push(frame);
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
        if (stateOf(markOf(this.memory, at)) === 'ready') count++;
        offset += frameSize(this.memory, at);
      }
      if (count >= limit) break;
    }
    return count;
  }

  /** It was run with no other event beside it. */
  ranAlone(frame: Frame): boolean {
    return isAlone(markOf(this.memory, frame.at));
  }

  attempts(frame: Frame): number {
    return attemptsOf(markOf(this.memory, frame.at));
  }

  /** Changes the mark of a frame that this thread holds. */
  change(frame: Frame, to: (mark: number) => number): void {
    this.checkFence();
    for (;;) {
      const mark = markOf(this.memory, frame.at);
      if (readerOf(mark) !== (this.generation & 0xffff)) throw this.#fenced();
      if (changeMark(this.memory, frame.at, mark, to(mark))) return;
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
  settle(frame: Frame, state: Exclude<FrameState, 'ready' | 'moved'>): void {
    this.checkFence();
    const confirm = confirmOf(this.memory, frame.at);
    if (confirm !== 0) {
      this.#outcomes?.store(
        seatOf(this.memory, frame.at),
        confirm,
        state === 'delivered' ? 'delivered' : 'dead',
      );
    }
    this.change(frame, (mark) => {
      const before = stateOf(mark);
      assert(
        before === 'ready' || (before === 'dead' && state === 'buried'),
        `a frame from ${before} to ${state}`,
      );
      return withState(mark, state);
    });
  }

  /** Wakes the threads that wait for what was settled. */
  announce(): void {
    this.#outcomes?.announce();
  }

  #touch(read: ReadSegment): boolean {
    read.touched ||= touchSegment(this.memory, read.segment, read.generation);
    return read.touched;
  }

  #claim(read: ReadSegment, at: FrameAt): Frame | undefined {
    this.checkFence();
    for (;;) {
      const mark = markOf(this.memory, at);
      const state = stateOf(mark);
      if (isSettled(mark)) return undefined;
      // Found at the takeover, or made dead by this reader: among the dead already.
      if (state === 'dead' && readerOf(mark) === (this.generation & 0xffff)) return undefined;
      if (!changeMark(this.memory, at, mark, withReader(mark, this.generation))) continue;
      const isNative = kindOf(this.memory, at) === KIND.NATIVE;
      const idLength = isNative ? 0 : idBytes(this.memory, at);
      const frame: Frame = {
        segment: read.segment,
        at,
        payloadAt: (at << 2) + FRAME_HEADER_BYTES + idLength,
        bytes: payloadBytes(this.memory, at) - idLength,
        id: isNative ? undefined : idOf(this.memory, at),
        recordedAt: timeOf(this.memory, at),
        sequence: sequenceOf(this.memory, at),
        writer: read.writer,
        order: read.taken * this.memory.handle.segmentBytes + read.next,
        suspect: isSuspect(mark),
      };
      if (state === 'ready') return frame;
      this.#dead.push(frame);
      return undefined;
    }
  }

  #isAllSettled(read: ReadSegment | undefined, end: number): boolean {
    if (read === undefined) return end === 0;
    while (read.settledTo < end) {
      const at = frameAt(this.memory, read.segment, read.settledTo);
      if (!isSettled(markOf(this.memory, at))) return false;
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
        if (stateOf(mark) === 'dead') this.#claim(read, at);
        if (stateOf(mark) !== 'ready' || !isRunning(mark)) continue;
        const judged = withAttempts(
          landed(mark, { suspect: predecessor === 'died' }),
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
