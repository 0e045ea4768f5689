/** What the reading thread keeps of segments and of frames. A frame's header is read once, when it is claimed. */
import {
  type FrameAt,
  idOf,
  isSuspect,
  KIND,
  kindOf,
  markOf,
  payloadBytes,
  prefixBytes,
  sequenceOf,
  timeOf,
} from './frame.ts';
import { FRAME_HEADER_BYTES, type QueueMemory } from './layout.ts';

/** A frame in the hands of the reading thread. Its header is read once; the payload stays where it is. */
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
  /** The order of frames: by the age of the segment, then by the place in it; those that were parked first. */
  readonly order: number;
  /** It was running when its thread died: run it in a batch that is alone. */
  readonly suspect: boolean;
}

/** What the reading thread knows of a segment. */
export interface ReadSegment {
  readonly segment: number;
  readonly generation: number;
  readonly writer: number;
  readonly taken: number;
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

/** The frame at `read.next`, which this thread has claimed. */
export function readFrame(memory: QueueMemory, read: ReadSegment, at: FrameAt): Frame {
  const { queueSegments, segmentBytes } = memory.handle;
  const { segment, writer, taken, next } = read;
  const before = prefixBytes(memory, at);
  return {
    segment,
    at,
    payloadAt: (at << 2) + FRAME_HEADER_BYTES + before,
    bytes: payloadBytes(memory, at) - before,
    id: kindOf(memory, at) === KIND.NATIVE ? undefined : idOf(memory, at),
    recordedAt: timeOf(memory, at),
    sequence: sequenceOf(memory, at),
    writer,
    order: (taken - (segment >= queueSegments ? PARKED_BEFORE : 0)) * segmentBytes + next,
    suspect: isSuspect(markOf(memory, at)),
  };
}
