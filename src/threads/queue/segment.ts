/**
 * The life of a segment: who has it, and how its memory comes back. Owns the control word.
 *
 *            take              seal             settle            free
 *     free ---------> filling -------> sealed ----------> settled -------> free, generation + 1, other slot
 *          (a writer)         (its writer, or      (the reader, when     (the reader, or whoever
 *                              whoever saw it die)  every frame is)       keeps a journal)
 *
 * The invariant: state, owner, touched flag, generation and slot change together, by one compare-and-swap. A death
 * between any two writes leaves a state that the next one can go on from, and the counts of the type true:
 *
 *  - Taken, nothing published: the `end` word still names an older generation, and reads as an empty segment.
 *  - Freeing writes the new sums into the slot that is not in use, then switches slot and state at once. A sum is
 *    written by compare-and-swap from what it was, and sums only grow: one who was held up before writing, while
 *    others freed the segment twice, finds another value and changes nothing.
 *
 *     control, from the low bit:  state 3 | touched 1 | slot 1 | spare 3 | owner 24 | generation 32
 *
 * `touched` is set before the first claim of a frame. A sealed segment without it is as its writer left it, and one
 * compare-and-swap from `sealed` to `settled` takes it out of the reader's hands as a whole.
 */
import { assert } from '../../base/assert.ts';
import { countedAs, frameAt, frameSize, glimpseMark, stateOf } from './frame.ts';
import { HEADER, type QueueMemory } from './layout.ts';

export type SegmentState = 'free' | 'filling' | 'sealed' | 'settled';
const STATES: readonly SegmentState[] = ['free', 'filling', 'sealed', 'settled'];
/** Which Int32 of a Uint64 has its low bits: the machine's byte order. */
const LOW_HALF = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;

/** The appender of the parked segments is no writer: it has this number. */
export const PARKING_OWNER = 0xffffff;
/** The journal appends what it had put aside: neither is it a writer of new events. */
export const JOURNAL_OWNER = 0xfffffe;
/** In the word of an end: nothing more is published in this generation. */
const CLOSED = 1 << 18;

export interface Control {
  readonly state: SegmentState;
  readonly touched: boolean;
  readonly slot: 0 | 1;
  readonly owner: number;
  readonly generation: number;
}

/** Sums over all frames that a segment has held in earlier generations. */
export interface Sums {
  accepted: number;
  delivered: number;
  buried: number;
}

export function controlOf(memory: QueueMemory, segment: number): Control {
  return unpack(Atomics.load(memory.longs, memory.controlIndex(segment)));
}

/**
 * True when the segment was free a moment ago: one 32-bit load of the half with the state, where `controlOf`
 * makes a bigint and an object. For passing over segments; whoever acts on one reads the whole word.
 */
export function looksFree(memory: QueueMemory, segment: number): boolean {
  return (
    (Atomics.load(memory.words, 2 * memory.controlIndex(segment) + LOW_HALF) & 7) === STATES.indexOf('free')
  );
}

/**
 * Takes the free segment with the lowest index for `owner`; undefined when none is free. It comes after those that were
 * taken before; or where `order` says, for events that are older than they look.
 */
export function takeSegment(memory: QueueMemory, owner: number, order?: number): number | undefined {
  for (let segment = 0; segment < memory.handle.queueSegments; segment++) {
    if (!looksFree(memory, segment)) continue;
    const control = controlOf(memory, segment);
    if (control.state !== 'free') continue;
    if (!change(memory, segment, control, { state: 'filling', owner, touched: false })) continue;
    Atomics.store(
      memory.words,
      memory.takenIndex(segment),
      order ?? Atomics.add(memory.words, HEADER.TAKEN, 1),
    );
    Atomics.store(memory.words, memory.endIndex(segment), endWord(control.generation, 0));
    return segment;
  }
  return undefined;
}

