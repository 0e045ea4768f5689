/**
 * The keys that a decoder has met, and which came after which. Changes how fast keys are read and never what is read.
 *
 * Events of one type have the same keys in the same order, whatever their nesting. So each key, for each key that it
 * follows, remembers the one that followed it last time; when the next bytes are those of that one, its string is at hand,
 * interned and hashed. The encoder remembers them in the same way (known-keys.ts).
 */
import { NULL, UTF16 } from './codec.ts';

/** Beyond this many keys the memory of keys begins anew: events may have generated keys. */
const KEYS_MAX = 4096;
/** A constructor of its own is for a place where objects keep coming, and none behind a generated key. */
const PLACE_OBJECTS_MIN = 8;

interface MetName {
  readonly name: string;
  /** How it stands in a frame, its tag included: little-endian words, and which bits of the last one are its own. */
  readonly words: readonly number[];
  readonly lastMask: number;
  readonly bytes: number;
  /** By their names, all that have followed a key of this name. */
  readonly followers: Map<string, MetKey>;
  /** How it stands in JSON, its colon included, in words too; none until somebody asks. */
  json: JsonKey | undefined;
}

export interface JsonKey {
  readonly words: readonly number[];
  readonly bytes: number;
}

/** A key behind another one. */
export interface MetKey extends MetName {
  next: MetKey | undefined;
  /** How many objects have stood behind it, up to `PLACE_OBJECTS_MIN`. */
  objects: number;
  /** Makes those that come after them. */
  Plain: PlainObject;
}

type PlainObject = new () => object;

export class MetKeys {
  /** Stands before the first key of an event. */
  first = noKey();
  readonly #names = new Map<string, MetName>();
  #size = 0;

  /** The key of this name behind `last`, which is expected there from now on. */
  after(last: MetKey, name: string, tag: number): MetKey {
    const key = last.followers.get(name);
    if (key === undefined) return this.#meet(last, name, tag);
    last.next = key;
    return key;
  }

  #meet(last: MetKey, name: string, tag: number): MetKey {
    let before = last;
    if (this.#size >= KEYS_MAX) {
      this.#names.clear();
      this.#size = 0;
      this.first = before = noKey();
    }
    this.#size++;
    let met = this.#names.get(name);
    if (met === undefined) {
      // Not a slice: a slice would keep the whole text that it came from.
      met = metName(unsliced(name), spelled(name, tag));
      this.#names.set(met.name, met);
    }
    const key = metKey(met);
    before.followers.set(key.name, key);
    before.next = key;
    return key;
  }
}

/**
 * A new plain object behind this key, as `{}` makes it. The engine learns how many fields the objects of one constructor come
 * to have, and gives the next ones room for just so many; `{}` has room for four, and what is more is kept beside it.
 */
export function plainObjectBehind(key: MetKey): object {
  if (key.objects === PLACE_OBJECTS_MIN) return new key.Plain();
  key.objects++;
  if (key.objects === PLACE_OBJECTS_MIN) key.Plain = plainConstructor();
  return {};
}

/** `"name":`, as JSON has it. */
export function jsonOf(key: MetKey): JsonKey {
  if (key.json === undefined) {
    const json = Buffer.from(`${JSON.stringify(key.name)}:`);
    key.json = { words: wordsOf(json), bytes: json.length };
  }
  return key.json;
}

/** Whether these are the key's bytes, compared four at a time; at the very end of the memory there may not be so many. */
export function standsAt(
  { words, lastMask }: MetKey,
  view: DataView,
  at: number,
  memoryEnd: number,
): boolean {
  const last = words.length - 1;
  if (at + 4 * words.length > memoryEnd) return false;
  for (let i = 0; i < last; i++) if (view.getInt32(at + 4 * i, true) !== words[i]) return false;
  return ((view.getInt32(at + 4 * last, true) ^ (words[last] as number)) & lastMask) === 0;
}

function plainConstructor(): PlainObject {
  function Plain(): void {}
  Plain.prototype = Object.prototype;
  return Plain as unknown as PlainObject;
}

function noKey(): MetKey {
  return metKey(metName('', Buffer.of(0)));
}

function metName(name: string, spelling: Buffer): MetName {
  const bytes = spelling.length;
  const words = wordsOf(spelling);
  const lastMask = (-1 >>> ((4 * words.length - bytes) * 8)) | 0;
  return { name, words, lastMask, bytes, followers: new Map(), json: undefined };
}

/** Little-endian, with zeros behind. */
function wordsOf(bytes: Buffer): readonly number[] {
  const padded = Buffer.concat([bytes, Buffer.alloc(3)]);
  const words: number[] = [];
  for (let at = 0; at < bytes.length; at += 4) words.push(padded.readInt32LE(at));
  return words;
}

/** One place that makes them, for the engine to know them by one shape. */
function metKey({ name, words, lastMask, bytes, followers, json }: MetName): MetKey {
  return { name, words, lastMask, bytes, followers, json, next: undefined, objects: 0, Plain: Object };
}

/** A key's bytes as the encoder writes them behind this tag. */
function spelled(name: string, tag: number): Buffer {
  if (tag < NULL) return Buffer.from(String.fromCharCode(tag) + name, 'latin1');
  const head = [tag];
  for (let length = name.length; ; length >>>= 7) {
    head.push(length < 0x80 ? length : (length & 0x7f) | 0x80);
    if (length < 0x80) break;
  }
  return Buffer.concat([Buffer.from(head), Buffer.from(name, tag === UTF16 ? 'utf16le' : 'latin1')]);
}

function unsliced(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
