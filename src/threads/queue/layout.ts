/**
 * Where everything lies in the shared memory of one record type. This file owns the map, and every word's meaning
 * is written here and nowhere else:
 *
 *     0        header            one word to a cache line, see HEADER below
 *     1024     descriptors       128 bytes a segment
 *     4096*n   segments          queueSegments of them, for writers
 *              parked segments   parkedSegments of them, for the reading thread's copies of frames
 *
 *     descriptor  0  end      Int32   appender writes (store; in a parked segment by compare-and-swap, because the
 *                                     appender's successor closes it), reader reads. All below it is published.
 *                 4  taken    Int32   appender writes once, before the first `end`; the order of segments
 *                64  control  Uint64  everybody, by compare-and-swap only (segment.ts)
 *                72  counts   2 x { accepted, delivered, dead } Uint64: the slot that `control` names is in use and
 *                             never written; whoever frees the segment fills the other one (segment.ts)
 *
 * All atomic operations are sequentially consistent, as `Atomics` has it. Plain writes go only to memory that no
 * one reads before the next atomic write: the bytes of a frame before `end` is stored.
 *
 * The handle is plain data over a SharedArrayBuffer: it can be posted to any thread. Untouched pages of the buffer
 * cost no memory.
 */
import { assert } from '../../base/assert.ts';
import { untouchedMemory } from '../untouched-memory.ts';
import { type ByteTarget, SLACK_BYTES, SMALL_STRING_MAX } from './codec.ts';
import { JournalBell } from './journal-bell.ts';

export interface QueueOptions {
  /** Names this run of the application in the ids of its events. */
  readonly bootId: string;
  /** Memory for events, in bytes; rounded down to whole segments, at least two. */
  readonly queueBytes: number;
  /** Memory for copies of parked frames, in bytes; rounded down to whole segments. */
  readonly parkedBytes: number;
  /** The largest event, encoded, in bytes. */
  readonly maxEventBytes: number;
  /** 1 MiB unless given; a multiple of 64, at most 1 MiB, and room for one event of `maxEventBytes`. */
  readonly segmentBytes?: number;
  /** With it a journal is kept of this queue (journal-bell.ts). */
  readonly journal?: SharedArrayBuffer;
}

export interface QueueHandle {
  readonly memory: SharedArrayBuffer;
  readonly bootId: string;
  readonly maxEventBytes: number;
  readonly segmentBytes: number;
  readonly queueSegments: number;
  readonly parkedSegments: number;
  /** The words of the journal that is kept of all queues of the application; undefined without one. */
  readonly journal: SharedArrayBuffer | undefined;
}

/** Words of the header, as Int32 indices. Who writes -> who reads. */
export const HEADER = {
  /** Events that the sleeping reader still wants before it is woken; 0 or less: it is awake. Reader and writers -> writers. */
  WANTED: 0,
  /** Counts the wake-ups of the reader, which sleeps on it. Whoever wakes -> reader. */
  TICKET: 16,
  /** 1: somebody waits for a confirmation or asked for a flush. Writers, any thread -> reader, which clears it. */
  FLUSH: 17,
  /** One of DOOR. Main thread -> writers. */
  DOOR: 32,
  /** 1: an event was recorded and nobody is there to fetch it, or one was refused. Writers -> main thread, which sleeps on it and clears it. */
  ATTENTION: 48,
  /** 1: the process is on its way out (the exit loop). Main thread -> the reading thread. */
  EXITING: 64,
  /** The only reader that may mark, claim and free. Main thread -> readers. */
  READER_GENERATION: 80,
  /**
   * reader 16 | batches that are running 16, counted before their frames are flagged and uncounted after, by
   * compare-and-swap. Reader -> its successor.
   */
  RUNNING: 112,
  /** Numbers the segments in the order they were taken. Appenders -> appenders. */
  TAKEN: 128,
  /** Refused events, a Uint64 at this place. Writers -> anybody. */
  REFUSED: 144,
  /** Those of them that their schema did not take, a Uint64 at this place. Writers -> anybody. */
  INVALID: 146,
  /** Counts segments that were taken and never used before (fresh-memory.ts). Writers -> the type's thread, which sleeps on it. */
  FRESH: 160,
  /** Events that are in the journal alone, not in this memory. Journal -> anybody. */
  ASIDE: 208,
  /** How many have ever been put aside, those of an earlier run included; it only grows. Journal -> barriers. */
  ASIDE_EVER: 224,
  /** Events of an earlier run that the journal held for this type, an Int64 at this place. Journal -> anybody. */
  RECOVERED: 240,
} as const;

/** Whether the queue takes events, and whether somebody is there to fetch them. */
export const DOOR = { UNATTENDED: 0, ATTENDED: 1, CLOSED: 2 } as const;

const HEADER_BYTES = 1024;
const DESCRIPTOR_BYTES = 128;
export const PAGE_BYTES = 4096;
const SEGMENT_BYTES = 1024 * 1024;

