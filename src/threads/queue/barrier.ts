/**
 * Everything that was published before a moment, and whether it is settled by now. A mark is plain data: taken by one
 * thread, it can be waited for in another, and in the one that follows it.
 *
 *     segment  [ s s r r r r | . . . ]        the mark holds for each segment how far it was published
 *                            ^ end
 *
 * A segment that was freed since has settled all that the mark means. Frames that were settled once are not looked
 * at again. What was moved out of it is waited for where it is parked, as soon as nothing more can be moved.
 */
import { frameAt, frameSize, isSettled, markOf } from './frame.ts';
import { type QueueHandle, QueueMemory } from './layout.ts';
import { copiesOf } from './parked-segments.ts';
import { controlOf, publishedBytes } from './segment.ts';

export interface MarkedSegment {
  readonly segment: number;
  readonly generation: number;
  readonly end: number;
}

export type BarrierMark = readonly MarkedSegment[];

/** All that is published now. */
export function markPublished(handle: QueueHandle): BarrierMark {
  const memory = new QueueMemory(handle);
  const marks: MarkedSegment[] = [];
  for (let segment = 0; segment < memory.segments; segment++) {
    const { state, generation } = controlOf(memory, segment);
    const end = state === 'free' ? 0 : publishedBytes(memory, segment, generation);
    if (end > 0) marks.push({ segment, generation, end });
  }
  return marks;
}

export class Barrier {
  readonly #memory: QueueMemory;
  #open: { readonly mark: MarkedSegment; from: number }[];
  /** What may have been moved, until its copies are looked for. */
  #sources: readonly MarkedSegment[];

  constructor(handle: QueueHandle, mark: BarrierMark) {
    this.#memory = new QueueMemory(handle);
    this.#sources = mark;
    this.#open = mark.map((segment) => ({ mark: segment, from: 0 }));
  }

  /** True when all of it is settled; stays true. */
  isPassed(): boolean {
    this.#open = this.#open.filter((open) => !this.#isSettled(open));
    if (this.#open.length > 0) return false;
    if (this.#sources.length === 0) return true;
    const parts = this.#sources.map((source) => ({ ...source, from: 0 }));
    this.#sources = [];
    this.#open = copiesOf(this.#memory, parts).map((mark) => ({ mark, from: mark.from }));
    return this.isPassed();
  }

  #isSettled(open: { readonly mark: MarkedSegment; from: number }): boolean {
    const { segment, generation, end } = open.mark;
    const memory = this.#memory;
    let { from } = open;
    while (from < end) {
      const at = frameAt(memory, segment, from);
      if (!isSettled(markOf(memory, at))) break;
      from += frameSize(memory, at);
    }
    if (from >= end) return true;
    // Checked after the frames were read: what is read of a segment that was freed meanwhile means nothing.
    const control = controlOf(memory, segment);
    if (control.generation !== generation || control.state === 'free') return true;
    open.from = from;
    return false;
  }
}
