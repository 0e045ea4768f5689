/**
 * The MD5 of short keys, in JavaScript: a third of the time of calls of `node:crypto`, which for a key of a few bytes
 * spend it on the way there and back. Two at a time: each step of one needs the step before it, so while one waits the
 * other goes on. Only what says where on the ring of hash keys a record stands is given.
 */
import { FIRST, keyWords, SECOND } from './key-words.ts';

const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));
/** By how many bits each step turns, in rounds of sixteen. */
const TURNS = Uint8Array.from(
  [
    [7, 12, 17, 22],
    [5, 9, 14, 20],
    [4, 11, 16, 23],
    [6, 10, 15, 21],
  ].flatMap((turns) => [...turns, ...turns, ...turns, ...turns]),
);
/** Which word of the block each step takes. */
const WORDS = Uint8Array.from({ length: 64 }, (_, i) => {
  const places = [i, 5 * i + 1, 3 * i + 5, 7 * i];
  return (places[i >> 4] as number) % 16;
});

/**
 * Of each of the two keys that were read the first 53 bits of its MD5, as a whole number. Of one that
 * was not read, or is longer than a block holds, nothing is said: what stands there for it is anything.
 *
 * Four loops that differ in one expression: a choice within one loop made it three times as slow.
 */
export function md5Heads(heads: Float64Array): void {
  const words = keyWords;
  let a = 0x67452301;
  let b = 0xefcdab89 | 0;
  let c = 0x98badcfe | 0;
  let d = 0x10325476;
  let e = a;
  let f = b;
  let g = c;
  let h = d;
  let i = 0;
  for (; i < 16; i++) {
    const sine = SINES[i] as number;
    const turn = TURNS[i] as number;
    const sum = (a + (d ^ (b & (c ^ d))) + (words[i + FIRST] as number) + sine) | 0;
    const other = (e + (h ^ (f & (g ^ h))) + (words[i + SECOND] as number) + sine) | 0;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
    e = h;
    h = g;
    g = f;
    f = (f + ((other << turn) | (other >>> (32 - turn)))) | 0;
  }
  for (; i < 32; i++) {
    const word = WORDS[i] as number;
    const sine = SINES[i] as number;
    const turn = TURNS[i] as number;
    const sum = (a + (c ^ (d & (b ^ c))) + (words[word + FIRST] as number) + sine) | 0;
    const other = (e + (g ^ (h & (f ^ g))) + (words[word + SECOND] as number) + sine) | 0;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
    e = h;
    h = g;
    g = f;
    f = (f + ((other << turn) | (other >>> (32 - turn)))) | 0;
  }
  for (; i < 48; i++) {
    const word = WORDS[i] as number;
    const sine = SINES[i] as number;
    const turn = TURNS[i] as number;
    const sum = (a + (b ^ c ^ d) + (words[word + FIRST] as number) + sine) | 0;
    const other = (e + (f ^ g ^ h) + (words[word + SECOND] as number) + sine) | 0;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
    e = h;
    h = g;
    g = f;
    f = (f + ((other << turn) | (other >>> (32 - turn)))) | 0;
  }
  for (; i < 64; i++) {
    const word = WORDS[i] as number;
    const sine = SINES[i] as number;
    const turn = TURNS[i] as number;
    const sum = (a + (c ^ (b | ~d)) + (words[word + FIRST] as number) + sine) | 0;
    const other = (e + (g ^ (f | ~h)) + (words[word + SECOND] as number) + sine) | 0;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
    e = h;
    h = g;
    g = f;
    f = (f + ((other << turn) | (other >>> (32 - turn)))) | 0;
  }
  heads[0] = headOf(a, b);
  heads[1] = headOf(e, f);
}

function headOf(a: number, b: number): number {
  const high = swapped((a + 0x67452301) | 0);
  const low = swapped((b + 0xefcdab89) | 0);
  return high * 0x20_0000 + (low >>> 11);
}

/** A word of the digest is its bytes from the lowest up; the ring counts from the first byte. */
function swapped(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
