/**
 * Encodes an event, once, straight into the memory that it is given. Owns the position in that memory.
 *
 * The invariant: user code (a getter, a `toJSON`, a proxy's trap) runs only where a property is read, and may record
 * other events through this very encoder. What is half encoded is then carried over into memory of its own and goes
 * on there, so that the event that came in between can be published in its place at once.
 *
 *     outer: [ a b c ...                 encoding in the segment
 *     inner:   records                   outer's bytes move: scratch [ a b c ...
 *            [ x y z ] published         outer goes on in scratch, is copied behind z
 *
 * In the same way an event goes on elsewhere that turns out to have no room where it was begun. It is not encoded
 * again: its own code runs once.
 */
import * as tag from './codec.ts';
import {
  type ByteTarget,
  byteTarget,
  DEPTH_MAX,
  type EventEncoder,
  SLACK_BYTES,
  SMALL_STRING_MAX,
  type Spill,
  VIEW_NAMES,
  viewName,
} from './codec.ts';
import { KnownKeys } from './known-keys.ts';
import { errorOf, Refusal, refusalAt } from './refusal.ts';

/** An `import` of `node:util` would load all that it gives at a first use, and 0.7 ms longer. */
const { types } = process.getBuiltinModule('node:util');
/** Up to here a loop in JavaScript beats the call into the runtime. */
const LOOP_CHARACTERS_MAX = 128;
const BEYOND_LATIN1 = /[^\0-\xff]/;
const EMPTY: object = {};

export class Encoder implements EventEncoder {
  output: ByteTarget = byteTarget(0);
  outputStart = 0;

  #busy = false;
  #target: ByteTarget = this.output;
  #bytes: Buffer = this.output.bytes;
  #view: DataView = this.output.view;
  #start = 0;
  #position = 0;
  /** Where the room ends; no more than `#maxBytes` behind the start. */
  #limit = 0;
  #maxBytes = 0;
  #spill: Spill | undefined = undefined;
  #plainInherits = false;
  readonly #keys = new KnownKeys();

  encode(
    event: unknown,
    target: ByteTarget,
    at: number,
    maxBytes: number,
    room = maxBytes,
    spill?: Spill,
  ): number {
    if (this.#busy) return this.#encodeWithin(event, target, at, maxBytes, room, spill);
    this.#busy = true;
    this.#spill = spill;
    this.#aim(target, at, maxBytes, room);
    // An enumerable property on Object.prototype would pass for a field of every event.
    this.#plainInherits = false;
    for (const _ in EMPTY) this.#plainInherits = true;
    try {
      this.#value(event, 0);
      if (this.#position > this.#limit) this.#outgrow(0);
      this.output = this.#target;
      this.outputStart = this.#start;
      return this.#position - this.#start;
    } catch (thrown) {
      throw errorOf(thrown, maxBytes);
    } finally {
      this.#busy = false;
    }
  }

  /** An event is being encoded, and its own code records another one. */
  #encodeWithin(
    event: unknown,
    target: ByteTarget,
    at: number,
    maxBytes: number,
    room: number,
    spill: Spill | undefined,
  ): number {
    const outerMax = this.#maxBytes;
    const outerSpill = this.#spill;
    const outer = byteTarget(outerMax + SLACK_BYTES);
    this.#bytes.copy(outer.bytes, 0, this.#start, this.#position);
    const outerPosition = this.#position - this.#start;
    this.#busy = false;
    try {
      return this.encode(event, target, at, maxBytes, room, spill);
    } finally {
      this.#busy = true;
      this.#spill = outerSpill;
      this.#aim(outer, 0, outerMax, outerMax);
      this.#position = outerPosition;
    }
  }

  #aim(target: ByteTarget, at: number, maxBytes: number, room: number): void {
    this.#target = target;
    this.#bytes = target.bytes;
    this.#view = target.view;
    this.#start = at;
    this.#position = at;
    this.#limit = at + Math.min(room, maxBytes);
    this.#maxBytes = maxBytes;
    this.#keys.begin();
  }

  #value(value: unknown, depth: number): void {
    if (this.#position > this.#limit) this.#outgrow(0);
    switch (typeof value) {
      case 'string':
        this.#string(value);
        return;
      case 'number':
        this.#number(value);
        return;
      case 'boolean':
        this.#bytes[this.#position++] = value ? tag.TRUE : tag.FALSE;
        return;
      case 'undefined':
        this.#bytes[this.#position++] = tag.UNDEFINED;
        return;
      case 'bigint':
        this.#bytes[this.#position++] = tag.BIGINT;
        this.#string(value.toString());
        return;
      case 'object':
        if (value === null) this.#bytes[this.#position++] = tag.NULL;
        else this.#object(value, depth);
        return;
      case 'function':
        throw new Refusal('it is a function');
      case 'symbol':
        throw new Refusal('it is a symbol');
    }
  }

