/**
 * What an option is, and how a set of them becomes a schema. An option is described once; its check, its default,
 * the text of its error and its row in the documentation are all made from that description, so none of them can
 * differ from another.
 */
import * as v from 'valibot';
import type { OptionProblem } from '../errors.ts';
import { kindOf, shownValue } from '../shown-value.ts';
import { closestName } from './closest-name.ts';
import { type EnvironmentVariableName, environmentVariables, variable } from './environment-variables.ts';

interface Described {
  /** One line: what it is for. */
  readonly doc: string;
}

export interface Option<Input, Output = Input> extends Described {
  /** Made when an input is checked, and not on import: valibot's part of it takes a millisecond. */
  readonly schema: () => v.GenericSchema<Input, Output>;
  /** Undefined for an option that must be given. */
  readonly default: Input | undefined;
  readonly defaultText: string;
  /** `ms`, `bytes`, `events`, ...; empty for what is not a quantity. */
  readonly unit: string;
  readonly type: string;
  /** The valid values, if the type does not say it all. */
  readonly bounds: string;
  /** What an error says was expected. */
  readonly expected: string;
  /** The variable that sets it where the code does not. */
  readonly environment?: FromVariable<Input>;
}

export interface FromVariable<Input> {
  readonly name: EnvironmentVariableName;
  /** The value of the option; undefined for a text that none can be made of. */
  readonly read: (text: string) => Input | undefined;
}

/** An object of options, each with a default of its own. */
export interface OptionGroup<Fields extends OptionFields> extends Described {
  readonly fields: Fields;
  readonly rule: GroupRule;
}

/** A condition between two fields of a group: the first is no greater than the second. */
export interface GroupRule {
  readonly lesser: string;
  readonly greater: string;
}

// biome-ignore lint/suspicious/noExplicitAny: an option of any value; `unknown` would refuse every narrower one.
export type OptionFields = Readonly<Record<string, Option<any, any>>>;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type Options = Readonly<Record<string, Option<any, any> | OptionGroup<any>>>;

/** What a user may write: everything that has a default may be left out. */
export type InputOf<O extends Options> = {
  readonly [K in keyof O]?: O[K] extends OptionGroup<infer F>
    ? { readonly [L in keyof F]?: FieldInput<F[L]> | undefined } | undefined
    : FieldInput<O[K]> | undefined;
};

/** What comes out: everything is there. */
export type OutputOf<O extends Options> = {
  readonly [K in keyof O]: O[K] extends OptionGroup<infer F>
    ? { readonly [L in keyof F]: FieldOutput<F[L]> }
    : FieldOutput<O[K]>;
};

type FieldInput<O> = O extends Option<infer Input, infer _> ? Input : never;
type FieldOutput<O> = O extends Option<infer _, infer Output> ? Output : never;

interface Quantity {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
  readonly doc: string;
}

/** A whole number within bounds. */
export function whole(quantity: Quantity): Option<number> {
  const { min, max, unit } = quantity;
  const schema = () => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
  return numeric('integer', 'a whole number', schema, quantity, unit === 'bytes' ? binary : grouped);
}

/** A number within bounds. */
export function fraction(quantity: Quantity): Option<number> {
  const schema = () => v.pipe(v.number(), v.minValue(quantity.min), v.maxValue(quantity.max));
  return numeric('number', 'a number', schema, quantity, String);
}

/** A size in bytes within bounds, rounded up to whole `step`s. */
export function size(quantity: Omit<Quantity, 'unit'>, step = 1): Option<number> {
  const plain = whole({ ...quantity, unit: 'bytes' });
  const schema = () =>
    v.pipe(
      plain.schema(),
      v.transform((bytes) => Math.ceil(bytes / step) * step),
    );
  return {
    ...plain,
    schema,
    bounds: step === 1 ? plain.bounds : `${plain.bounds}, rounded up to ${binary(step)}`,
  };
}

function numeric(
  type: string,
  noun: string,
  schema: () => v.GenericSchema<number>,
  { default: fallback, min, max, unit, doc }: Quantity,
  shown: (value: number) => string,
): Option<number> {
  const bounds = `${shown(min)} to ${shown(max)}`;
  const expected = `${noun}${unit === '' ? '' : ` of ${unit}`} from ${bounds}`;
  return { doc, schema, default: fallback, defaultText: shown(fallback), unit, type, bounds, expected };
}

/** One of some values: everything that is not a quantity. */
export function choice<Input>(option: Omit<Option<Input>, 'unit' | 'bounds'>): Option<Input> {
  return { ...option, unit: '', bounds: '' };
}

