/**
 * Everything that was published before a moment, and whether it is settled by now. A mark is plain data: taken by one
 * thread, it can be waited for in another, and in the one that follows it.
 *
 *     segment  [ s s r r r r | . . . ]        the mark holds for each segment how far it was published
 *                            ^ end
 *
 * A segment that was freed since has settled all that the mark means. Frames that were settled once are not looked
 * at again. What was moved out of it is waited for where it is parked, as soon as nothing more can be moved.
 *
 * With a journal, a segment is freed too when it is put aside. What was put aside since the mark, or was then, must have
 * come back: the barrier waits until nothing is aside, marks what came back, and waits for that.
 */
import { frameAt, frameSize, isSettled, markOf } from './frame.ts';
import { HEADER, type QueueHandle, QueueMemory } from './layout.ts';
import { copiesOf } from './parked-segments.ts';
import { controlOf, JOURNAL_OWNER, publishedBytes } from './segment.ts';

export interface MarkedSegment {
  readonly segment: number;
  readonly generation: number;
  readonly end: number;
}

export interface BarrierMark {
  readonly segments: readonly MarkedSegment[];
  /** How many events had ever been put aside, unless there were some at the moment. */
  readonly asideEver: number | undefined;
}

/** All that is published now. */
export function markPublished(handle: QueueHandle): BarrierMark {
  const memory = new QueueMemory(handle);
  const asideEver = Atomics.load(memory.words, HEADER.ASIDE_EVER);
  const segments = markSegments(memory, () => true);
  return { segments, asideEver: Atomics.load(memory.words, HEADER.ASIDE) > 0 ? undefined : asideEver };
}

function markSegments(memory: QueueMemory, isMarked: (owner: number) => boolean): MarkedSegment[] {
  const marks: MarkedSegment[] = [];
  for (let segment = 0; segment < memory.segments; segment++) {
    const { state, generation, owner } = controlOf(memory, segment);
    const end = state === 'free' || !isMarked(owner) ? 0 : publishedBytes(memory, segment, generation);
    if (end > 0) marks.push({ segment, generation, end });
  }
  return marks;
}

export class Barrier {
  readonly #memory: QueueMemory;
  #open: { readonly mark: MarkedSegment; from: number }[];
  /** What may have been moved, until its copies are looked for. */
  #sources: readonly MarkedSegment[];
  /** Undefined: what was aside is not back yet, or not known to be. */
  #asideEver: number | undefined;
  #passed = false;

  constructor(handle: QueueHandle, { segments, asideEver }: BarrierMark) {
    this.#memory = new QueueMemory(handle);
    this.#asideEver = asideEver;
    this.#open = [];
    this.#sources = [];
    this.#waitFor(segments);
  }

  /** True when all of it is settled; stays true. */
  isPassed(): boolean {
    this.#passed ||= this.#look();
    return this.#passed;
  }

  #look(): boolean {
    this.#open = this.#open.filter((open) => !this.#isSettled(open));
    if (this.#open.length > 0) return false;
    if (this.#sources.length > 0) {
      const parts = this.#sources.map((source) => ({ ...source, from: 0 }));
      this.#sources = [];
      this.#open = copiesOf(this.#memory, parts).map((mark) => ({ mark, from: mark.from }));
      return this.#look();
    }
    const { words } = this.#memory;
    // A segment that is put aside is counted so before it is freed: looked at after its generation was.
    const asideEver = Atomics.load(words, HEADER.ASIDE_EVER);
    if (asideEver === this.#asideEver) return true;
    if (Atomics.load(words, HEADER.ASIDE) > 0) return false;
    this.#asideEver = asideEver;
    this.#waitFor(markSegments(this.#memory, (owner) => owner === JOURNAL_OWNER));
    return this.#look();
  }

  #waitFor(segments: readonly MarkedSegment[]): void {
    this.#sources = segments;
    this.#open = segments.map((mark) => ({ mark, from: 0 }));
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
