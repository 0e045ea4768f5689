/**
 * The bytes of partition keys as words, four to each, the first one lowest: how MD5 wants them, and how one key is compared
 * with others without a text that is kept. There is room for two, because two are hashed at a time.
 *
 *     keyWords  [ length | hash | words of the one, end mark | ...      length | hash | words of the other, end mark | ... ]
 *                               FIRST                                                 SECOND
 */

/** So many bytes of a key are read. It has 256 characters, so it is a rare one that has more. */
export const KEY_BYTES_MAX = 256;

const LENGTH = -2;
const HASH = -1;
export const FIRST = 2;
export const SECOND = 82;
export type Which = typeof FIRST | typeof SECOND;
export const keyWords = new Int32Array(160);

/** A block of MD5 has a key, its end mark, zeros, and in the last two words the key's length in bits. */
const BLOCK_WORDS = 16;
/** A longer key is not in one block. */
export const BLOCK_KEY_MAX = 55;

/** Makes the words of a key that lies at `start`, with three bytes behind it that may be read. */
export function readKey(view: DataView, start: number, length: number, which: Which): void {
  const words = keyWords;
  const last = start + length - 3;
  let at = which as number;
  let place = start;
  let hash = length;
  for (; place < last; place += 4) {
    const word = view.getInt32(place, true);
    words[at++] = word;
    hash = mixed(hash, word);
  }
  const bits = (length & 3) << 3;
  const word = (view.getInt32(place, true) & ((1 << bits) - 1)) | (0x80 << bits);
  words[at] = word;
  words[which + LENGTH] = length;
  words[which + HASH] = mixed(hash, word);
}

function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

export function lengthOf(which: Which): number {
  return keyWords[which + LENGTH] as number;
}

export function mixOf(which: Which): number {
  return keyWords[which + HASH] as number;
}

/** How many words a key of this length has, its end mark among them. */
export function wordCount(length: number): number {
  return (length >> 2) + 1;
}

/** Makes what was read into a block of MD5. */
export function endBlock(which: Which): void {
  const words = keyWords;
  const length = lengthOf(which);
  const end = which + BLOCK_WORDS;
  for (let at = which + wordCount(length); at < end; at++) words[at] = 0;
  words[end - 2] = length << 3;
}
