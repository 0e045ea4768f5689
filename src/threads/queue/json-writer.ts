/**
 * Writes the JSON of an event straight from its frame: the same bytes as `JSON.stringify` of the decoded event, and no
 * object or string in between. Knows what JSON knows, and dates; an event with anything else in it (a bigint, bytes, a Map)
 * is left to who can decode it.
 *
 * The invariant is the decoder's: no byte of the shared buffer is used twice, so what was judged is what is written. Keys are
 * met as it meets them, and their JSON is at hand.
 */
// The global is an accessor, and is asked for each event.
import { Buffer } from 'node:buffer';
import { viewOf } from '../../base/view-of.ts';
import {
  ARRAY,
  DATE,
  DOUBLE,
  END,
  FALSE,
  HOLE,
  INT32,
  LATIN1,
  LENGTH_FACTOR_MAX,
  NULL,
  OBJECT,
  SMALL_STRING,
  SMALL_STRING_MAX,
  TRUE,
  UNDEFINED,
  UTF16,
} from './codec.ts';
import { isPlainWord, PLAIN, writeEscaped, writeInteger, writeSmall } from './json-bytes.ts';
import { jsonOf, MetKeys, standsAt } from './met-keys.ts';
import { NOT_WRITTEN } from './not-written.ts';

/** The most bytes of JSON that a byte of a frame becomes: a control character is six, and so is `false,` of one tag. */
export const JSON_GROWTH = 6;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

export class JsonWriter {
  readonly #keys = new MetKeys();
  #key = this.#keys.first;
  #bytes: Buffer = Buffer.alloc(0);
  #view = viewOf(this.#bytes);
  #at = 0;
  #end = 0;
  #target: Buffer = this.#bytes;
  #targetView = this.#view;
  #from = 0;
  #without: string | undefined = undefined;

  /**
   * Writes the event between `start` and `end` at `from` of `target`, where there must be room for `JSON_GROWTH` times its
   * length. Answers with where its JSON ends, or `NOT_WRITTEN`: that too when the event itself has the field `without`.
   */
  write(
    bytes: Buffer,
    start: number,
    end: number,
    target: Buffer,
    from: number,
    without: string | undefined = undefined,
  ): number {
    this.#begin(bytes, start, end);
    if (target !== this.#target) {
      this.#target = target;
      this.#targetView = viewOf(target);
    }
    this.#from = from;
    this.#without = without;
    try {
      const to = this.#value(this.#byte(), from);
      return this.#at === end ? to : NOT_WRITTEN;
    } catch {
      // Read beyond the memory: no event. Who decodes it says what is wrong with it.
      return NOT_WRITTEN;
    }
  }

  /**
   * The text of a field of the event itself: a string, or a number in its digits. Undefined when the event is no plain object,
   * has no such field, or another value in it.
   */
  field(bytes: Buffer, start: number, end: number, name: string): string | undefined {
    this.#begin(bytes, start, end);
    try {
      return this.#find(name) ? this.#text(this.#byte()) : undefined;
    } catch {
      // As above.
      return undefined;
    }
  }

  /** The same, written at `from` of `target` where it is short and of one-byte characters. Otherwise `NOT_WRITTEN`. */
  shortField(bytes: Buffer, start: number, end: number, name: string, target: Buffer, from: number): number {
    this.#begin(bytes, start, end);
    try {
      return this.#find(name) ? this.#shortText(this.#byte(), target, from) : NOT_WRITTEN;
    } catch {
      // As above.
      return NOT_WRITTEN;
    }
  }

