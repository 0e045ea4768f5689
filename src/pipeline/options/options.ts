/**
 * The options of an application and of its record types: the one place where they are checked. Inner code takes
 * `ApplicationOptions` and `TypeOptions`, which nothing else can make, and checks nothing again.
 *
 *     Application.start(options) --parseApplicationOptions--> ApplicationOptions --.
 *                                                                                  +--parseTypeOptions--> TypeOptions
 *     Records.define(definition) --parseTypeOverrides-------> TypeOverrides -------'
 */
import * as v from 'valibot';
import { BeamlineError, type OptionProblem } from '../errors.ts';
import {
  fromEnvironment,
  type InputOf,
  type Option,
  type Options,
  type OutputOf,
  problemsOf,
  schemaOf,
} from './options-schema.ts';
import { type AdapterChoice, applicationOptions, definitionOptions, typeOptions } from './options-table.ts';
import { type OptionSource, type ShownOption, shownOption } from './shown-options.ts';

/** What `Application.start` takes. */
export type ApplicationOptionsInput = InputOf<typeof applicationOptions> & {
  readonly adapter: AdapterChoice;
};
/** What a definition may say about its own type. */
export type TypeOptionsInput = InputOf<typeof typeOptions>;

/** Where each option of an application comes from. */
const sources = Symbol('sources');
declare const parsed: unique symbol;
type Parsed<Name extends string> = { readonly [parsed]: Name };

/** All options of an application, checked and complete. */
export type ApplicationOptions = OutputOf<typeof applicationOptions> &
  Parsed<'application'> & { readonly [sources]: Readonly<Record<string, OptionSource>> };
/** What a definition says about its own type, checked. */
export type TypeOverrides = TypeOptionsInput & Parsed<'overrides'>;
/** All options of one record type, checked and complete. */
export type TypeOptions = OutputOf<typeof typeOptions> & Parsed<'type'>;

/** @throws BeamlineError `ERR_OPTIONS`, naming every option that cannot be used. */
export function parseApplicationOptions(input: unknown): ApplicationOptions {
  const schema = schemaOf(applicationOptions, { withDefaults: true });
  const environment = fromEnvironment(applicationOptions, input);
  const whole =
    typeof input === 'object' && input !== null
      ? { ...withoutUndefined(input), ...environment.values }
      : input;
  const from = (path: string): OptionSource => {
    const [name = '', field] = path.split('.');
    const given = (input as Readonly<Record<string, unknown>>)[name];
    const value =
      field === undefined ? given : (given as Readonly<Record<string, unknown>> | undefined)?.[field];
    if (value !== undefined) return 'code';
    return Object.hasOwn(environment.values, name) ? 'environment' : 'default';
  };
  return parse('Application.start()', applicationOptions, schema, whole, {
    problems: environment.problems,
    finish: (output) =>
      Object.defineProperty(output, sources, {
        value: Object.fromEntries(describeOptions().map(({ name }) => [name, from(name)])),
      }),
  }) as ApplicationOptions;
}

function withoutUndefined(input: object): object {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

/** Every option of an application with its value and its source. */
export function shownOptions(options: ApplicationOptions): ShownOption[] {
  return describeOptions().flatMap(({ name }) => {
    const source = options[sources][name] ?? 'default';
    const value = valueAt(options, name);
    return name === 'spool' && typeof value === 'object' && value !== null
      ? Object.entries(value).map(([field, inner]) => shownOption(`${name}.${field}`, null, inner, source))
      : [shownOption(name, null, value, source)];
  });
}

/** What a definition says itself. */
export function shownOverrides(overrides: TypeOverrides, recordType: string): ShownOption[] {
  return describeOptions()
    .filter(({ name, perType }) => perType && valueAt(overrides, name) !== undefined)
    .map(({ name }) => shownOption(name, recordType, valueAt(overrides, name), 'code'));
}

function valueAt(options: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) => (value as Readonly<Record<string, unknown>> | undefined)?.[key],
      options,
    );
}

/**
 * Checks what can be checked before there is an application: when the type is defined.
 *
 * @throws BeamlineError `ERR_OPTIONS`
 */
