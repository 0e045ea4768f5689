/**
 * Decodes the frames of one reading thread. Owns a memory of the keys that it has seen, which changes how fast it
 * reads and never what it reads.
 *
 * The invariant: no byte of the shared buffer is used twice, so what was judged is what is used. Tags, lengths, numbers and
 * keys are judged where they lie; for its strings the event, and what is known to come behind it, becomes one private
 * one-byte string, when the first is met, and they are slices of it.
 *
 * What is read of fixed length is not compared with the end of the event each time: all that can go on for long is, and what
 * did not end where the event ends was none.
 */
// The global is an accessor, and is asked for each event.
import { Buffer } from 'node:buffer';
import { markAsUntransferable } from 'node:worker_threads';
import { viewOf } from '../../base/view-of.ts';
import {
  ARRAY,
  BIGINT,
  BYTES,
  DATE,
  DOUBLE,
  END,
  ERROR,
  type EventDecoder,
  FALSE,
  HOLE,
  INT32,
  LATIN1,
  LENGTH_FACTOR_MAX,
  MAP,
  NULL,
  OBJECT,
  REGEXP,
  SET,
  SMALL_STRING,
  SMALL_STRING_MAX,
  TRUE,
  UNDEFINED,
  UTF16,
  VIEW_NAMES,
} from './codec.ts';
import { QueueError } from './errors.ts';
import { MetKeys, plainObjectBehind, standsAt } from './met-keys.ts';

/** How much is copied at once for the bytes of several events, and kept for as long as somebody keeps one of them. */
const SLAB_BYTES = 32 * 1024;
const NO_SLAB: ArrayBufferLike = new ArrayBuffer(0);
/** The same for their strings. */
const TEXT_BYTES = 2048;

const ERRORS: Readonly<Record<string, ErrorConstructor>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

export class Decoder implements EventDecoder {
  readonly #keys = new MetKeys();
  #key = this.#keys.first;
  #bytes: Buffer = Buffer.alloc(0);
  #view = viewOf(this.#bytes);
  #bytesEnd = 0;
  #start = 0;
  #at = 0;
  #end = 0;
  /** A copy of what lies from `#textAt` to `#textTo`, one character a byte; empty when there is none. */
  #text = '';
  #textAt = 0;
  #textTo = 0;
  /** What is read next, up to here, does not change meanwhile. */
  #aheadTo = 0;
  /** A copy of what lies from `#slabAt` on; empty when there is none. */
  #slab = NO_SLAB;
  #slabAt = 0;

  decode(bytes: Buffer, start: number, end: number): unknown {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = viewOf(bytes);
      this.#bytesEnd = bytes.length;
    }
    this.#start = this.#at = start;
    this.#end = end;
    this.#key = this.#keys.first;
    try {
      const value = this.#value();
      if (this.#at !== end) throw this.#corrupt();
      return value;
    } catch (thrown) {
      if (thrown instanceof QueueError) throw thrown;
      throw this.#corrupt(thrown);
    } finally {
      if (this.#aheadTo === 0) this.#forgetText();
    }
  }

  readAhead(to: number): void {
    this.#aheadTo = to;
    this.#slab = NO_SLAB;
    this.#forgetText();
  }

  #forgetText(): void {
    this.#text = '';
    this.#textAt = this.#textTo = 0;
  }

