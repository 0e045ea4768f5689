/**
 * Standard Schema, the interface by which zod, valibot, arktype and others can be called without knowing which of them
 * it is: its types, and the one way in which a record type calls it. A schema answers at once; one that answers with a
 * promise could not be asked by `record()`, which is synchronous.
 *
 * @see https://standardschema.dev
 */

/** A schema of any library that implements the specification, version 1. */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** Carries the types; there is nothing in it at run time. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** What a schema has against a value. Its message is the library's own, and may hold the value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema takes. */
export type SchemaInput<S extends StandardSchemaV1> = NonNullable<S['~standard']['types']>['input'];
/** What it makes of that. */
export type SchemaOutput<S extends StandardSchemaV1> = NonNullable<S['~standard']['types']>['output'];

/**
 * When events are validated: always; never; or when NODE_ENV is not `production`. What is not validated is recorded as
 * it was given, so a schema that makes something else of it (by a default, a transformation) is always asked.
 */
export type Validate<S extends StandardSchemaV1> = [SchemaInput<S>] extends [SchemaOutput<S>]
  ? 'always' | 'development' | 'never'
  : 'always';

/** Whether a value has the form of a schema. An arktype schema is a function. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false;
  const standard: unknown = (value as Partial<StandardSchemaV1>)['~standard'];
  return (
    typeof standard === 'object' &&
    standard !== null &&
    'version' in standard &&
    standard.version === 1 &&
    'validate' in standard &&
    typeof standard.validate === 'function'
  );
}

/**
 * Whether the schema answers at once, as far as one question tells: one whose asynchronous part lies behind a field
 * that is missing from the question shows it only when it meets an event.
 */
export function answersAtOnce(schema: StandardSchemaV1): boolean {
  const answer = schema['~standard'].validate(undefined);
  if (!(answer instanceof Promise)) return true;
  // It was asked for nothing: neither its answer nor its failure is anybody's.
  answer.catch(() => {});
  return false;
}

/** Where in the event the issues are, each place once: `user.id`, `items[2].price`; `event` for the event as a whole. */
export function issuePaths(issues: readonly SchemaIssue[]): string[] {
  return [...new Set(issues.map(({ path = [] }) => pathText(path)))];
}

function pathText(path: NonNullable<SchemaIssue['path']>): string {
  let text = '';
  for (const step of path) {
    const key = typeof step === 'object' ? step.key : step;
    if (typeof key === 'number') text += `[${key}]`;
    else text += text === '' ? String(key) : `.${String(key)}`;
  }
  return text === '' ? 'event' : text;
}
