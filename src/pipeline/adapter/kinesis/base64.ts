/**
 * Base64 into a buffer. For what is short it is written in JavaScript, six bytes at a time: a native call makes a string
 * first, which another one must then write.
 */
import { viewOf } from '../../../base/view-of.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** The two characters of each twelve bits, the first in the lower byte. */
const PAIRS = Uint16Array.from(
  { length: 4096 },
  (_, bits) => ALPHABET.charCodeAt(bits >> 6) | (ALPHABET.charCodeAt(bits & 63) << 8),
);
const PADDING = '='.charCodeAt(0);
/** Beyond it the native calls are quicker. */
const SHORT = 400;

/** Writes `length` bytes from a place in the source to a place in the target; gives the place after the last character. */
export type Base64Writer = (at: number, from: number, length: number) => number;

/** Made once for all that goes from one buffer to another. */
export function base64Writer(target: Buffer, source: Buffer): Base64Writer {
  const into = viewOf(target);
  const out = viewOf(source);
  return (at, from, length) => {
    const end = from + length;
    if (length > SHORT) return at + writeLong(target, at, source.subarray(from, end));
    let place = at;
    let i = from;
    // Four bytes are read where three are written, so it stops one byte before the end.
    for (; i + 7 <= end; i += 6) {
      const first = out.getInt32(i);
      const second = out.getInt32(i + 3);
      into.setInt32(place, fourCharacters(first >>> 8), true);
      into.setInt32(place + 4, fourCharacters(second >>> 8), true);
      place += 8;
    }
    for (; i + 3 <= end; i += 3) {
      into.setInt32(place, fourCharacters((out.getUint16(i) << 8) | out.getUint8(i + 2)), true);
      place += 4;
    }
    const rest = end - i;
    if (rest === 0) return place;
    const bits = (out.getUint8(i) << 16) | (rest === 2 ? out.getUint8(i + 1) << 8 : 0);
    into.setInt32(place, fourCharacters(bits), true);
    into.setUint8(place + 3, PADDING);
    if (rest === 1) into.setUint8(place + 2, PADDING);
    return place + 4;
  };
}

/** By itself, so that what is short is compiled without it. */
function writeLong(target: Buffer, at: number, bytes: Buffer): number {
  return target.write(bytes.toString('base64'), at, 'latin1');
}

/** Of 24 bits. */
function fourCharacters(bits: number): number {
  return (PAIRS[bits >>> 12] as number) | ((PAIRS[bits & 0xfff] as number) << 16);
}