export function parseTypeOverrides(input: unknown, recordType: string): TypeOverrides {
  const schema = schemaOf(typeOptions, { withDefaults: false });
  return parse(definition(recordType), typeOptions, schema, input) as TypeOverrides;
}

/**
 * The options of one type: the application's, where its definition does not override them. What is left out of an
 * overriding `backoff` is the application's too.
 *
 * @throws BeamlineError `ERR_OPTIONS`, also when the two together do not agree.
 */
export function parseTypeOptions(
  input: unknown,
  application: ApplicationOptions,
  recordType: string,
): TypeOptions {
  const overrides = parseTypeOverrides(input, recordType);
  const merged: Record<string, unknown> = {};
  for (const name of typeOptionNames) {
    const [own, common] = [overrides[name], application[name]];
    merged[name] = typeof own === 'object' ? { ...(common as object), ...own } : (own ?? common);
  }
  const schema = schemaOf(typeOptions, { withDefaults: true });
  return parse(definition(recordType), typeOptions, schema, merged) as TypeOptions;
}

/** The names of the options that a definition may override. */
export const typeOptionNames = Object.keys(typeOptions) as readonly (keyof typeof typeOptions)[];

/** An option as the documentation shows it. Fields of a group are rows of their own: `backoff.maxMs`. */
export interface OptionRow {
  readonly name: string;
  readonly type: string;
  readonly default: string;
  readonly unit: string;
  readonly bounds: string;
  readonly doc: string;
  /** Whether a definition may say it for its own type, or it alone may. */
  readonly perType: boolean | 'only';
}

/** All options, in the order in which the documentation lists them. */
export function describeOptions(): OptionRow[] {
  const ofApplication = Object.entries<Options[string]>(applicationOptions).flatMap(([name, option]) =>
    'fields' in option
      ? Object.entries<Option<unknown>>(option.fields).map(([field, of]) =>
          row(`${name}.${field}`, of, name in typeOptions),
        )
      : [row(name, option, name in typeOptions)],
  );
  const ofDefinition = Object.entries(definitionOptions).map(([name, option]) => row(name, option, 'only'));
  return [...ofApplication, ...ofDefinition];
}

function row(name: string, option: Option<unknown>, perType: OptionRow['perType']): OptionRow {
  const { type, defaultText, unit, bounds, doc } = option;
  return { name, type, default: defaultText, unit, bounds, doc, perType };
}

const definition = (recordType: string) => `Records.define() of '${recordType}'`;

interface Besides {
  /** What is wrong already. */
  readonly problems: readonly OptionProblem[];
  readonly finish: (output: object) => object;
}

function parse(
  call: string,
  options: Options,
  schema: v.GenericSchema,
  input: unknown,
  besides: Besides = { problems: [], finish: (output) => output },
): unknown {
  const result = v.safeParse(schema, input);
  if (result.success && besides.problems.length === 0) return frozen(besides.finish(result.output as object));
  const problems = result.success ? [] : problemsOf(options, result.issues).map(inItsPlace);
  throw new BeamlineError('ERR_OPTIONS', { call, problems: [...problems, ...besides.problems] });
}

/** An option of the application that stands in a definition is not unknown, only in the wrong place; and vice versa. */
function inItsPlace(problem: OptionProblem): OptionProblem {
  if (problem.type === 'invalid') return problem;
  const { path, came } = problem;
  if (Object.hasOwn(definitionOptions, path)) {
    return {
      type: 'invalid',
      path,
      came,
      expected: "it in Records.define(), as it is for that type's events",
    };
  }
  if (!Object.hasOwn(applicationOptions, path)) return problem;
  return {
    type: 'invalid',
    path,
    came,
    expected: 'it in Application.start(), as it is for all record types',
  };
}

/** Groups of options are frozen too; an adapter, a logger or a sink is the caller's own object, and left alone. */
function frozen(output: unknown): unknown {
  for (const [name, value] of Object.entries(output as object)) {
    if (isGroup(name)) Object.freeze(value);
  }
  return Object.freeze(output);
}

function isGroup(name: string): boolean {
  return 'fields' in applicationOptions[name as keyof typeof applicationOptions];
}