  #shortText(tag: number, target: Buffer, from: number): number {
    if (tag < SMALL_STRING) return writeSmall(target, from, tag);
    if (tag === INT32) return writeInteger(target, from, this.#int());
    if (tag >= NULL) return NOT_WRITTEN;
    const bytes = this.#bytes;
    const start = this.#at;
    const length = tag & SMALL_STRING_MAX;
    if (start + length > this.#end) return NOT_WRITTEN;
    for (let i = 0; i < length; i++) target[from + i] = bytes[start + i] as number;
    return from + length;
  }

  /** Goes to the value of this field. */
  #find(name: string): boolean {
    if (this.#byte() !== OBJECT) return false;
    while (this.#at < this.#end && this.#bytes[this.#at] !== END) {
      const key = this.#nextKey();
      if (key === undefined) return false;
      if (key.name === name) return true;
      if (!this.#skip(this.#byte())) return false;
    }
    return false;
  }

  #begin(bytes: Buffer, start: number, end: number): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = viewOf(bytes);
    }
    this.#at = start;
    this.#end = end;
    this.#key = this.#keys.first;
  }

  #value(tag: number, out: number): number {
    if (tag < SMALL_STRING) return writeSmall(this.#target, out, tag);
    if (tag < NULL) return this.#oneByteText(tag & SMALL_STRING_MAX, out);
    switch (tag) {
      case NULL:
      case UNDEFINED:
      case HOLE:
        return this.#word(NULL_TEXT, out);
      case TRUE:
        return this.#word(TRUE_TEXT, out);
      case FALSE:
        return this.#word(FALSE_TEXT, out);
      case INT32:
        return writeInteger(this.#target, out, this.#int());
      case DOUBLE:
        return this.#double(out);
      case LATIN1:
        return this.#oneByteText(this.#length(), out);
      case UTF16:
        return this.#wideText(out);
      case ARRAY:
        return this.#array(out);
      case OBJECT:
        return this.#object(out);
      case DATE:
        return this.#ascii(JSON.stringify(new Date(this.#float())), out);
      default:
        return NOT_WRITTEN;
    }
  }

  #object(from: number): number {
    const target = this.#target;
    const view = this.#targetView;
    const without = from === this.#from ? this.#without : undefined;
    let out = from;
    target[out++] = OPEN_OBJECT;
    for (;;) {
      if (this.#at >= this.#end) return NOT_WRITTEN;
      if (this.#bytes[this.#at] === END) break;
      const key = this.#nextKey();
      if (key === undefined || (without !== undefined && key.name === without)) return NOT_WRITTEN;
      const tag = this.#byte();
      if (tag === UNDEFINED) continue;
      const { words, bytes } = jsonOf(key);
      for (let i = 0; i < words.length; i++) view.setInt32(out + 4 * i, words[i] as number, true);
      out = this.#value(tag, out + bytes);
      if (out === NOT_WRITTEN) return NOT_WRITTEN;
      target[out++] = COMMA;
    }
    this.#at++;
    // In place of the last comma, where there is one.
    if (out > from + 1) out--;
    target[out] = CLOSE_OBJECT;
    return out + 1;
  }

  #array(from: number): number {
    const target = this.#target;
    const length = this.#length();
    let out = from;
    target[out++] = OPEN_ARRAY;
    for (let i = 0; i < length; i++) {
      if (this.#at >= this.#end) return NOT_WRITTEN;
      if (i > 0) target[out++] = COMMA;
      out = this.#value(this.#byte(), out);
      if (out === NOT_WRITTEN) return NOT_WRITTEN;
    }
    target[out] = CLOSE_ARRAY;
    return out + 1;
  }

  /** Four characters at a time, while they stand as they are. What is written too much is written over. */
  #oneByteText(length: number, from: number): number {
    const bytes = this.#bytes;
    const view = this.#view;
    const target = this.#target;
    const targetView = this.#targetView;
    let at = this.#at;
    const to = at + length;
    if (to > this.#end) return NOT_WRITTEN;
    this.#at = to;
    let out = from;
    target[out++] = QUOTE;
    const wholeTo = to - 3;
    while (at < to) {
      if (at < wholeTo) {
        const word = view.getInt32(at, true);
        if (isPlainWord(word)) {
          targetView.setInt32(out, word, true);
          at += 4;
          out += 4;
          continue;
        }
      }
      const byte = bytes[at++] as number;
      if (PLAIN[byte] === 1) target[out++] = byte;
      else out = writeEscaped(target, out, byte);
    }
    target[out] = QUOTE;
    return out + 1;
  }

  #wideText(out: number): number {
    const text = this.#wide();
    return text === undefined ? NOT_WRITTEN : out + this.#target.write(JSON.stringify(text), out);
  }

  #double(out: number): number {
    const value = this.#float();
    if (Number.isSafeInteger(value)) return writeInteger(this.#target, out, value);
    return this.#ascii(JSON.stringify(value), out);
  }

  #word(word: Buffer, out: number): number {
    const { length } = word;
    for (let i = 0; i < length; i++) this.#target[out + i] = word[i] as number;
    return out + length;
  }

