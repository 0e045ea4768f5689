/**
 * Base64 into a buffer. For what is short it is written in JavaScript, twelve bits at a time: a native call makes a string
 * first, which another one must then write.
 */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** The two characters of each twelve bits. */
const FIRST = Uint8Array.from({ length: 4096 }, (_, bits) => ALPHABET.charCodeAt(bits >> 6));
const SECOND = Uint8Array.from({ length: 4096 }, (_, bits) => ALPHABET.charCodeAt(bits & 63));
const PADDING = '='.charCodeAt(0);
/** Beyond it the native calls are quicker. */
const SHORT = 400;

/** Writes `length` bytes of `source` from `from` on; gives the place after the last character. */
export function writeBase64(
  target: Buffer,
  at: number,
  source: Buffer,
  from: number,
  length: number,
): number {
  if (length > SHORT) return at + target.write(source.toString('base64', from, from + length), at, 'latin1');
  const rest = length % 3;
  const end = from + length - rest;
  let place = at;
  for (let i = from; i < end; i += 3) {
    const bits = ((source[i] as number) << 16) | ((source[i + 1] as number) << 8) | (source[i + 2] as number);
    const [high, low] = [bits >>> 12, bits & 0xfff];
    target[place] = FIRST[high] as number;
    target[place + 1] = SECOND[high] as number;
    target[place + 2] = FIRST[low] as number;
    target[place + 3] = SECOND[low] as number;
    place += 4;
  }
  if (rest === 0) return place;
  const bits = ((source[end] as number) << 16) | (rest === 2 ? (source[end + 1] as number) << 8 : 0);
  target[place] = FIRST[bits >>> 12] as number;
  target[place + 1] = SECOND[bits >>> 12] as number;
  target[place + 2] = rest === 2 ? (FIRST[bits & 0xfff] as number) : PADDING;
  target[place + 3] = PADDING;
  return place + 4;
}
