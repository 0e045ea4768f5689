/**
 * Decodes the frames of one reading thread. Owns a memory of the keys that it has seen, which changes how fast it
 * reads and never what it reads.
 *
 * The invariant: nothing is judged and then read again in the shared buffer. The frame becomes one private one-byte
 * string first (reading MessagePack in place from shared memory was ten times slower), and strings are slices of it; only
 * the content of a view, of which nothing is asked, is copied from the buffer itself.
 *
 * Events of one type have the same keys in the same order, whatever their nesting. So each key, for each key that it
 * follows, remembers the one that followed it last time; when the next key in the text is that one, its string is at hand,
 * interned and hashed.
 */
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

/** Beyond this many keys the memory of keys begins anew: events may have generated keys. */
const KEYS_MAX = 4096;

/** A length has at most five bytes. */
const LENGTH_FACTOR_MAX = 0x80 ** 4;

/** Tag, kind of view, length. */
const BYTES_HEAD_MAX = 7;

interface Key {
  readonly name: string;
  /** The key as it stands in a frame, its tag included. */
  readonly raw: string;
  /** By their `raw`, all that have followed a key of this name. */
  readonly followers: Map<string, Key>;
  next: Key | undefined;
}

const ERRORS: Readonly<Record<string, ErrorConstructor>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

export class Decoder implements EventDecoder {
  #first = noKey();
  readonly #names = new Map<string, Omit<Key, 'next'>>();
  #keys = 0;
  readonly #double = new DataView(new ArrayBuffer(8));
  #key: Key = this.#first;
  #text = '';
  #at = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #size = 0;

  decode(bytes: Buffer, start: number, end: number): unknown {
    this.#bytes = bytes;
    this.#start = start;
    this.#size = end - start;
    // Of an event that is bytes and nothing else only their length is wanted as text.
    const textEnd = bytes[start] === BYTES ? Math.min(end, start + BYTES_HEAD_MAX) : end;
    this.#text = bytes.toString('latin1', start, textEnd);
    this.#at = 0;
    this.#key = this.#first;
    try {
      const value = this.#value();
      if (this.#at !== this.#size) throw this.#corrupt();
      return value;
    } catch (thrown) {
      if (thrown instanceof QueueError) throw thrown;
      throw this.#corrupt(thrown);
    } finally {
      this.#text = '';
    }
  }

  #value(): unknown {
    const tag = this.#text.charCodeAt(this.#at++);
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
        return this.#byte() | (this.#byte() << 8) | (this.#byte() << 16) | (this.#byte() << 24);
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
        return this.#fields({});
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
    const guess = this.#key.next;
    if (guess !== undefined && this.#text.startsWith(guess.raw, this.#at)) {
      this.#at += guess.raw.length;
      this.#key = guess;
      return guess.name;
    }
    const start = this.#at;
    const name = this.#string();
    const raw = this.#text.slice(start, this.#at);
    const key = this.#key.followers.get(raw) ?? this.#meet(name, raw);
    this.#key.next = key;
    this.#key = key;
    return key.name;
  }

  /** A key that has not come behind this one before. */
  #meet(name: string, raw: string): Key {
    if (this.#keys >= KEYS_MAX) {
      this.#names.clear();
      this.#keys = 0;
      this.#first = this.#key = noKey();
    }
    this.#keys++;
    let known = this.#names.get(raw);
    if (known === undefined) {
      // Not slices: a slice would keep the whole frame that it came from.
      known = { name: unsliced(name), raw: unsliced(raw), followers: new Map() };
      this.#names.set(known.raw, known);
    }
    const key: Key = { name: known.name, raw: known.raw, followers: known.followers, next: undefined };
    this.#key.followers.set(key.raw, key);
    return key;
  }

  #array(): unknown[] {
    const length = this.#length();
    const array: unknown[] = [];
    for (let i = 0; i < length; i++) {
      if (this.#text.charCodeAt(this.#at) === HOLE) {
        this.#at++;
        array.length = i + 1;
      } else array.push(this.#value());
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
    const from = this.#start + this.#at;
    this.#at += length;
    if (this.#at > this.#size) throw this.#corrupt();
    // The bytes themselves are copied from where they lie: by way of text they would be copied twice.
    if (name === 'Buffer') return Buffer.from(this.#bytes.subarray(from, from + length));
    const bytes = new Uint8Array(length);
    this.#bytes.copy(bytes, 0, from, from + length);
    if (name === 'ArrayBuffer') return bytes.buffer;
    if (name === 'DataView') return new DataView(bytes.buffer);
    const View =
      name && (globalThis as unknown as Record<string, new (buffer: ArrayBuffer) => unknown>)[name];
    if (!View) throw this.#corrupt();
    return new View(bytes.buffer);
  }

  #string(): string {
    const tag = this.#byte();
    if (tag >= SMALL_STRING && tag < NULL) return this.#slice(tag & SMALL_STRING_MAX);
    if (tag === LATIN1) return this.#slice(this.#length());
    if (tag === UTF16) return this.#wide();
    throw this.#corrupt();
  }

  #wide(): string {
    return Buffer.from(this.#slice(2 * this.#length()), 'latin1').toString('utf16le');
  }

  #slice(length: number): string {
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#size) throw this.#corrupt();
    return this.#text.slice(start, this.#at);
  }

  #float(): number {
    for (let i = 0; i < 8; i++) this.#double.setUint8(i, this.#byte());
    return this.#double.getFloat64(0, true);
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

  #ended(): boolean {
    if (this.#text.charCodeAt(this.#at) !== END) return false;
    this.#at++;
    return true;
  }

  #byte(): number {
    if (this.#at >= this.#size) throw this.#corrupt();
    return this.#text.charCodeAt(this.#at++);
  }

  #corrupt(cause?: unknown): QueueError {
    const message = `The bytes of a frame are not those of an event, at byte ${this.#at}.`;
    return new QueueError('ERR_FRAME_CORRUPT', message, cause === undefined ? {} : { cause });
  }
}

function noKey(): Key {
  return { name: '', raw: '', followers: new Map(), next: undefined };
}

function define(object: object, key: string, value: unknown, { enumerable = true } = {}): void {
  Object.defineProperty(object, key, { value, enumerable, writable: true, configurable: true });
}

function unsliced(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
