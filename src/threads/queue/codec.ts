/**
 * The form of an event in a frame, and the port behind which it can be swapped.
 *
 * One rule: the bytes of a frame decode alone. No dictionary, no structure, nothing that was said in another frame
 * or another segment; so a frame can be copied into another segment, written to disk and read by another process.
 *
 * A value is one tag byte and what follows it. Numbers with several bytes are little-endian, lengths are LEB128.
 *
 *     0x00-0x7f  the integer itself               0x80-0xbf  a string of 0..63 one-byte characters, inline
 *     NULL UNDEFINED TRUE FALSE HOLE              nothing follows (HOLE: a missing element of an array)
 *     INT32 DOUBLE                                4 or 8 bytes
 *     BIGINT                                      its decimal digits, as a string value
 *     LATIN1 UTF16                                length in characters, then 1 or 2 bytes each
 *     ARRAY                                       length, then its values
 *     OBJECT                                      key value key value ... END; a key is a string value
 *     DATE                                        8 bytes, NaN when it is invalid
 *     MAP SET                                     key value ... END; value ... END
 *     REGEXP                                      source, flags: two string values
 *     ERROR                                       name, message, stack, then an OBJECT of its own properties
 *     BYTES                                       kind of view, length in bytes, the bytes
 *
 * What it was chosen from, in nanoseconds for the sign-up event of 222 bytes as JSON, written into and read from
 * shared memory, Node 20 and Node 26 on two cores (bare `JSON.stringify` beside them: 930 and 390):
 *
 *                                encode      decode      bytes   loses
 *     this one                   450  430     760  730    176    class of instances, identity of shared objects
 *     JSON                      1140  290    1300 1050    222    Date Map Set bigint undefined NaN -0 bytes Error
 *     MessagePack, records       720  590     870  630    102    -0, lone surrogates; a frame does not decode alone
 *     MessagePack, maps          880  740    1800 1360    179    -0, lone surrogates
 *     structured serialisation  2740 2130    3740 6150    202    nothing but class; no path to what it refuses
 *
 * MessagePack (msgpackr) beside that cannot be entered again by a getter that records, and needs a dictionary in each
 * segment, which parked copies and the journal would have to carry along.
 *
 * Strings are stored as the engine holds them, one or two bytes a character, not as UTF-8: nothing is transcoded,
 * and a lone surrogate arrives as it was.
 */

/** Memory to encode into: one buffer under two views. */
export interface ByteTarget {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** No key, tag, length or number is written further than this beyond the limit before the limit is checked. */
export const SLACK_BYTES = 128;

/** Where an event goes on that has outgrown the room where it was begun: memory for the largest one, and the slack. */
export interface Spill {
  scratch(maxBytes: number): ByteTarget;
}

/**
 * Encodes events for the recording thread. The implementer owes: an event that it refuses throws
 * EventNotSerializableError or EventTooLargeError, and then nothing outside
 * `[at, at + room + SLACK_BYTES)` of the target has been written; and `encode` may be entered again by the
 * event's own getters and `toJSON`.
 */
export interface EventEncoder {
  /**
   * Encodes `event` at `at`, in at most `maxBytes` (and, unless told otherwise, as much room), and answers with its length. It lies at `outputStart` of
   * `output`: where it was asked for, unless it has outgrown the `room` there, or an event recorded by this event's
   * own code needed that place.
   */
  encode(
    event: unknown,
    target: ByteTarget,
    at: number,
    maxBytes: number,
    room?: number,
    spill?: Spill,
  ): number;
  readonly output: ByteTarget;
  readonly outputStart: number;
}

/** Decodes frames in the reading thread. Bytes that no encoder wrote throw `ERR_FRAME_CORRUPT`. */
export interface EventDecoder {
  decode(bytes: Buffer, start: number, end: number): unknown;
  /**
   * Says that what is decoded from now on lies below `to`, in the order of the memory, and does not change until this is
   * called again. 0: nothing is known any more.
   */
  readAhead(to: number): void;
}

export const SMALL_STRING = 0x80;
export const SMALL_STRING_MAX = 63;

export const NULL = 0xc0;
export const UNDEFINED = 0xc1;
export const TRUE = 0xc2;
export const FALSE = 0xc3;
export const HOLE = 0xc4;
export const INT32 = 0xc5;
export const DOUBLE = 0xc6;
export const BIGINT = 0xc7;
export const LATIN1 = 0xc8;
export const UTF16 = 0xc9;
export const ARRAY = 0xca;
export const OBJECT = 0xcb;
export const DATE = 0xcc;
export const MAP = 0xcd;
export const SET = 0xce;
export const REGEXP = 0xcf;
export const ERROR = 0xd0;
export const BYTES = 0xd1;
export const END = 0xff;

/** What the last of the bytes of a length counts by: it has at most five. */
export const LENGTH_FACTOR_MAX = 0x80 ** 4;

/** How deep an event may be nested. A cycle is found when it goes deeper. */
export const DEPTH_MAX = 512;

/** Kinds of view after BYTES; the place in the list is the kind. Only ever append. */
export const VIEW_NAMES = [
  'Buffer',
  'ArrayBuffer',
  'DataView',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int8Array',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
] as const;

/** Its name among them, if it is one of them. */
export function viewName(view: ArrayBufferView): string {
  if (Buffer.isBuffer(view)) return 'Buffer';
  return Object.prototype.toString.call(view).slice(8, -1);
}

export function byteTarget(bytes: number): ByteTarget {
  const buffer = new ArrayBuffer(bytes);
  return { bytes: Buffer.from(buffer), view: new DataView(buffer) };
}
