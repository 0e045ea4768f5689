/**
 * Any well-formed text, by its code points: what fast-check calls text of the unit `binary`. Its own arbitrary makes a map of
 * the million code points in each process that uses it, for seconds, to find the few that it looks up.
 */
import fc from 'fast-check';

const SURROGATES = 0xd800;
const BEHIND_SURROGATES = 0xe000;
const SKIPPED = BEHIND_SURROGATES - SURROGATES;

const codePoint = fc.nat({ max: 0x10ffff - SKIPPED }).map(
  (index) => String.fromCodePoint(index < SURROGATES ? index : index + SKIPPED),
  (text) => {
    const code = typeof text === 'string' ? text.codePointAt(0) : undefined;
    if (code === undefined || text !== String.fromCodePoint(code)) throw new Error('not one code point');
    if (code < SURROGATES) return code;
    if (code < BEHIND_SURROGATES) throw new Error('half a code point');
    return code - SKIPPED;
  },
);

export function wellFormed(
  lengths: { readonly minLength?: number; readonly maxLength?: number } = {},
): fc.Arbitrary<string> {
  return fc.string({ unit: codePoint, ...lengths });
}
