/**
 * One event in a segment. Owns the frame's header.
 *
 *      0  length     Int32    payload bytes
 *      4  mark       Int32    state, flags, attempts, reader: below. The only word of a frame that changes
 *      8  time       Float64  when it was recorded, in milliseconds since the epoch
 *     16  sequence   Float64  the writer's running number over all types
 *     24  confirm    Int32    slot 16 | slot generation 16 of the confirmation that waits for it; 0: none does
 *     28  seat       Uint16   whose table of confirmations the slot is in
 *     30  committed  Uint8    1: in the journal. Written by the journal's thread alone
 *     31  kind       Uint8    how to read the payload and how it counts: KIND below
 *     32  payload             the encoded event
 *
 * All but mark and committed is written by the appender before the frame is published, and never again.
 *
 *     mark, from the low bit:  reader 16 | attempts 10 | alone 1 | suspect 1 | running 1 | state 3
 *
 *                                +-> delivered
 *     ready --(claimed, settled)-+-> dead -> buried     dead: its sink has not taken it yet
 *                                +-> moved              a copy of it stands in a parked segment
 *
 * All but ready and dead are settled. `reader` names the reader generation that claimed the frame last, and every
 * change is one compare-and-swap of the whole word: so a reader that was given up can no longer mark a frame that
 * its successor has claimed, however late it wakes.
 */
import { assert } from '../../base/assert.ts';
import { SMALL_STRING, SMALL_STRING_MAX } from './codec.ts';
import { FRAME_HEADER_BYTES, frameBytes, PLACE_BYTES, type QueueMemory } from './layout.ts';

export type FrameState = 'ready' | 'delivered' | 'dead' | 'buried' | 'moved';
const STATES: readonly FrameState[] = ['ready', 'delivered', 'dead', 'buried', 'moved'];
const CODE: Readonly<Record<FrameState, number>> = { ready: 0, delivered: 1, dead: 2, buried: 3, moved: 4 };

/**
 * NATIVE: recorded here; its id is boot, the segment's owner and its sequence; it counts as accepted. The other kinds
 * stand for an event that is counted elsewhere and never count as accepted; their payload begins with a string value
 * of the codec, their whole id. A COPY is a parked frame; its id is followed by the place of its source (segment,
 * generation, offset). A RESTORED frame comes out of the journal.
 */
export const KIND = { NATIVE: 0, COPY: 1, RESTORED: 2 } as const;

const COMMITTED_AT = 30;
const RUNNING = 1 << 28;
const SUSPECT = 1 << 27;
/** Its batch has no other event; of one that is suspect: and nothing else ran when its thread died. */
const ALONE = 1 << 26;
const ATTEMPTS_MAX = 0x3ff;

/** The place of a frame as an index into the memory's words. */
export type FrameAt = number;

export function frameAt(memory: QueueMemory, segment: number, offset: number): FrameAt {
  return (memory.segmentAt(segment) + offset) >> 2;
}

/**
 * The bytes that a frame takes up, header included. Never less than a header: one who walks a segment while it is
 * freed and filled again reads payload for headers, finds the generation changed at the end, and must get there.
 */
export function frameSize(memory: QueueMemory, at: FrameAt): number {
  return Math.max(FRAME_HEADER_BYTES, frameBytes(memory.words[at] as number));
}

/** Writes the header of a native frame that nobody can see yet. */
export function writeHeader(
  memory: QueueMemory,
  at: FrameAt,
  length: number,
  time: number,
  sequence: number,
  confirm: number,
  seat: number,
): void {
  const { words, doubles } = memory;
  words[at] = length;
  words[at + 1] = 0;
  doubles[(at >> 1) + 1] = time;
  doubles[(at >> 1) + 2] = sequence;
  words[at + 6] = confirm;
  words[at + 7] = seat;
}

export function payloadBytes(memory: QueueMemory, at: FrameAt): number {
  return memory.words[at] as number;
}

