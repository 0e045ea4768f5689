/**
 * Parses the options of an adapter by its schema: once on the main thread, so that a mistake is an error where it
 * was made, and once more in the thread, which trusts no boundary. All problems come in one error.
 */
import * as v from 'valibot';
import { BeamlineError, type OptionProblem } from '../errors.ts';
import { closestName } from '../options/closest-name.ts';
import { kindOf, shownValue } from '../shown-value.ts';

type AnySchema = v.GenericSchema<unknown, unknown>;

/** Throws `ERR_OPTIONS` with every option that cannot be used. */
export function parseOptions<const S extends AnySchema>(
  call: string,
  schema: S,
  options: unknown,
): v.InferOutput<S> {
  const result = v.safeParse(schema, options);
  if (result.success) return result.output;
  throw new BeamlineError('ERR_OPTIONS', { call, problems: result.issues.map(problemOf) });
}

const ONE_OF = 'one of ';

function problemOf(issue: v.BaseIssue<unknown>): OptionProblem {
  const path = v.getDotPath(issue) ?? 'options';
  if (issue.expected !== 'never')
    return { type: 'invalid', path, came: shownValue(path, issue.input), expected: issue.message };
  const prefix = path.slice(0, path.lastIndexOf('.') + 1);
  const valid = issue.message
    .slice(ONE_OF.length)
    .split(', ')
    .map((name) => prefix + name);
  // Of what an unknown option holds nothing is known, so only its kind is shown: it may be a secret.
  return { type: 'unknown', path, came: kindOf(issue.input), suggestion: closestName(path, valid), valid };
}

/** A schema that is made when something is parsed, once, and not on import: of one with many options that takes 2 ms. */
export function madeAtUse<const S extends AnySchema>(make: () => S) {
  let made: S | undefined;
  return v.lazy<S>(() => {
    made ??= make();
    return made;
  });
}

/** An object with these options and no others; every name in it that is not one of them is a problem. */
export function optionsObject<const E extends v.ObjectEntries>(entries: E) {
  return v.strictObject(entries, (issue) => {
    const key = String(issue.path?.at(-1)?.key);
    if (issue.expected === 'never') return ONE_OF + Object.keys(entries).join(', ');
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
