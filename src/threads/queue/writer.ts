/**
 * The recording side of one queue in one thread. Owns the segment that it fills.
 *
 *     segment  [ frame frame frame | being encoded        ]
 *                                  ^ offset: published up to here
 *
 * The invariant: an event exists from the one store of `end` that publishes it, and not before. A writer that dies
 * earlier has recorded nothing and leaves no hole; an event that cannot be encoded leaves nothing changed. No promise,
 * no message and no garbage an event.
 */

import { SLACK_BYTES } from './codec.ts';
import type { Confirmation, Until } from './confirmations.ts';
import { countEvent, requestFlush, ringIfAsleep } from './doorbell.ts';
import { writeHeader } from './frame.ts';
import { callAhead } from './fresh-memory.ts';
import { DOOR, FRAME_HEADER_BYTES, frameBytes, HEADER, type QueueHandle, QueueMemory } from './layout.ts';
import type { RecordingThread } from './recording-thread.ts';
import { controlOf, endWord, sealSegment, takeSegment } from './segment.ts';
import { callAttention, tellRefusal } from './signals.ts';

/** What became of an event that somebody wants to wait for. Only `accepted` has been recorded. */
export type Confirmable =
  | { readonly type: 'accepted'; readonly id: string; readonly confirmation: Confirmation }
  | { readonly type: 'refused'; readonly code: 'ERR_QUEUE_FULL' | 'ERR_QUEUE_CLOSED' }
  | { readonly type: 'unconfirmable'; readonly code: 'ERR_NO_CONFIRMATION_SLOT' };

const NO_SEGMENT = -1;

export class QueueWriter {
  readonly #memory: QueueMemory;
  readonly #thread: RecordingThread;
  readonly #maxEventBytes: number;
  /** What a segment has for frames, the slack of the last one's encoding left out. */
  readonly #usableBytes: number;
  #segment = NO_SEGMENT;
  #generation = 0;
  #segmentAt = 0;
  #offset = 0;

  constructor(handle: QueueHandle, thread: RecordingThread) {
    this.#memory = new QueueMemory(handle);
    this.#thread = thread;
    this.#maxEventBytes = handle.maxEventBytes;
    this.#usableBytes = handle.segmentBytes - FRAME_HEADER_BYTES - SLACK_BYTES;
  }

  get handle(): QueueHandle {
    return this.#memory.handle;
  }

  /**
   * Records an event. False: refused, because the queue is full or closed; counted. Throws when the event cannot be
   * encoded or is too large, and then nothing has happened.
   */
  append(event: unknown): boolean {
    return this.#append(event, 0, 0);
  }

  /** An event that its schema does not take: counted, and nothing else. */
  refuseInvalid(): void {
    this.#memory.countInvalid();
  }

  get invalid(): number {
    return this.#memory.invalid;
  }