export function timeOf(memory: QueueMemory, at: FrameAt): number {
  return memory.doubles[(at >> 1) + 1] as number;
}

export function sequenceOf(memory: QueueMemory, at: FrameAt): number {
  return memory.doubles[(at >> 1) + 2] as number;
}

export function confirmOf(memory: QueueMemory, at: FrameAt): number {
  return memory.words[at + 6] as number;
}

export function seatOf(memory: QueueMemory, at: FrameAt): number {
  return (memory.words[at + 7] as number) & 0xffff;
}

export function kindOf(memory: QueueMemory, at: FrameAt): number {
  return (memory.words[at + 7] as number) >>> 24;
}

export function isCommitted(memory: QueueMemory, at: FrameAt): boolean {
  return memory.target.bytes[(at << 2) + COMMITTED_AT] === 1;
}

/** The journal has it. Written by the journal's thread alone, and read by its successor. */
export function setCommitted(memory: QueueMemory, at: FrameAt): void {
  memory.target.bytes[(at << 2) + COMMITTED_AT] = 1;
}

/** The bytes of the payload before the event, when its first value is the event's whole id. */
export function idBytes(memory: QueueMemory, at: FrameAt): number {
  const length = (memory.target.bytes[(at << 2) + FRAME_HEADER_BYTES] as number) - SMALL_STRING;
  assert(length > 0 && length <= SMALL_STRING_MAX, 'the payload begins with an id');
  return 1 + length;
}

/** The bytes of the payload before the event, whatever the frame's kind. */
export function prefixBytes(memory: QueueMemory, at: FrameAt): number {
  const kind = kindOf(memory, at);
  if (kind === KIND.NATIVE) return 0;
  return idBytes(memory, at) + (kind === KIND.COPY ? PLACE_BYTES : 0);
}

/** The id that stands in a frame that is not native. */
export function idOf(memory: QueueMemory, at: FrameAt): string {
  const start = (at << 2) + FRAME_HEADER_BYTES;
  return memory.target.bytes.toString('latin1', start + 1, start + idBytes(memory, at));
}

/** Where a frame is, so that it can be told whether it is still that one. */
export interface FramePlace {
  readonly segment: number;
  readonly generation: number;
  readonly offset: number;
}

/** The frame that a copy was made of. */
export function sourceOf(memory: QueueMemory, copy: FrameAt): FramePlace {
  const at = (copy << 2) + FRAME_HEADER_BYTES + idBytes(memory, copy);
  const { view } = memory.target;
  return {
    segment: view.getUint32(at, true),
    generation: view.getUint32(at + 4, true),
    offset: view.getUint32(at + 8, true),
  };
}

/** The bytes that a copy of a frame takes up, whose event has this id and so many bytes. */
export function copyBytes(id: string, eventBytes: number): number {
  return frameBytes(1 + id.length + PLACE_BYTES + eventBytes);
}

/**
 * Writes a copy of a frame, which nobody can see yet: with its time, sequence, confirmation and attempts, but for the
 * journal a frame of its own.
 */
export function writeCopy(
  memory: QueueMemory,
  at: FrameAt,
  source: FrameAt,
  { id, place, mark }: { id: string; place: FramePlace; mark: number },
): void {
  assert(id.length <= SMALL_STRING_MAX, `an id of ${id.length} characters`);
  const { words, doubles, target } = memory;
  const before = prefixBytes(memory, source);
  const eventBytes = payloadBytes(memory, source) - before;
  const eventAt = (source << 2) + FRAME_HEADER_BYTES + before;
  words[at] = 1 + id.length + PLACE_BYTES + eventBytes;
  words[at + 1] = mark;
  doubles[(at >> 1) + 1] = timeOf(memory, source);
  doubles[(at >> 1) + 2] = sequenceOf(memory, source);
  words[at + 6] = confirmOf(memory, source);
  words[at + 7] = seatOf(memory, source) | (KIND.COPY << 24);
  const start = (at << 2) + FRAME_HEADER_BYTES;
  const placeAt = start + 1 + id.length;
  target.bytes[start] = SMALL_STRING + id.length;
  target.bytes.write(id, start + 1, 'latin1');
  target.view.setUint32(placeAt, place.segment, true);
  target.view.setUint32(placeAt + 4, place.generation, true);
  target.view.setUint32(placeAt + 8, place.offset, true);
  target.bytes.copy(target.bytes, placeAt + PLACE_BYTES, eventAt, eventAt + eventBytes);
}