/** `10,000`. Not toLocaleString, which loads a locale for it: this runs on import. */
function grouped(value: number): string {
  return value < 1000 ? String(value) : String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Bytes in the largest unit that leaves no fraction: `64 MiB`. */
function binary(bytes: number): string {
  for (const [name, factor] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (bytes >= factor && bytes % factor === 0) return `${grouped(bytes / factor)} ${name}`;
  }
  return `${grouped(bytes)} B`;
}

/** The schema of a set of options. Without `withDefaults` what is not given stays away: for overrides. */
export function schemaOf(options: Options, { withDefaults }: { readonly withDefaults: boolean }) {
  const entry = (option: Options[string]) =>
    'fields' in option ? groupEntry(option, withDefaults) : fieldEntry(option, withDefaults);
  return objectOf(options, entry);
}

function objectOf<O>(options: Readonly<Record<string, O>>, entry: (option: O) => v.GenericSchema) {
  const entries = Object.fromEntries(Object.entries(options).map(([name, option]) => [name, entry(option)]));
  // Not strictObject, which stops at the first name that it does not know.
  return v.objectWithRest(entries, v.never());
}

function fieldEntry(option: Option<unknown>, withDefaults: boolean): v.GenericSchema {
  const schema = option.schema();
  if (!withDefaults) return v.optional(schema);
  return option.default === undefined ? schema : v.optional(schema, option.default);
}

function groupEntry({ fields, rule }: OptionGroup<OptionFields>, withDefaults: boolean): v.GenericSchema {
  const group = v.pipe(
    objectOf(fields, (field) => fieldEntry(field, withDefaults)),
    // Runs although another field of the group is refused, so that one error names everything.
    v.partialCheck([[rule.lesser], [rule.greater]], (values: Record<string, unknown>) => keeps(rule, values)),
  );
  return withDefaults ? v.optional(group, {}) : v.optional(group);
}

/** True as well while one of the two is not given: it is then filled in later, and checked again. */
function keeps({ lesser, greater }: GroupRule, values: Record<string, unknown>): boolean {
  const [less, more] = [values[lesser], values[greater]];
  return less === undefined || more === undefined || (less as number) <= (more as number);
}

/** What the environment says of the options that an input does not give. */
export function fromEnvironment(
  options: Options,
  input: unknown,
): { readonly values: Readonly<Record<string, unknown>>; readonly problems: readonly OptionProblem[] } {
  const given = (typeof input === 'object' && input !== null ? input : {}) as Readonly<
    Record<string, unknown>
  >;
  const values: Record<string, unknown> = {};
  const problems: OptionProblem[] = [];
  for (const [name, option] of Object.entries(options)) {
    if ('fields' in option || option.environment === undefined || given[name] !== undefined) continue;
    const { name: path, read } = option.environment;
    const text = variable(path);
    if (text === undefined) continue;
    const value: unknown = read(text);
    if (value === undefined) problems.push(invalid(path, text, environmentVariables[path].expected));
    else values[name] = value;
  }
  return { values, problems };
}

/** Every problem of an input, once each, by the path at which it is; empty when there is none. */
export function problemsOf(options: Options, issues: readonly v.BaseIssue<unknown>[]): OptionProblem[] {
  const problems = new Map<string, OptionProblem>();
  for (const issue of issues) {
    const problem = problemOf(options, issue);
    if (!problems.has(problem.path)) problems.set(problem.path, problem);
  }
  return [...problems.values()];
}

function problemOf(options: Options, issue: v.BaseIssue<unknown>): OptionProblem {
  const [name, ...rest] = (issue.path ?? []).map(({ key }) => String(key));
  if (name === undefined) {
    return { type: 'invalid', path: 'options', came: kindOf(issue.input), expected: 'an object of options' };
  }
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) return unknown(name, '', issue.input, options);
  if (!('fields' in option)) return invalid(name, issue.input, option.expected);
  return problemOfGroup(name, option, rest, issue);
}

function problemOfGroup(
  name: string,
  { fields, rule }: OptionGroup<OptionFields>,
  [field]: readonly string[],
  issue: v.BaseIssue<unknown>,
): OptionProblem {
  if (field !== undefined) {
    const path = `${name}.${field}`;
    const option = Object.hasOwn(fields, field) ? fields[field] : undefined;
    return option
      ? invalid(path, issue.input, option.expected)
      : unknown(field, `${name}.`, issue.input, fields);
  }
  if (issue.type !== 'partial_check') {
    return invalid(name, issue.input, `an object with any of ${Object.keys(fields).join(', ')}`);
  }
  const values = issue.input as Record<string, unknown>;
  const limit = `at most ${name}.${rule.greater}, which is ${values[rule.greater]}`;
  return invalid(`${name}.${rule.lesser}`, values[rule.lesser], limit);
}

function invalid(path: string, value: unknown, expected: string): OptionProblem {
  return { type: 'invalid', path, came: shownValue(path, value), expected };
}

/** Of what an unknown option holds nothing is known, so only its kind is shown: it may be a secret. */
function unknown(name: string, prefix: string, value: unknown, known: object): OptionProblem {
  const valid = Object.keys(known);
  const suggestion = closestName(name, valid);
  return {
    type: 'unknown',
    path: prefix + name,
    came: kindOf(value),
    suggestion: suggestion === null ? null : prefix + suggestion,
    valid: valid.map((other) => prefix + other),
  };
}