  #number(value: number): void {
    if ((value | 0) !== value || Object.is(value, -0)) {
      this.#bytes[this.#position] = tag.DOUBLE;
      this.#view.setFloat64(this.#position + 1, value, true);
      this.#position += 9;
    } else if (value >= 0 && value < 0x80) {
      this.#bytes[this.#position++] = value;
    } else {
      this.#bytes[this.#position] = tag.INT32;
      this.#view.setInt32(this.#position + 1, value, true);
      this.#position += 5;
    }
  }

  #string(value: string): void {
    const length = value.length;
    if (this.#position + length > this.#limit) this.#outgrow(length);
    if (length <= LOOP_CHARACTERS_MAX) {
      const start = this.#position;
      if (length <= SMALL_STRING_MAX) this.#bytes[this.#position++] = tag.SMALL_STRING | length;
      else {
        this.#bytes[this.#position++] = tag.LATIN1;
        this.#length(length);
      }
      const bytes = this.#bytes;
      let at = this.#position;
      let all = 0;
      for (let i = 0; i < length; i++) {
        const code = value.charCodeAt(i);
        all |= code;
        bytes[at++] = code;
      }
      if (all <= 0xff) {
        this.#position = at;
        return;
      }
      this.#position = start;
    } else if (!BEYOND_LATIN1.test(value)) {
      this.#bytes[this.#position++] = tag.LATIN1;
      this.#length(length);
      this.#position += this.#bytes.write(value, this.#position, 'latin1');
      return;
    }
    if (this.#position + 2 * length > this.#limit) this.#outgrow(2 * length);
    this.#bytes[this.#position++] = tag.UTF16;
    this.#length(length);
    this.#position += this.#bytes.write(value, this.#position, 'utf16le');
  }

  #length(length: number): void {
    let rest = length;
    while (rest > 0x7f) {
      this.#bytes[this.#position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#position++] = rest;
  }

  #object(value: object, depth: number): void {
    if (depth >= DEPTH_MAX)
      throw refusalAt(new Refusal(`it is nested deeper than ${DEPTH_MAX} levels`), value);
    if (Array.isArray(value)) {
      this.#array(value, depth);
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null && this.#builtIn(value, depth)) return;
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
      this.#represented(value as { toJSON: (key: string) => unknown }, depth);
      return;
    }
    this.#fields(value, depth, prototype === Object.prototype && !this.#plainInherits);
  }

  #array(value: readonly unknown[], depth: number): void {
    const length = value.length;
    this.#bytes[this.#position++] = tag.ARRAY;
    this.#length(length);
    let i = 0;
    try {
      for (; i < length; i++) {
        const element = value[i];
        if (element === undefined && !(i in value)) {
          if (this.#position > this.#limit) this.#outgrow(length - i);
          this.#bytes[this.#position++] = tag.HOLE;
        } else this.#value(element, depth + 1);
      }
    } catch (thrown) {
      throw refusalAt(thrown, value, `[${i}]`);
    }
  }

  /** `plain`: all that `for in` finds is the object's own, and `for in` is twice as fast as `Object.keys`. */
  #fields(value: object, depth: number, plain: boolean): void {
    this.#bytes[this.#position++] = tag.OBJECT;
    let key = '';
    try {
      if (plain) {
        for (key in value) {
          this.#key(key);
          const field = (value as Record<string, unknown>)[key];
          // Most fields are texts: without the way over `#value`, which is no part of this loop for the engine.
          if (typeof field === 'string') this.#string(field);
          else this.#value(field, depth + 1);
        }
      } else {
        for (key of Object.keys(value)) {
          this.#string(key);
          this.#value((value as Record<string, unknown>)[key], depth + 1);
        }
      }
    } catch (thrown) {
      throw refusalAt(thrown, value, key);
    }
    this.#end();
  }

  #key(key: string): void {
    const known = this.#keys.expected(key);
    if (known === undefined) {
      const from = this.#position - this.#start;
      this.#string(key);
      this.#keys.learn(key, this.#view, this.#start + from, this.#position);
      return;
    }
    const { bytes } = known;
    const view = this.#view;
    const at = this.#position;
    view.setInt32(at, known.word0, true);
    if (bytes > 4) view.setInt32(at + 4, known.word1, true);
    if (bytes > 8) view.setInt32(at + 8, known.word2, true);
    if (bytes > 12) {
      const { words } = known;
      for (let i = 3; i < words.length; i++) view.setInt32(at + 4 * i, words[i] as number, true);
    }
    this.#position += bytes;
  }

  /** As `JSON.stringify` does: what `toJSON` returns stands for the object, and is not asked again. */
  #represented(value: { toJSON: (key: string) => unknown }, depth: number): void {
    try {
      const stand = value.toJSON('');
      if (typeof stand !== 'object' || stand === null) this.#value(stand, depth + 1);
      else if (Array.isArray(stand)) this.#array(stand, depth + 1);
      else if (!this.#builtIn(stand, depth + 1)) this.#fields(stand, depth + 1, false);
    } catch (thrown) {
      throw refusalAt(thrown, value);
    }
  }

  /** True when `value` was one of the language's own kinds of object, which keep their class. */
  #builtIn(value: object, depth: number): boolean {
    if (types.isDate(value)) {
      this.#bytes[this.#position] = tag.DATE;
      this.#view.setFloat64(this.#position + 1, Date.prototype.getTime.call(value), true);
      this.#position += 9;
    } else if (ArrayBuffer.isView(value)) {
      this.#binary(viewName(value), value.buffer, value.byteOffset, value.byteLength);
    } else if (types.isArrayBuffer(value)) {
      this.#binary('ArrayBuffer', value, 0, value.byteLength);
    } else if (types.isMap(value)) {
      this.#map(value, depth);
    } else if (types.isSet(value)) {
      this.#set(value, depth);
    } else if (types.isNativeError(value)) {
      this.#error(value, depth);
    } else if (types.isRegExp(value)) {
      this.#bytes[this.#position++] = tag.REGEXP;
      this.#string(value.source);
      this.#string(value.flags);
    } else if (types.isBoxedPrimitive(value)) {
      this.#value(value.valueOf(), depth);
    } else if (types.isPromise(value)) {
      throw new Refusal('it is a promise (a missing await?)');
    } else if (types.isWeakMap(value) || types.isWeakSet(value) || types.isSharedArrayBuffer(value)) {
      throw new Refusal(`it is a ${Object.prototype.toString.call(value).slice(8, -1)}`);
    } else return false;
    return true;
  }

  #map(value: Map<unknown, unknown>, depth: number): void {
    this.#bytes[this.#position++] = tag.MAP;
    let step = '';
    try {
      for (const [key, element] of Map.prototype.entries.call(value)) {
        step = '.keys()';
        this.#value(key, depth + 1);
        step = typeof key === 'string' ? `.get(${JSON.stringify(key)})` : '.values()';
        this.#value(element, depth + 1);
      }
    } catch (thrown) {
      throw refusalAt(thrown, value, step);
    }
    this.#end();
  }

  #set(value: Set<unknown>, depth: number): void {
    this.#bytes[this.#position++] = tag.SET;
    try {
      for (const element of Set.prototype.values.call(value)) this.#value(element, depth + 1);
    } catch (thrown) {
      throw refusalAt(thrown, value, '.values()');
    }
    this.#end();
  }

  #error(value: Error, depth: number): void {
    this.#bytes[this.#position++] = tag.ERROR;
    let key = 'name';
    try {
      this.#string(String(value.name));
      key = 'message';
      this.#string(String(value.message));
      key = 'stack';
      this.#string(String(value.stack ?? ''));
      key = 'cause';
      this.#bytes[this.#position++] = tag.OBJECT;
      if (Object.hasOwn(value, 'cause')) {
        this.#string('cause');
        this.#value(value.cause, depth + 1);
      }
      for (key of Object.keys(value)) {
        if (key === 'cause') continue;
        this.#string(key);
        this.#value((value as unknown as Record<string, unknown>)[key], depth + 1);
      }
    } catch (thrown) {
      throw refusalAt(thrown, value, key);
    }
    this.#end();
  }

  #binary(name: string, buffer: ArrayBufferLike, offset: number, length: number): void {
    const kind = (VIEW_NAMES as readonly string[]).indexOf(name);
    if (kind < 0) throw new Refusal(`it is a ${name}`);
    if (this.#position + length > this.#limit) this.#outgrow(length);
    this.#bytes[this.#position++] = tag.BYTES;
    this.#bytes[this.#position++] = kind;
    this.#length(length);
    this.#bytes.set(new Uint8Array(buffer, offset, length), this.#position);
    this.#position += length;
  }

  /** Hundreds of levels may end at once, which is more than the slack. */
  #end(): void {
    if (this.#position > this.#limit) this.#outgrow(0);
    this.#bytes[this.#position++] = tag.END;
  }

  /** So many bytes more have no room here: goes on where the largest event has room, or refuses one that is larger. */
  #outgrow(more: number): void {
    const length = this.#position - this.#start;
    if (this.#spill === undefined || length + more > this.#maxBytes)
      throw new Refusal('it is too large', { bytes: Math.max(length + more, this.#maxBytes + 1) });
    const roomy = this.#spill.scratch(this.#maxBytes);
    this.#bytes.copy(roomy.bytes, 0, this.#start, this.#position);
    this.#target = roomy;
    ({ bytes: this.#bytes, view: this.#view } = roomy);
    this.#start = 0;
    this.#position = length;
    this.#limit = this.#maxBytes;
  }
}
