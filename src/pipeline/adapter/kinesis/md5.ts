/**
 * The MD5 of a short key, in JavaScript: half the time of a call of `node:crypto`, which for a key of a few bytes spends
 * it on the way there and back. Only what says where on the ring of hash keys a record stands is given.
 */

/** One block of 64 bytes holds so much of a message, beside its end mark and its length. */
export const MD5_SHORT_MAX = 55;

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

const block = new Int32Array(16);

/**
 * The first 53 bits of the MD5 of a text of up to `MD5_SHORT_MAX` characters, as a whole number; -1 when a character is
 * not ASCII, so that its bytes are not the characters'.
 */
export function md5Head(text: string): number {
  const { length } = text;
  let at = 0;
  let word = 0;
  let all = 0;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    all |= unit;
    word |= unit << ((i & 3) << 3);
    if ((i & 3) === 3) {
      block[at++] = word;
      word = 0;
    }
  }
  if (all >= 0x80) return -1;
  block[at++] = word | (0x80 << ((length & 3) << 3));
  while (at < 16) block[at++] = 0;
  block[14] = length << 3;
  return digestHead();
}

/** Four loops that differ in one expression: a choice within one loop made it three times as slow. */
function digestHead(): number {
  let a = 0x67452301;
  let b = 0xefcdab89 | 0;
  let c = 0x98badcfe | 0;
  let d = 0x10325476;
  let i = 0;
  for (; i < 16; i++) {
    const sum = (a + (d ^ (b & (c ^ d))) + (block[i] as number) + (SINES[i] as number)) | 0;
    const turn = TURNS[i] as number;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
  }
  for (; i < 32; i++) {
    const sum = (a + (c ^ (d & (b ^ c))) + (block[WORDS[i] as number] as number) + (SINES[i] as number)) | 0;
    const turn = TURNS[i] as number;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
  }
  for (; i < 48; i++) {
    const sum = (a + (b ^ c ^ d) + (block[WORDS[i] as number] as number) + (SINES[i] as number)) | 0;
    const turn = TURNS[i] as number;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
  }
  for (; i < 64; i++) {
    const sum = (a + (c ^ (b | ~d)) + (block[WORDS[i] as number] as number) + (SINES[i] as number)) | 0;
    const turn = TURNS[i] as number;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
  }
  const high = swapped((a + 0x67452301) | 0);
  const low = swapped((b + 0xefcdab89) | 0);
  return high * 0x20_0000 + (low >>> 11);
}

/** A word of the digest is its bytes from the lowest up; the ring counts from the first byte. */
function swapped(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