  #ascii(text: string, out: number): number {
    const { length } = text;
    for (let i = 0; i < length; i++) this.#target[out + i] = text.charCodeAt(i);
    return out + length;
  }

  #nextKey() {
    const last = this.#key;
    let key = last.next;
    if (key !== undefined && standsAt(key, this.#view, this.#at, this.#bytes.length)) this.#at += key.bytes;
    else {
      const tag = this.#byte();
      const name = this.#text(tag, { numbers: false });
      if (name === undefined) return undefined;
      key = this.#keys.after(last, name, tag);
    }
    this.#key = key;
    return key;
  }

  #text(tag: number, { numbers = true } = {}): string | undefined {
    if (tag >= SMALL_STRING && tag < NULL) return this.#oneByte(tag & SMALL_STRING_MAX);
    if (tag === LATIN1) return this.#oneByte(this.#length());
    if (tag === UTF16) return this.#wide();
    if (!numbers) return undefined;
    if (tag < SMALL_STRING) return String(tag);
    if (tag === INT32) return String(this.#int());
    if (tag !== DOUBLE) return undefined;
    const value = this.#float();
    return Number.isFinite(value) ? String(value) : undefined;
  }

  #oneByte(length: number): string | undefined {
    const at = this.#at;
    this.#at = at + length;
    return this.#at > this.#end ? undefined : this.#bytes.toString('latin1', at, this.#at);
  }

  #wide(): string | undefined {
    const text = this.#oneByte(2 * this.#length());
    return text === undefined ? undefined : Buffer.from(text, 'latin1').toString('utf16le');
  }

  /** Passes over a value. False: it is of no kind that is known here. */
  #skip(tag: number): boolean {
    if (tag < SMALL_STRING) return true;
    if (tag < NULL) {
      this.#at += tag & SMALL_STRING_MAX;
      return true;
    }
    switch (tag) {
      case NULL:
      case UNDEFINED:
      case HOLE:
      case TRUE:
      case FALSE:
        return true;
      case INT32:
        this.#at += 4;
        return true;
      case DOUBLE:
      case DATE:
        this.#at += 8;
        return true;
      case LATIN1: {
        const length = this.#length();
        this.#at += length;
        return true;
      }
      case UTF16: {
        const length = this.#length();
        this.#at += 2 * length;
        return true;
      }
      case ARRAY: {
        const length = this.#length();
        for (let i = 0; i < length; i++) if (this.#at >= this.#end || !this.#skip(this.#byte())) return false;
        return true;
      }
      case OBJECT: {
        while (this.#at < this.#end && this.#bytes[this.#at] !== END)
          if (this.#nextKey() === undefined || !this.#skip(this.#byte())) return false;
        this.#at++;
        return true;
      }
      default:
        return false;
    }
  }

  #int(): number {
    this.#at += 4;
    return this.#view.getInt32(this.#at - 4, true);
  }

  #float(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }

  /** Infinity when it is none. */
  #length(): number {
    let length = 0;
    for (let factor = 1; factor <= LENGTH_FACTOR_MAX; factor *= 0x80) {
      const byte = this.#byte();
      length += (byte & 0x7f) * factor;
      if (byte < 0x80) return length;
    }
    return Number.POSITIVE_INFINITY;
  }

  #byte(): number {
    return this.#bytes[this.#at++] as number;
  }
}

const NULL_TEXT = Buffer.from('null');
const TRUE_TEXT = Buffer.from('true');
const FALSE_TEXT = Buffer.from('false');