/** Bytes of a frame before its payload (frame.ts). */
export const FRAME_HEADER_BYTES = 32;
/** What a copy of a frame has before the event: its id, a short string, and the place of its source (frame.ts). */
export const PLACE_BYTES = 12;
export const COPY_PREFIX_BYTES_MAX = 1 + SMALL_STRING_MAX + PLACE_BYTES;

export function createQueue(options: QueueOptions): QueueHandle {
  const { bootId, queueBytes, parkedBytes, maxEventBytes, segmentBytes = SEGMENT_BYTES, journal } = options;
  assert(segmentBytes % 64 === 0 && segmentBytes <= SEGMENT_BYTES, `a segment of ${segmentBytes} bytes`);
  assert(
    maxEventBytes > 0 && frameBytes(maxEventBytes) <= segmentBytes,
    `an event of ${maxEventBytes} bytes in a segment of ${segmentBytes}`,
  );
  assert(
    parkedBytes < segmentBytes || frameBytes(COPY_PREFIX_BYTES_MAX + maxEventBytes) <= segmentBytes,
    `a copy of an event of ${maxEventBytes} bytes in a segment of ${segmentBytes}`,
  );
  const queueSegments = Math.max(2, Math.floor(queueBytes / segmentBytes));
  const parkedSegments = Math.floor(parkedBytes / segmentBytes);
  const segments = queueSegments + parkedSegments;
  const memory = untouchedMemory(firstSegmentAt(segments) + segments * segmentBytes + PAGE_BYTES);
  return { memory, bootId, maxEventBytes, segmentBytes, queueSegments, parkedSegments, journal };
}

/** The bytes that a frame with this payload takes up; frames begin at multiples of 8. */
export function frameBytes(payloadBytes: number): number {
  return (FRAME_HEADER_BYTES + payloadBytes + 7) & ~7;
}

/** The views of one thread on the memory of a queue. */
export class QueueMemory {
  readonly handle: QueueHandle;
  readonly segments: number;
  readonly words: Int32Array;
  readonly longs: BigUint64Array;
  readonly doubles: Float64Array;
  readonly target: ByteTarget;
  readonly bell: JournalBell | undefined;
  readonly #firstSegmentAt: number;

  constructor(handle: QueueHandle) {
    this.handle = handle;
    this.segments = handle.queueSegments + handle.parkedSegments;
    this.words = new Int32Array(handle.memory);
    this.longs = new BigUint64Array(handle.memory);
    this.doubles = new Float64Array(handle.memory);
    this.target = { bytes: Buffer.from(handle.memory), view: new DataView(handle.memory) };
    this.bell = handle.journal && new JournalBell(handle.journal);
    this.#firstSegmentAt = firstSegmentAt(this.segments);
  }

  /** Index in `words` of a segment's published end. */
  endIndex(segment: number): number {
    return (HEADER_BYTES + segment * DESCRIPTOR_BYTES) >> 2;
  }

  /** Index in `words` of a segment's place in the order of taking. */
  takenIndex(segment: number): number {
    return this.endIndex(segment) + 1;
  }

  /** Index in `longs` of a segment's control word. */
  controlIndex(segment: number): number {
    return (HEADER_BYTES + segment * DESCRIPTOR_BYTES + 64) >> 3;
  }

  /** Index in `longs` of the first of a segment's three counts in a slot. */
  countsIndex(segment: number, slot: number): number {
    return this.controlIndex(segment) + 1 + 3 * slot;
  }

  /** Where a segment begins, in bytes. */
  segmentAt(segment: number): number {
    return this.#firstSegmentAt + segment * this.handle.segmentBytes;
  }

  /** The segment in which a word lies, by the word's index. */
  segmentOf(index: number): number {
    return Math.floor(((index << 2) - this.#firstSegmentAt) / this.handle.segmentBytes);
  }

  /** Whether it is one of those for copies of parked frames. */
  isParked(segment: number): boolean {
    return segment >= this.handle.queueSegments;
  }

  get refused(): number {
    return Number(Atomics.load(this.longs, HEADER.REFUSED >> 1));
  }

  /** Events of an earlier run, out of the journal. */
  get recovered(): number {
    return Number(BigInt.asIntN(64, Atomics.load(this.longs, HEADER.RECOVERED >> 1)));
  }

  /** Adds one to the refused events; a Uint64, because a full queue may refuse for days. */
  countRefused(): void {
    Atomics.add(this.longs, HEADER.REFUSED >> 1, 1n);
  }

  get invalid(): number {
    return Number(Atomics.load(this.longs, HEADER.INVALID >> 1));
  }

  /** Adds one to the events that their schema refused, which are refused ones: never more than those. */
  countInvalid(): void {
    this.countRefused();
    Atomics.add(this.longs, HEADER.INVALID >> 1, 1n);
  }
}

function firstSegmentAt(segments: number): number {
  const bytes = HEADER_BYTES + segments * DESCRIPTOR_BYTES;
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}

// The last page behind the last segment is where an encoder's slack may fall.
assert(SLACK_BYTES <= PAGE_BYTES, 'the slack of the encoder lies within the last page');