  #value(): unknown {
    const tag = this.#byte();
    if (tag < SMALL_STRING) return tag;
    if (tag < NULL) return this.#slice(tag & SMALL_STRING_MAX);
    switch (tag) {
      case NULL:
        return null;
      case UNDEFINED:
        return undefined;
      case TRUE:
        return true;
      case FALSE:
        return false;
      case INT32:
        this.#at += 4;
        return this.#view.getInt32(this.#at - 4, true);
      case DOUBLE:
        return this.#float();
      case BIGINT:
        return BigInt(this.#string());
      case LATIN1:
        return this.#slice(this.#length());
      case UTF16:
        return this.#wide();
      case ARRAY:
        return this.#array();
      case OBJECT:
        return this.#fields(plainObjectBehind(this.#key));
      case DATE:
        return new Date(this.#float());
      case MAP: {
        const map = new Map<unknown, unknown>();
        while (!this.#ended()) map.set(this.#value(), this.#value());
        return map;
      }
      case SET: {
        const set = new Set<unknown>();
        while (!this.#ended()) set.add(this.#value());
        return set;
      }
      case REGEXP:
        return new RegExp(this.#string(), this.#string());
      case ERROR:
        return this.#error();
      case BYTES:
        return this.#binary();
      default:
        throw this.#corrupt();
    }
  }

  #fields<T extends object>(object: T): T {
    while (!this.#ended()) {
      const key = this.#nextKey();
      const value = this.#value();
      // Assigned, this key would change the object's prototype instead.
      if (key === '__proto__') define(object, key, value);
      else (object as Record<string, unknown>)[key] = value;
    }
    return object;
  }

  #nextKey(): string {
    const last = this.#key;
    let key = last.next;
    if (key !== undefined && standsAt(key, this.#view, this.#at, this.#bytesEnd)) this.#at += key.bytes;
    else {
      const tag = this.#byte();
      key = this.#keys.after(last, this.#stringOf(tag), tag);
    }
    this.#key = key;
    return key.name;
  }

  #array(): unknown[] {
    const length = this.#length();
    const array: unknown[] = [];
    for (let i = 0; i < length; i++) {
      if (this.#at >= this.#end) throw this.#corrupt();
      if (this.#isTag(HOLE)) array.length = i + 1;
      else array.push(this.#value());
    }
    return array;
  }

  #error(): Error {
    const name = this.#string();
    const message = this.#string();
    const stack = this.#string();
    const error = new (ERRORS[name] ?? Error)(message);
    define(error, 'stack', stack, { enumerable: false });
    if (error.name !== name) define(error, 'name', name, { enumerable: false });
    if (this.#byte() !== OBJECT) throw this.#corrupt();
    const own = this.#fields({});
    for (const [key, value] of Object.entries(own))
      define(error, key, value, { enumerable: key !== 'cause' });
    return error;
  }

  #binary(): unknown {
    const name = VIEW_NAMES[this.#byte()];
    const length = this.#length();
    const from = this.#at;
    if (from + length > this.#end) throw this.#corrupt();
    this.#at += length;
    if (name === 'Buffer') return this.#buffer(from, length);
    const bytes = new Uint8Array(length);
    this.#bytes.copy(bytes, 0, from, from + length);
    if (name === 'ArrayBuffer') return bytes.buffer;
    if (name === 'DataView') return new DataView(bytes.buffer);
    const View =
      name && (globalThis as unknown as Record<string, new (buffer: ArrayBuffer) => unknown>)[name];
    if (!View) throw this.#corrupt();
    return new View(bytes.buffer);
  }

  /** As Node does with its own small buffers: several are parts of one memory. */
  #buffer(from: number, length: number): Buffer {
    const to = from + length;
    if (to > this.#aheadTo || length > SLAB_BYTES / 8) {
      // Not of Node's pool, which a buffer that is kept would hold: 64 KiB from Node 24 on.
      const own = Buffer.allocUnsafeSlow(length);
      this.#bytes.copy(own, 0, from, to);
      return own;
    }
    if (from < this.#slabAt || to > this.#slabAt + this.#slab.byteLength) {
      const slab = Buffer.allocUnsafeSlow(Math.min(SLAB_BYTES, this.#aheadTo - from));
      slab.set(this.#bytes.subarray(from, from + slab.length));
      this.#slab = slab.buffer;
      this.#slabAt = from;
      // Sent to another thread as a whole, it would take the others' bytes with it.
      markAsUntransferable(slab.buffer);
    }
    return Buffer.from(this.#slab, from - this.#slabAt, length);
  }

  #string(): string {
    return this.#stringOf(this.#byte());
  }

  #stringOf(tag: number): string {
    if (tag >= SMALL_STRING && tag < NULL) return this.#slice(tag & SMALL_STRING_MAX);
    if (tag === LATIN1) return this.#slice(this.#length());
    if (tag === UTF16) return this.#wide();
    throw this.#corrupt();
  }

  #wide(): string {
    return Buffer.from(this.#slice(2 * this.#length()), 'latin1').toString('utf16le');
  }

  #slice(length: number): string {
    const at = this.#at;
    const to = at + length;
    if (to > this.#end) throw this.#corrupt();
    this.#at = to;
    if (at < this.#textAt || to > this.#textTo) this.#copyText(at);
    return this.#text.slice(at - this.#textAt, to - this.#textAt);
  }

  /** The rest of this event, and what is known to come behind it. */
  #copyText(at: number): void {
    this.#textAt = at;
    this.#textTo = Math.max(this.#end, Math.min(this.#aheadTo, at + TEXT_BYTES));
    this.#text = this.#bytes.toString('latin1', at, this.#textTo);
  }

  #float(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }

  #length(): number {
    let length = 0;
    for (let factor = 1; factor <= LENGTH_FACTOR_MAX; factor *= 0x80) {
      const byte = this.#byte();
      length += (byte & 0x7f) * factor;
      if (byte < 0x80) return length;
    }
    throw this.#corrupt();
  }

  /** Where a value of any length goes on: what is read in between is checked here, or at the very end. */
  #ended(): boolean {
    if (this.#at >= this.#end) throw this.#corrupt();
    return this.#isTag(END);
  }

  /** Passes over it, if it is next. */
  #isTag(tag: number): boolean {
    if (this.#bytes[this.#at] !== tag) return false;
    this.#at++;
    return true;
  }

  #byte(): number {
    return this.#bytes[this.#at++] as number;
  }

  #corrupt(cause?: unknown): QueueError {
    const message = `The bytes of a frame are not those of an event, at byte ${this.#at - this.#start}.`;
    return new QueueError('ERR_FRAME_CORRUPT', message, cause === undefined ? {} : { cause });
  }
}

function define(object: object, key: string, value: unknown, { enumerable = true } = {}): void {
  Object.defineProperty(object, key, { value, enumerable, writable: true, configurable: true });
}
