/** Kinds of values in a scenario file, and how they are put together: each checks a value and says what is wrong. */

/** What is wrong, and where in the file. */
export class FormatError extends Error {
  override readonly name = 'FormatError';

  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
  }
}

export type Check = (value: unknown, path: string) => void;

export const shown = (value: unknown): string => JSON.stringify(value) ?? String(value);

export const kind =
  (what: string, holds: (value: unknown) => boolean): Check =>
  (value, path) => {
    if (!holds(value)) throw new FormatError(path, `expected ${what}, got ${shown(value)}`);
  };

export const text = kind('a text', (value) => typeof value === 'string');
export const number = kind('a number', (value) => typeof value === 'number');
export const flag = kind('true or false', (value) => typeof value === 'boolean');
export const json = kind('a value', (value) => value !== undefined);
export const oneOf = (...choices: readonly (string | number)[]): Check =>
  kind(`one of ${choices.join(', ')}`, (value) => choices.includes(value as string));

export const either =
  (first: Check, second: Check): Check =>
  (value, path) => {
    try {
      first(value, path);
    } catch {
      second(value, path);
    }
  };

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const list =
  (item: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) throw new FormatError(path, `expected a list, got ${shown(value)}`);
    for (const [index, element] of value.entries()) item(element, `${path}[${index}]`);
  };

export const dictionary =
  (item: Check): Check =>
  (value, path) => {
    if (!isObject(value)) throw new FormatError(path, `expected an object, got ${shown(value)}`);
    for (const [key, element] of Object.entries(value)) item(element, `${path}.${key}`);
  };

export type Fields = Readonly<Record<string, Check>>;

export const fields =
  (known: Fields): Check =>
  (value, path) => {
    if (!isObject(value)) throw new FormatError(path, `expected an object, got ${shown(value)}`);
    for (const [name, element] of Object.entries(value)) {
      const check = known[name] ?? known[`${name}?`];
      if (check === undefined) throw new FormatError(path, `unknown field ${name}`);
      check(element, `${path}.${name}`);
    }
    for (const name of Object.keys(known)) {
      if (!name.endsWith('?') && !(name in value))
        throw new FormatError(path, `the field ${name} is missing`);
    }
  };

export const partial = (known: Fields): Check =>
  fields(
    Object.fromEntries(Object.entries(known).map(([name, check]) => [`${name.replace('?', '')}?`, check])),
  );
