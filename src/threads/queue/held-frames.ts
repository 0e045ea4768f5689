/**
 * What stands in the frames that the reading thread holds. It keeps nothing of a frame but where it is: what a frame
 * says does not change while it is held, its mark aside, and is read when somebody asks.
 */
import { assert } from '../../base/assert.ts';
import {
  attemptsOf,
  type FrameAt,
  glimpseMark,
  idOf,
  isAlone,
  isSuspect,
  KIND,
  kindOf,
  payloadBytes,
  prefixBytes,
  sequenceOf,
  timeOf,
} from './frame.ts';
import { FRAME_HEADER_BYTES, type QueueMemory } from './layout.ts';

/** What the reading thread knows of a segment. */
export interface ReadSegment {
  readonly segment: number;
  readonly generation: number;
  readonly taken: number;
  /** The ids of its native frames, but for the sequence number. */
  readonly idPrefix: string;
  /** Everything below is claimed or was when it was passed. */
  next: number;
  /** Everything below is settled. */
  settledTo: number;
  /** Published when the thread looked last. */
  end: number;
  touched: boolean;
}

/** Parked segments come before all others in the order of frames. */
const PARKED_BEFORE = 2 ** 32;

export class HeldFrames {
  readonly #memory: QueueMemory;
  readonly #known: readonly (ReadSegment | undefined)[];

  readonly #checkFence: () => void;

  /** `known`: the reader's segments, by their number. `checkFence` throws when it has been replaced. */
  constructor(memory: QueueMemory, known: readonly (ReadSegment | undefined)[], checkFence: () => void) {
    this.#memory = memory;
    this.#known = known;
    this.#checkFence = checkFence;
  }

  /** `<boot id>-<writer>-<sequence>`. */
  id(at: FrameAt): string {
    if (kindOf(this.#memory, at) !== KIND.NATIVE) return idOf(this.#memory, at);
    return this.#segmentOf(at).idPrefix + sequenceOf(this.#memory, at);
  }

  recordedAt(at: FrameAt): number {
    return timeOf(this.#memory, at);
  }

  /** The length of the encoded event. */
  bytes(at: FrameAt): number {
    return payloadBytes(this.#memory, at) - prefixBytes(this.#memory, at);
  }

  /** Where the encoded event begins in `memory`, in bytes. */
  payloadAt(at: FrameAt): number {
    return (at << 2) + FRAME_HEADER_BYTES + prefixBytes(this.#memory, at);
  }

  get memory(): Buffer {
    return this.#memory.target.bytes;
  }

  attempts(at: FrameAt): number {
    return attemptsOf(glimpseMark(this.#memory, at));
  }

  /** It was running when its thread died: run it in a batch that is alone. */
  isSuspect(at: FrameAt): boolean {
    return isSuspect(glimpseMark(this.#memory, at));
  }

  /** Of one that is suspect: its thread died of it, and of nothing else. */
  ranAlone(at: FrameAt): boolean {
    return isAlone(glimpseMark(this.#memory, at));
  }

  isParked(at: FrameAt): boolean {
    return this.#memory.isParked(this.#memory.segmentOf(at));
  }

  /** The order of frames: by the age of the segment, then by the place in it; those that were parked first. */
  order(at: FrameAt): number {
    const { segment, taken } = this.#segmentOf(at);
    const offset = (at << 2) - this.#memory.segmentAt(segment);
    const before = this.#memory.isParked(segment) ? PARKED_BEFORE : 0;
    return (taken - before) * this.#memory.handle.segmentBytes + offset;
  }

  #segmentOf(at: FrameAt): ReadSegment {
    const known = this.#known[this.#memory.segmentOf(at)];
    if (known === undefined) this.#checkFence();
    assert(known !== undefined, 'a frame that is held lies in a segment that is known');
    return known;
  }
}
