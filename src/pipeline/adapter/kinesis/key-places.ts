/**
 * Keys that have come before and the shard each of them went to, for one shard map. It has their bytes as numbers in one
 * array: a text that is kept may be a part of a larger one, which is kept with it.
 *
 *     slots  [ 3f 17 | 9c 1 | 0 | 2b 8 | ... ]                    a part of a key's hash, and where it is; 0: nothing
 *     words  [ . | length and place, words of a key | ... | ]     from 1 on; when it is full, all are forgotten
 *
 * The rule: what it says of a key was said of that key. Its length and all its words are compared.
 */
import { keyWords, lengthOf, mixOf, type Which, wordCount } from './key-words.ts';

/** 128 KiB, and 1 MiB: for 23,000 keys of 36 characters, or so many of 13 as there are slots. What was never written takes no room. */
const SLOTS = 0x8000;
const WORDS = 0x4_0000;
/** Of a number in `slots`: the rest is of the hash, so that others are told apart without a look at their words. */
const WHERE = WORDS - 1;
/** A key may be in any slot of its row, which is one line of the processor's cache. */
const ROW = 8;
/** Of the number in front of a key's words. */
const LENGTH_BITS = 9;
const LENGTHS = 0x1ff;

export class KeyPlaces {
  readonly #slots = new Int32Array(SLOTS);
  readonly #words = new Int32Array(WORDS);
  #end = 1;

  /** The place of the key that was read; -1 if it is not known. */
  find(which: Which): number {
    const slots = this.#slots;
    const hash = mixOf(which);
    const row = rowOf(hash);
    for (let i = row; i < row + ROW; i++) {
      const slot = slots[i] as number;
      // They are filled one after the other.
      if (slot === 0) return -1;
      if (((slot ^ hash) & ~WHERE) !== 0) continue;
      const place = this.#placeAt(slot & WHERE, which);
      if (place !== -1) return place;
    }
    return -1;
  }

  /** Adds one that was not found. Where its row is full, it drives another out. */
  add(which: Which, place: number): void {
    const length = lengthOf(which);
    const hash = mixOf(which);
    const count = wordCount(length);
    const words = this.#words;
    const slots = this.#slots;
    if (this.#end + 1 + count > words.length) {
      slots.fill(0);
      this.#end = 1;
    }
    const row = rowOf(hash);
    let slot = row;
    while (slot < row + ROW && slots[slot] !== 0) slot++;
    if (slot === row + ROW) slot = row + (this.#end % ROW);
    slots[slot] = (hash & ~WHERE) | this.#end;
    words[this.#end++] = (place << LENGTH_BITS) | length;
    for (let i = 0; i < count; i++) words[this.#end++] = keyWords[which + i] as number;
  }

  #placeAt(at: number, which: Which): number {
    const length = lengthOf(which);
    const words = this.#words;
    const key = keyWords;
    const head = words[at] as number;
    if ((head & LENGTHS) !== length) return -1;
    for (let i = wordCount(length); i > 0; i--) if (words[at + i] !== key[which + i - 1]) return -1;
    return head >>> LENGTH_BITS;
  }
}

const ROWS = SLOTS - ROW;

/** By the bits of a hash that are not in `slots`. */
function rowOf(hash: number): number {
  return hash & ROWS;
}
