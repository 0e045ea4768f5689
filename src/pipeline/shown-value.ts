/**
 * How a refused value is shown in an error: short, on one line, and never what may be secret or somebody's data.
 *
 * `kindOf` says what a value is without saying what is in it. `shownValue` also shows numbers, booleans and short
 * texts, unless the name that the value was given under sounds like a secret.
 */
const TEXT_SHOWN_MAX = 40;
const SECRET =
  /credential|secret|token|passw|passphrase|authorization|cookie|private|(api|access|signing).?key/i;

/** What a value is, in words: `a string of 12 characters`, `an array of 3`, `a Promise`. */
export function kindOf(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'undefined';
    case 'string':
      return value === '' ? 'an empty string' : `a string of ${value.length} characters`;
    case 'number':
      return Number.isFinite(value) ? 'a number' : String(value);
    case 'object':
      return value === null ? 'null' : kindOfObject(value);
    default:
      return `a ${typeof value}`;
  }
}

/** A value given under `path` (`backoff.maxMs`): numbers, booleans and short texts as they are, else its kind. */
export function shownValue(path: string, value: unknown): string {
  if (SECRET.test(path)) return kindOf(value);
  switch (typeof value) {
    case 'string':
      return value.length <= TEXT_SHOWN_MAX ? JSON.stringify(value) : kindOf(value);
    case 'number':
    case 'boolean':
      return String(value);
    case 'bigint':
      return `${value}n`;
    default:
      return kindOf(value);
  }
}

function kindOfObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  const maker: unknown = Object.getPrototypeOf(value)?.constructor;
  const name = typeof maker === 'function' ? maker.name : '';
  if (name === '' || name === 'Object') return 'an object';
  return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
}

/** Whatever was thrown, in words: its author's own, as long as they are. */
export function thrownText(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}
