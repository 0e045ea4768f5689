/**
 * What became of the events of a type. Nothing is counted where it happens: the counts are the sums of the segments,
 * each of its slot in use and of the frames that it holds (segment.ts), so that no crash can leave them wrong.
 *
 * Each segment is one picture, the whole is one when nobody writes: at any quiescent moment
 * `accepted + recovered = delivered + deadLettered + pending`.
 */

import {
  type FrameState,
  frameAt,
  frameSize,
  idOf,
  isCommitted,
  isSettled,
  KIND,
  kindOf,
  markOf,
  sequenceOf,
  stateOf,
  timeOf,
} from './frame.ts';
import { HEADER, type QueueHandle, QueueMemory } from './layout.ts';
import { controlOf, looksFree, publishedBytes, sumsOf } from './segment.ts';

export interface QueueCounts {
  readonly accepted: number;
  /** Events of an earlier run that the journal held; 0 without one. */
  readonly recovered: number;
  readonly delivered: number;
  /** The sink of the dead letters has taken them. */
  readonly deadLettered: number;
  /** To be delivered, or dead letters on their way to their sink. */
  readonly pending: number;
  /** Of those that are pending: in the journal too, or alone; 0 without one. */
  readonly spooled: number;
  readonly refused: number;
  /** Of those that were refused: by their type's schema. */
  readonly invalid: number;
}

export function countsOf(handle: QueueHandle): QueueCounts {
  const memory = new QueueMemory(handle);
  let accepted = 0;
  let delivered = 0;
  let deadLettered = 0;
  for (let segment = 0; segment < memory.segments; segment++) {
    const sums = sumsOf(memory, segment);
    accepted += sums.accepted;
    delivered += sums.delivered;
    deadLettered += sums.buried;
  }
  const { recovered, refused, invalid } = memory;
  const pending = accepted + recovered - delivered - deadLettered;
  const spooled = memory.bell === undefined ? 0 : spooledIn(memory);
  return { accepted, recovered, delivered, deadLettered, pending, spooled, refused, invalid };
}

function spooledIn(memory: QueueMemory): number {
  let spooled = Atomics.load(memory.words, HEADER.ASIDE);
  for (let segment = 0; segment < memory.segments; segment++) {
    const { state, generation } = controlOf(memory, segment);
    const end = state === 'free' || state === 'settled' ? 0 : publishedBytes(memory, segment, generation);
    for (let offset = 0; offset < end; ) {
      const at = frameAt(memory, segment, offset);
      if (!isSettled(markOf(memory, at)) && isCommitted(memory, at)) spooled++;
      offset += frameSize(memory, at);
    }
  }
  return spooled;
}

/** How many dead letters are on their way to their sink. */
export function lettersIn(handle: QueueHandle): number {
  let letters = 0;
  for (const { state } of walkFrames(handle)) if (state === 'dead') letters++;
  return letters;
}

/** The share of a queue's memory for new events that is taken, from 0 to 1; at 1 events are refused. */
export function fillOf(handle: QueueHandle, memory = new QueueMemory(handle)): number {
  let taken = 0;
  for (let segment = 0; segment < handle.queueSegments; segment++) if (!looksFree(memory, segment)) taken++;
  return taken / handle.queueSegments;
}

/** A frame as it stands in memory. */
export interface WalkedFrame {
  readonly segment: number;
  readonly offset: number;
  readonly writer: number;
  readonly sequence: number;
  readonly recordedAt: number;
  readonly kind: number;
  readonly state: FrameState;
  readonly id: string;
  /** In the journal. */
  readonly committed: boolean;
}

/**
 * Every frame in memory, by segment. Knows nothing of slots, claims or counts: what is ready or dead here is what
 * `pending` has to say. For checks, when nobody writes.
 */
export function* walkFrames(handle: QueueHandle): Generator<WalkedFrame> {
  const memory = new QueueMemory(handle);
  for (let segment = 0; segment < memory.segments; segment++) {
    const { state, owner, generation } = controlOf(memory, segment);
    const end = state === 'free' ? 0 : publishedBytes(memory, segment, generation);
    for (let offset = 0; offset < end; ) {
      const at = frameAt(memory, segment, offset);
      yield {
        segment,
        offset,
        writer: owner,
        sequence: sequenceOf(memory, at),
        recordedAt: timeOf(memory, at),
        kind: kindOf(memory, at),
        state: stateOf(markOf(memory, at)),
        id:
          kindOf(memory, at) === KIND.NATIVE
            ? `${handle.bootId}-${owner}-${sequenceOf(memory, at)}`
            : idOf(memory, at),
        committed: isCommitted(memory, at),
      };
      offset += frameSize(memory, at);
    }
  }
}

/** When the oldest event that is still ready was recorded; undefined when there is none. */
export function oldestPendingAt(handle: QueueHandle): number | undefined {
  const memory = new QueueMemory(handle);
  let oldest: number | undefined;
  for (let segment = 0; segment < memory.segments; segment++) {
    const recordedAt = oldestIn(memory, segment);
    if (recordedAt !== undefined && (oldest === undefined || recordedAt < oldest)) oldest = recordedAt;
  }
  return oldest;
}

/** A segment has one appender, so its first ready frame is its oldest. */
function oldestIn(memory: QueueMemory, segment: number): number | undefined {
  const { state, generation } = controlOf(memory, segment);
  const end = state === 'free' ? 0 : publishedBytes(memory, segment, generation);
  for (let offset = 0; offset < end; ) {
    const at = frameAt(memory, segment, offset);
    if (stateOf(markOf(memory, at)) === 'ready') {
      const recordedAt = timeOf(memory, at);
      return controlOf(memory, segment).generation === generation ? recordedAt : undefined;
    }
    offset += frameSize(memory, at);
  }
  return undefined;
}
