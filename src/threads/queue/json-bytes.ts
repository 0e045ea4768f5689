/** How numbers and characters stand in a JSON text, written as its bytes. Each answers with where it ends. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;

/** An integer below it has so many digits that fit one of 32 bits, and another of those before them. */
const LOW_DIGITS = 8;
const LOW = 10 ** LOW_DIGITS;

/** Of one-byte characters: whether they stand in a text as they are. */
export const PLAIN = Uint8Array.from({ length: 0x100 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

/** Whether all four bytes of a word are plain. Each term has the high bit of a byte set that is not. */
export function isPlainWord(word: number): boolean {
  const quotes = word ^ 0x22222222;
  const backslashes = word ^ 0x5c5c5c5c;
  const controls = (word - 0x20202020) & ~word;
  const others = ((quotes - 0x01010101) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes);
  return ((word | controls | others) & 0x80808080) === 0;
}

/** Of those characters that are ASCII: as JSON has them, without its quotes. */
const ESCAPES = Array.from({ length: 0x80 }, (_, byte) =>
  JSON.stringify(String.fromCharCode(byte)).slice(1, -1),
);

/** A one-byte character that does not stand in a text as it is. */
export function writeEscaped(target: Buffer, out: number, byte: number): number {
  if (byte >= 0x80) {
    target[out] = 0xc0 | (byte >> 6);
    target[out + 1] = 0x80 | (byte & 0x3f);
    return out + 2;
  }
  const text = ESCAPES[byte] as string;
  for (let i = 0; i < text.length; i++) target[out + i] = text.charCodeAt(i);
  return out + text.length;
}

/** From 0 to 127. */
export function writeSmall(target: Buffer, from: number, value: number): number {
  let out = from;
  if (value >= 100) target[out++] = ZERO + 1;
  if (value >= 10) target[out++] = ZERO + (((value / 10) | 0) % 10);
  target[out] = ZERO + (value % 10);
  return out + 1;
}

/** A safe one. */
export function writeInteger(target: Buffer, from: number, value: number): number {
  let out = from;
  let rest = value;
  if (rest < 0) {
    target[out++] = MINUS;
    rest = -rest;
  }
  if (rest < LOW) return writeDigits(target, out, rest | 0, digitsOf(rest));
  const high = Math.floor(rest / LOW);
  out = writeDigits(target, out, high | 0, digitsOf(high));
  return writeDigits(target, out, (rest - high * LOW) | 0, LOW_DIGITS);
}

function writeDigits(target: Buffer, from: number, value: number, digits: number): number {
  let rest = value;
  for (let at = from + digits - 1; at >= from; at--) {
    const tenth = (rest / 10) | 0;
    target[at] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return from + digits;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  return digits;
}