export function markOf(memory: QueueMemory, at: FrameAt): number {
  return Atomics.load(memory.words, at + 1);
}

/**
 * The same by a plain read, at a fifth of the cost: an atomic one is a call. For the reader, before it compares and swaps, and
 * for frames that it holds, which nobody else changes.
 */
export function glimpseMark(memory: QueueMemory, at: FrameAt): number {
  return memory.words[at + 1] as number;
}

/** True when the mark was still `from`. */
export function changeMark(memory: QueueMemory, at: FrameAt, from: number, to: number): boolean {
  return exchangeMark(memory, at, from, to) === from;
}

/** Changes the mark if it is still `from`; answers with what it was. */
export function exchangeMark(memory: QueueMemory, at: FrameAt, from: number, to: number): number {
  return Atomics.compareExchange(memory.words, at + 1, from, to);
}

export function stateOf(mark: number): FrameState {
  return STATES[mark >>> 29] as FrameState;
}

export function isSettled(mark: number): boolean {
  const code = mark >>> 29;
  return code !== CODE.ready && code !== CODE.dead;
}

export function attemptsOf(mark: number): number {
  return (mark >>> 16) & ATTEMPTS_MAX;
}

/** The low bits of the generation of the reader that claimed it last. */
export function readerOf(mark: number): number {
  return mark & 0xffff;
}

export function isRunning(mark: number): boolean {
  return (mark & RUNNING) !== 0;
}

export function isSuspect(mark: number): boolean {
  return (mark & SUSPECT) !== 0;
}

export function withState(mark: number, state: FrameState): number {
  return (mark & 0x1fffffff & ~RUNNING & ~SUSPECT) | (CODE[state] << 29) | 0;
}

export function withReader(mark: number, generation: number): number {
  return (mark & ~0xffff) | (generation & 0xffff);
}

export function withAttempts(mark: number, attempts: number): number {
  return (mark & ~(ATTEMPTS_MAX << 16)) | (Math.min(attempts, ATTEMPTS_MAX) << 16);
}

export function isAlone(mark: number): boolean {
  return (mark & ALONE) !== 0;
}

/** It is being run; `alone` when its batch has no other event. */
export function withRunning(mark: number, { alone }: { alone: boolean }): number {
  return (mark & ~ALONE) | RUNNING | (alone ? ALONE : 0);
}

/**
 * No longer running; `suspect` when its thread died of it, or of one that ran beside it; `alone` when it can only have
 * been this one.
 */
export function landed(
  mark: number,
  { suspect, alone = false }: { readonly suspect: boolean; readonly alone?: boolean },
): number {
  return (mark & ~RUNNING & ~SUSPECT & ~ALONE) | (suspect ? SUSPECT : 0) | (alone ? ALONE : 0);
}

/**
 * Adds one frame to the sums of its segment. A moved frame counts as accepted, and else in no column; a dead one too,
 * until its sink has taken it.
 */
export function countedAs(
  memory: QueueMemory,
  at: FrameAt,
  state: FrameState,
  sums: { accepted: number; delivered: number; buried: number },
): void {
  if (kindOf(memory, at) === KIND.NATIVE) sums.accepted++;
  if (state === 'delivered') sums.delivered++;
  else if (state === 'buried') sums.buried++;
}
