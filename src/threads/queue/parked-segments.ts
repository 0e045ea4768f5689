/**
 * The segments set aside for copies of frames that are parked, as their one appender has them: the reading thread.
 *
 *     queue segments    [ d d r m m d ]   [ m r r . ]       m moved: a copy of it stands below
 *     parked segments   [ r r r d | . ]   [ . . . . ]
 *                                 ^ own: published up to here
 *
 * The invariant: each segment has one appender. A reader that has been replaced may be suspended in the midst of a copy;
 * so its successor closes what it finds filling, before it reads it, and a copy is published by a compare-and-swap that
 * finds the segment closed.
 *
 * A move is two writes: the copy is published, then its source is marked moved. A successor that finds a copy whose
 * source is still ready makes the second one, and so does a journal that is about to write the copy. In between the event is counted once all the same: a copy that is ready
 * counts in no column.
 */
import {
  changeMark,
  copyBytes,
  type FrameAt,
  frameAt,
  frameSize,
  KIND,
  kindOf,
  markOf,
  sourceOf,
  stateOf,
  withReader,
  withState,
  writeCopy,
} from './frame.ts';
import type { QueueMemory } from './layout.ts';
import {
  controlOf,
  extendSegment,
  looksFree,
  publishedBytes,
  sealSegment,
  takeParkedSegment,
} from './segment.ts';

/** A frame in the hands of the reading thread. */
export interface CopySource {
  readonly segment: number;
  readonly at: FrameAt;
  readonly id: string;
  /** The length of the encoded event. */
  readonly bytes: number;
  /** The mark that the copy gets. */
  readonly mark: number;
}

interface Own {
  readonly segment: number;
  readonly generation: number;
  offset: number;
}

export class ParkedSegments {
  readonly #memory: QueueMemory;
  #own: Own | undefined;

  constructor(memory: QueueMemory) {
    this.#memory = memory;
  }

  /** The segment that is being filled. */
  get own(): Readonly<Own> | undefined {
    return this.#own;
  }

  /** Whether frames of these sizes fit, one after the other. */
  hasRoomFor(sizes: readonly number[]): boolean {
    const { handle } = this.#memory;
    let free = 0;
    for (let segment = handle.queueSegments; segment < this.#memory.segments; segment++)
      if (looksFree(this.#memory, segment)) free++;
    let room = this.#own === undefined ? 0 : handle.segmentBytes - this.#own.offset;
    for (const size of sizes) {
      if (size > room) {
        if (free-- === 0) return false;
        room = handle.segmentBytes;
      }
      room -= size;
    }
    return true;
  }

  /**
   * Writes a copy of a frame and publishes it; undefined when there is no room. `checkFence` throws when this reader has
   * been replaced.
   */
  append(source: CopySource, checkFence: () => void): FrameAt | undefined {
    const memory = this.#memory;
    const size = copyBytes(source.id, source.bytes);
    const { generation } = controlOf(memory, source.segment);
    const offset = (source.at << 2) - memory.segmentAt(source.segment);
    const place = { segment: source.segment, generation, offset };
    for (;;) {
      const own = this.#ownWithRoom(size);
      if (own === undefined) return undefined;
      const at = frameAt(memory, own.segment, own.offset);
      // The last before the plain writes: a reader that was replaced before this writes nothing.
      checkFence();
      writeCopy(memory, at, source.at, { id: source.id, place, mark: source.mark });
      if (this.#publish(own, size)) return at;
    }
  }

  /** What is being filled and is not is a reader's before this one. */
  isOwn(segment: number, generation: number): boolean {
    return this.#own?.segment === segment && this.#own.generation === generation;
  }

  sealOwn(): void {
    if (this.#own !== undefined) sealSegment(this.#memory, this.#own.segment, this.#own.generation);
    this.#own = undefined;
  }

  /** The reader before may have died between the two writes of a move: its source is marked moved, unless it is. */
  completeMoves(reader: number, checkFence: () => void): void {
    const memory = this.#memory;
    for (let segment = memory.handle.queueSegments; segment < memory.segments; segment++) {
      const { state, generation } = controlOf(memory, segment);
      const end = state === 'free' ? 0 : publishedBytes(memory, segment, generation);
      for (let offset = 0; offset < end; ) {
        const copy = frameAt(memory, segment, offset);
        checkFence();
        if (stateOf(markOf(memory, copy)) === 'ready')
          completeMove(memory, copy, (mark) => withReader(mark, reader));
        offset += frameSize(memory, copy);
      }
    }
  }

  #ownWithRoom(size: number): Own | undefined {
    const memory = this.#memory;
    if (this.#own !== undefined && this.#own.offset + size > memory.handle.segmentBytes) this.sealOwn();
    if (this.#own === undefined) {
      const segment = takeParkedSegment(memory);
      if (segment === undefined) return undefined;
      this.#own = { segment, generation: controlOf(memory, segment).generation, offset: 0 };
    }
    return this.#own;
  }

  /** False: the segment has been closed, and nothing has happened. */
  #publish(own: Own, size: number): boolean {
    const end = own.offset + size;
    if (extendSegment(this.#memory, own.segment, own.generation, own.offset, end)) {
      own.offset = end;
      return true;
    }
    this.#own = undefined;
    return false;
  }
}

/** The second write of a move: a copy's source is marked moved, unless it is; whoever makes it may stamp it. */
export function completeMove(
  memory: QueueMemory,
  copy: FrameAt,
  stamp: (mark: number) => number = (mark) => mark,
): void {
  const { segment, generation, offset } = sourceOf(memory, copy);
  const at = frameAt(memory, segment, offset);
  for (;;) {
    const mark = markOf(memory, at);
    // A segment that was freed since had all its frames settled.
    if (controlOf(memory, segment).generation !== generation || stateOf(mark) !== 'ready') return;
    if (changeMark(memory, at, mark, stamp(withState(mark, 'moved')))) return;
  }
}

/** A part of a segment. */
export interface SegmentPart {
  readonly segment: number;
  readonly generation: number;
  readonly from: number;
  readonly end: number;
}

/**
 * The copies that are parked of frames in these parts of segments. Complete when all of them are settled, and so are
 * moved no more: a copy is published before its source is marked.
 */
export function copiesOf(memory: QueueMemory, parts: readonly SegmentPart[]): SegmentPart[] {
  const sources = new Map(parts.map((part) => [part.segment, part]));
  const copies: SegmentPart[] = [];
  for (let segment = memory.handle.queueSegments; segment < memory.segments; segment++) {
    const { state, generation } = controlOf(memory, segment);
    const published = state === 'free' ? 0 : publishedBytes(memory, segment, generation);
    let from = -1;
    const found: SegmentPart[] = [];
    for (let offset = 0; offset < published; ) {
      const at = frameAt(memory, segment, offset);
      const end = offset + frameSize(memory, at);
      // Read of a segment that was freed meanwhile, it may be anything.
      if (kindOf(memory, at) !== KIND.COPY) break;
      const source = sourceOf(memory, at);
      const part = sources.get(source.segment);
      const isOne =
        part !== undefined &&
        part.generation === source.generation &&
        source.offset >= part.from &&
        source.offset < part.end;
      if (isOne && from < 0) from = offset;
      if (from >= 0 && (!isOne || end >= published)) {
        found.push({ segment, generation, from, end: isOne ? end : offset });
        from = -1;
      }
      offset = end;
    }
    // If it was freed meanwhile, all in it was settled.
    if (controlOf(memory, segment).generation === generation) copies.push(...found);
  }
  return copies;
}
