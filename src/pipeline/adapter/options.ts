/**
 * Parses the options of an adapter by its schema: once on the main thread, so that a mistake is an error where it
 * was made, and once more in the thread, which trusts no boundary. All problems come in one error.
 */
import * as v from 'valibot';
import { AdapterOptionsError, type OptionProblem } from './errors.ts';

type AnySchema = v.GenericSchema<unknown, unknown>;

/** Throws `ERR_OPTIONS` with every option that cannot be used. */
export function parseOptions<const S extends AnySchema>(
  adapter: string,
  schema: S,
  options: unknown,
): v.InferOutput<S> {
  const result = v.safeParse(schema, options);
  if (result.success) return result.output;
  throw new AdapterOptionsError(adapter, result.issues.map(problemOf));
}

function problemOf(issue: v.BaseIssue<unknown>): OptionProblem {
  return { path: v.getDotPath(issue) ?? 'options', expected: issue.message, received: issue.received };
}

/** An object with these options and no others; every name in it that is not one of them is a problem. */
export function optionsObject<const E extends v.ObjectEntries>(entries: E) {
  return v.strictObject(entries, (issue) => {
    const key = String(issue.path?.at(-1)?.key);
    if (issue.expected === 'never') return `one of ${Object.keys(entries).join(', ')}`;
    // An option that is missing is reported here, and not by its own schema, which knows what it expects.
    const missing = issue.path === undefined ? undefined : entries[key];
    return missing === undefined
      ? 'an object'
      : (v.safeParse(missing, undefined).issues?.[0].message ?? 'a value');
  });
}

/** A whole number from `min` to `max`. */
export function wholeNumberBetween(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`;
  return v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(min, expected),
    v.maxValue(max, expected),
  );
}

/** A number from `min` to `max`. */
export function numberBetween(min: number, max: number) {
  const expected = `a number from ${min} to ${max}`;
  return v.pipe(v.number(expected), v.minValue(min, expected), v.maxValue(max, expected));
}
