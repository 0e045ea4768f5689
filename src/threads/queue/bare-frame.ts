/**
 * A frame outside of its segment: its bytes as they were copied, read by another thread or another process; and back
 * into a segment, as a frame that carries its whole id.
 */

import { assert } from '../../base/assert.ts';
import { viewOf } from '../../base/view-of.ts';
import { SMALL_STRING, SMALL_STRING_MAX } from './codec.ts';
import { attemptsOf, type FrameAt, KIND, withAttempts } from './frame.ts';
import { FRAME_HEADER_BYTES, frameBytes, PLACE_BYTES, type QueueMemory } from './layout.ts';

/** An event that was in a frame. */
export interface RestoredEvent {
  readonly id: string;
  readonly recordedAt: number;
  readonly attempts: number;
  readonly sequence: number;
  /** Slot and seat of the confirmation that waits for it; 0: none does. */
  readonly confirm: number;
  readonly seat: number;
  /** It was read from the frame of a copy. */
  readonly isCopy: boolean;
  /** The encoded event. */
  readonly payload: Uint8Array;
}

/** The bytes that the frame takes up which begins there, among copied ones. */
export function bareFrameBytes(bytes: Uint8Array, offset: number): number {
  return frameBytes(viewOf(bytes).getInt32(offset, true));
}

/** Reads a copied frame. `prefix` is the id of a native one but for its sequence number. */
export function eventOfFrame(frame: Uint8Array, prefix: string): RestoredEvent {
  const view = viewOf(frame);
  const sequence = view.getFloat64(16, true);
  const kind = view.getUint8(31);
  const isNative = kind === KIND.NATIVE;
  const idLength = isNative ? 0 : view.getUint8(FRAME_HEADER_BYTES) - SMALL_STRING;
  const idAt = FRAME_HEADER_BYTES + 1;
  const payloadAt = isNative ? FRAME_HEADER_BYTES : idAt + idLength + (kind === KIND.COPY ? PLACE_BYTES : 0);
  return {
    id: isNative ? `${prefix}${sequence}` : latin1(frame.subarray(idAt, idAt + idLength)),
    recordedAt: view.getFloat64(8, true),
    attempts: attemptsOf(view.getInt32(4, true)),
    sequence,
    confirm: view.getInt32(24, true),
    seat: view.getUint16(28, true),
    isCopy: kind === KIND.COPY,
    payload: frame.subarray(payloadAt, FRAME_HEADER_BYTES + view.getInt32(0, true)),
  };
}

/** Bytes that an event takes up in memory when it comes back. */
export function restoredBytes({ id, payload }: RestoredEvent): number {
  return frameBytes(1 + id.length + payload.length);
}

/** Writes a frame that nobody can see yet. */
export function writeRestored(memory: QueueMemory, at: FrameAt, event: RestoredEvent): void {
  const { words, doubles, target } = memory;
  const { id, payload } = event;
  assert(id.length <= SMALL_STRING_MAX, `an id of ${id.length} characters`);
  words[at] = 1 + id.length + payload.length;
  words[at + 1] = withAttempts(0, event.attempts);
  doubles[(at >> 1) + 1] = event.recordedAt;
  doubles[(at >> 1) + 2] = event.sequence;
  words[at + 6] = event.confirm;
  words[at + 7] = event.seat | (KIND.RESTORED << 24);
  const start = (at << 2) + FRAME_HEADER_BYTES;
  target.bytes[start] = SMALL_STRING + id.length;
  target.bytes.write(id, start + 1, 'latin1');
  target.bytes.set(payload, start + 1 + id.length);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