  /** Records an event that somebody waits for, and has the reader fetch it at once. */
  appendAndConfirm(event: unknown, until: Until): Confirmable {
    const table = this.#thread.confirmations;
    const confirm = table?.take(until);
    if (table === undefined || confirm === undefined)
      return { type: 'unconfirmable', code: 'ERR_NO_CONFIRMATION_SLOT' };
    let accepted = false;
    try {
      accepted = this.#append(event, confirm, table.seat);
    } finally {
      if (!accepted) table.giveBack(confirm);
    }
    if (!accepted) return { type: 'refused', code: this.#isClosed() ? 'ERR_QUEUE_CLOSED' : 'ERR_QUEUE_FULL' };
    const id = `${this.#memory.handle.bootId}-${this.#thread.writer}-${this.#thread.sequence}`;
    const confirmation = table.expect(confirm);
    requestFlush(this.#memory);
    this.#memory.bell?.ringIfResting();
    return { type: 'accepted', id, confirmation };
  }

  #append(event: unknown, confirm: number, seat: number): boolean {
    const memory = this.#memory;
    const { encoder } = this.#thread;
    const max = this.#maxEventBytes;
    // Most events are small: nearly all are encoded in their place, up to the very end of a segment.
    const room = this.#segment === NO_SEGMENT ? 0 : this.#usableBytes - this.#offset;
    const at = this.#segmentAt + this.#offset + FRAME_HEADER_BYTES;
    const length =
      room > 0
        ? encoder.encode(event, memory.target, at, max, room, this.#thread)
        : encoder.encode(event, this.#thread.scratch(max), 0, max, max, this.#thread);
    const { output, outputStart } = encoder;
    if (this.#isClosed() || !this.#makeRoom(frameBytes(length))) {
      this.#refuse();
      return false;
    }
    const frame = this.#segmentAt + this.#offset;
    if (output !== memory.target) {
      output.bytes.copy(memory.target.bytes, frame + FRAME_HEADER_BYTES, outputStart, outputStart + length);
    }
    this.#publish(frame, length, confirm, seat);
    return true;
  }

  #publish(at: number, length: number, confirm: number, seat: number): void {
    const memory = this.#memory;
    const thread = this.#thread;
    writeHeader(memory, at >> 2, length, thread.clock.wallTime(), thread.sequence + 1, confirm, seat);
    const offset = this.#offset + frameBytes(length);
    Atomics.store(memory.words, memory.endIndex(this.#segment), endWord(this.#generation, offset));
    thread.sequence++;
    this.#offset = offset;
    countEvent(memory);
    callAttention(memory);
    memory.bell?.ringForEvent();
  }

  /** A segment with room for so many bytes behind `offset`; false when there is none. */
  #makeRoom(bytes: number): boolean {
    const memory = this.#memory;
    if (this.#segment !== NO_SEGMENT) {
      if (this.#offset + bytes <= memory.handle.segmentBytes) return true;
      const full = this.#segment;
      this.#segment = NO_SEGMENT;
      sealSegment(memory, full, this.#generation);
    }
    const segment = takeSegment(memory, this.#thread.writer);
    if (segment === undefined) return false;
    this.#segment = segment;
    this.#generation = controlOf(memory, segment).generation;
    this.#segmentAt = memory.segmentAt(segment);
    this.#offset = 0;
    callAhead(memory, segment, this.#generation);
    return true;
  }

  /** The frames of full segments may all be settled already: then only the reader, asleep, can free them. */
  #refuse(): void {
    this.#memory.countRefused();
    ringIfAsleep(this.#memory);
    this.#memory.bell?.ringIfResting();
    tellRefusal(this.#memory);
  }

  #isClosed(): boolean {
    return Atomics.load(this.#memory.words, HEADER.DOOR) === DOOR.CLOSED;
  }
}

/** Tells of each event that it has taken: a writer of its own kind, so that others pay nothing for it. */
export class TappedWriter extends QueueWriter {
  readonly #tap: (event: unknown) => void;

  constructor(handle: QueueHandle, thread: RecordingThread, tap: (event: unknown) => void) {
    super(handle, thread);
    this.#tap = tap;
  }

  override append(event: unknown): boolean {
    const accepted = super.append(event);
    if (accepted) this.#tap(event);
    return accepted;
  }

  override appendAndConfirm(event: unknown, until: Until): Confirmable {
    const outcome = super.appendAndConfirm(event, until);
    if (outcome.type === 'accepted') this.#tap(event);
    return outcome;
  }
}

/** The thread with this writer number is dead: what it was filling is sealed for it, and the reader looks. */
export function sealSegmentsOf(handle: QueueHandle, writer: number): void {
  const memory = new QueueMemory(handle);
  for (let segment = 0; segment < memory.segments; segment++) {
    const { state, owner, generation } = controlOf(memory, segment);
    if (state === 'filling' && owner === writer) sealSegment(memory, segment, generation);
  }
  ringIfAsleep(memory);
}