/**
 * Takes a free parked segment; undefined when none is free. It counts as touched, so that nobody takes it as a whole.
 * A reader that was replaced may come to this late: it changes the word of an end only from what it was when the
 * segment was free.
 */
export function takeParkedSegment(memory: QueueMemory): number | undefined {
  for (let segment = memory.handle.queueSegments; segment < memory.segments; segment++) {
    if (!looksFree(memory, segment)) continue;
    const end = Atomics.load(memory.words, memory.endIndex(segment));
    const control = controlOf(memory, segment);
    if (control.state !== 'free') continue;
    const owner = PARKING_OWNER;
    if (!change(memory, segment, control, { state: 'filling', owner, touched: true })) continue;
    Atomics.store(memory.words, memory.takenIndex(segment), Atomics.add(memory.words, HEADER.TAKEN, 1));
    if (!changeEnd(memory, segment, end, endWord(control.generation, 0))) continue;
    return segment;
  }
  return undefined;
}

/** Publishes what lies between two offsets of a parked segment. False: it was closed meanwhile. */
export function extendSegment(
  memory: QueueMemory,
  segment: number,
  generation: number,
  from: number,
  to: number,
): boolean {
  return changeEnd(memory, segment, endWord(generation, from), endWord(generation, to));
}

/** Seals a segment whose appender may be suspended somewhere, not dead: from now on it publishes nothing in there. */
export function closeSegment(memory: QueueMemory, segment: number, generation: number): void {
  for (;;) {
    const word = Atomics.load(memory.words, memory.endIndex(segment));
    const closed = endWord(generation, publishedIn(word, generation)) | CLOSED;
    if (word === closed || changeEnd(memory, segment, word, closed)) break;
    if (controlOf(memory, segment).generation !== generation) return;
  }
  sealSegment(memory, segment, generation);
}

/** The writer that fills `segment` is done with it, or is dead. */
export function sealSegment(memory: QueueMemory, segment: number, generation: number): boolean {
  return move(memory, segment, generation, 'filling', { state: 'sealed' });
}

/** Says that frames of it are about to be claimed. False: somebody has taken it as a whole, or it is another one now. */
export function touchSegment(memory: QueueMemory, segment: number, generation: number): boolean {
  for (;;) {
    const control = controlOf(memory, segment);
    if (control.generation !== generation) return false;
    if (control.state !== 'filling' && control.state !== 'sealed') return false;
    if (control.touched || change(memory, segment, control, { touched: true })) return true;
  }
}

/** Takes a sealed segment out of the queue as a whole. False when a claim was faster. */
export function settleUntouched(memory: QueueMemory, segment: number, generation: number): boolean {
  const control = controlOf(memory, segment);
  if (control.generation !== generation || control.state !== 'sealed' || control.touched) return false;
  return change(memory, segment, control, { state: 'settled' });
}

/** Every frame of the sealed segment is settled. */
export function settleSegment(memory: QueueMemory, segment: number, generation: number): boolean {
  return move(memory, segment, generation, 'sealed', { state: 'settled' });
}

/** Gives the memory of a settled segment back. False when somebody else was faster. */
export function freeSegment(memory: QueueMemory, segment: number, generation: number): boolean {
  const control = controlOf(memory, segment);
  if (control.generation !== generation || control.state !== 'settled') return false;
  const slot = control.slot === 0 ? 1 : 0;
  const before = slotOf(memory, segment, slot);
  const sums = slotOf(memory, segment, control.slot);
  addFrames(memory, segment, generation, sums);
  // Still settled: what was just read is one picture, and not the frames of a later generation.
  if (controlOf(memory, segment).generation !== generation) return false;
  const at = memory.countsIndex(segment, slot);
  raise(memory, at, before.accepted, sums.accepted);
  raise(memory, at + 1, before.delivered, sums.delivered);
  raise(memory, at + 2, before.buried, sums.buried);
  return change(memory, segment, control, {
    state: 'free',
    owner: 0,
    touched: false,
    slot,
    generation: (generation + 1) >>> 0,
  });
}

/** The sums of a segment: the slot in use, and the frames that it holds now. One picture, whoever writes meanwhile. */
export function sumsOf(memory: QueueMemory, segment: number): Sums {
  for (;;) {
    const control = controlOf(memory, segment);
    const sums = slotOf(memory, segment, control.slot);
    if (control.state !== 'free') addFrames(memory, segment, control.generation, sums);
    if (controlOf(memory, segment).generation === control.generation) return sums;
  }
}

/** The length of what is published in a segment of this generation, in bytes. */
export function publishedBytes(memory: QueueMemory, segment: number, generation: number): number {
  return publishedIn(Atomics.load(memory.words, memory.endIndex(segment)), generation);
}

/**
 * The word that publishes everything below `bytes`: 18 bits of length in units of 8, one that says that no more will
 * come, 13 bits of generation.
 */
export function endWord(generation: number, bytes: number): number {
  return ((generation & 0x1fff) << 19) | (bytes >> 3);
}

function publishedIn(word: number, generation: number): number {
  return word >>> 19 === (generation & 0x1fff) ? (word & 0x3ffff) << 3 : 0;
}

/** An end changes by compare-and-swap where two could write it: a parked segment's, when a reader was replaced. */
function changeEnd(memory: QueueMemory, segment: number, from: number, to: number): boolean {
  return Atomics.compareExchange(memory.words, memory.endIndex(segment), from, to) === from;
}

/** Marks are read plainly: a segment that is freed has none that changes, and for a sum either side of a change is true. */
function addFrames(memory: QueueMemory, segment: number, generation: number, sums: Sums): void {
  const end = publishedBytes(memory, segment, generation);
  for (let offset = 0; offset < end; ) {
    const at = frameAt(memory, segment, offset);
    countedAs(memory, at, stateOf(glimpseMark(memory, at)), sums);
    offset += frameSize(memory, at);
  }
}

function slotOf(memory: QueueMemory, segment: number, slot: number): Sums {
  const at = memory.countsIndex(segment, slot);
  return {
    accepted: Number(Atomics.load(memory.longs, at)),
    delivered: Number(Atomics.load(memory.longs, at + 1)),
    buried: Number(Atomics.load(memory.longs, at + 2)),
  };
}

function raise(memory: QueueMemory, at: number, from: number, to: number): void {
  if (from !== to) Atomics.compareExchange(memory.longs, at, BigInt(from), BigInt(to));
}

function move(
  memory: QueueMemory,
  segment: number,
  generation: number,
  from: SegmentState,
  to: Partial<Control>,
): boolean {
  for (;;) {
    const control = controlOf(memory, segment);
    if (control.generation !== generation || control.state !== from) return false;
    if (change(memory, segment, control, to)) return true;
  }
}

function change(memory: QueueMemory, segment: number, from: Control, to: Partial<Control>): boolean {
  const before = pack(from);
  return (
    Atomics.compareExchange(memory.longs, memory.controlIndex(segment), before, pack({ ...from, ...to })) ===
    before
  );
}

function pack({ state, touched, slot, owner, generation }: Control): bigint {
  assert(owner >= 0 && owner <= PARKING_OWNER, `the owner ${owner} has 24 bits`);
  const low = STATES.indexOf(state) | (touched ? 8 : 0) | (slot << 4) | (owner << 8);
  return (BigInt(generation) << 32n) | BigInt(low >>> 0);
}

function unpack(word: bigint): Control {
  const low = Number(word & 0xffffffffn);
  const state = STATES[low & 7];
  assert(state !== undefined, `a control word says state ${low & 7}`);
  return {
    state,
    touched: (low & 8) !== 0,
    slot: (low & 16) === 0 ? 0 : 1,
    owner: low >>> 8,
    generation: Number(word >> 32n),
  };
}
