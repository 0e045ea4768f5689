/**
 * What a user says of a record type: its name, the module it stands in, its handler, its options. Checked once, when
 * it is defined; everything behind takes a `Definition`.
 */
import { BeamlineError, type OptionProblem } from './errors.ts';
import type { RequestContext } from './event/request-context.ts';
import {
  answersAtOnce,
  isStandardSchema,
  type SchemaInput,
  type SchemaOutput,
  type StandardSchemaV1,
  type Validate,
} from './event/standard-schema.ts';
import { type ForwardTo, forwarding, isForwardTo } from './forward-to.ts';
import type { MessageShape } from './message.ts';
import { closestName } from './options/closest-name.ts';
import {
  parseTypeOverrides,
  type TypeOptionsInput,
  type TypeOverrides,
  typeOptionNames,
} from './options/options.ts';
import { definitionOptions } from './options/options-table.ts';
import { shownValue } from './shown-value.ts';

/** One event, as `handleEvent` gets it. */
export interface Recorded<Event> {
  /** The same on every delivery of this event, and unique among all types of all applications. */
  readonly id: string;
  /** When `record` was called. */
  readonly recordedAt: Date;
  /** A copy, the handler's own. What is a `Buffer` in there may be a part of a larger memory (at most 32 KiB), as Node's are. */
  readonly data: Event;
}

export interface HandleContext {
  /**
   * Sends messages to a stream; resolves when every one of them is in it. Whether awaited or not, the batch is
   * settled only when it has. Time spent in here counts towards no timeout.
   */
  sendData(stream: string, messages: readonly MessageShape[]): Promise<void>;
  /** Aborted when this attempt is given up: what it still sends goes nowhere. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt of these events. */
  readonly attempt: number;
}

export type HandleEvent<Event> = (
  events: readonly Recorded<Event>[],
  context: HandleContext,
) => void | Promise<void>;

/** Only events that have a place for it are given a context. */
type ContextOf<Event> = 'context' extends keyof Event ? RequestContext : never;

/** The fields of an event that can be a partition key; any name where the event says nothing of its fields. */
type KeyFieldOf<Event> = unknown extends Event
  ? string
  : Extract<
      { [Name in keyof Event]-?: Event[Name] extends string | number ? Name : never }[keyof Event],
      string
    >;

interface DefinitionPlace {
  /** Unique in the application; of a class its own name. */
  readonly name: string;
  /** Where this definition stands: `import.meta.url`. The type's thread imports it to find `handleEvent`. */
  readonly url: string | URL;
}

/** A definition with a handler. */
interface Handling<Event> {
  handleEvent(events: readonly Recorded<Event>[], context: HandleContext): void | Promise<void>;
  readonly forwardTo?: undefined;
}

/** One whose events go to a stream as they are: each as its JSON, under the key that one of its fields has. */
interface Forwarding<Event> {
  readonly forwardTo: ForwardTo<KeyFieldOf<Event>>;
  readonly handleEvent?: undefined;
}

/** What `Records.define` takes: an object, or a class with these as static members. */
export type DefinitionInput<Event, Args extends readonly unknown[] = [event: Event]> = PlainDefinition<
  Event,
  Args
> &
  (Handling<Event> | Forwarding<Event>);

/** A definition whose events have a schema: `record` takes what the schema takes, `handleEvent` gets what it makes of it. */
export type SchemaDefinitionInput<
  S extends StandardSchemaV1,
  Args extends readonly unknown[] = [event: SchemaInput<S>],
> = SchemaDefinition<S, Args> & (Handling<SchemaOutput<S>> | Forwarding<SchemaOutput<S>>);

interface PlainDefinition<Event, Args extends readonly unknown[]> extends TypeOptionsInput, DefinitionPlace {
  readonly schema?: undefined;
  readonly validate?: undefined;
  /**
   * Has `record` put the field `context` into each event: this, under what `EventContext.run` says, under what the event
   * itself has there. `{}` for those alone. With a schema the field is there when that is asked, so it must name it.
   */
  readonly context?: ContextOf<Event> | undefined;
  /**
   * Gives events that must reach the stream in the order in which they were recorded the same key. Runs in the type's
   * thread; sees the event as `handleEvent` does. The README says what it guarantees.
   */
  partitionBy?(event: Event): string | number;
  /** Makes the event from what the handle's `record` is given, which takes these arguments then. */
  record?(...args: Args): Event;
}

interface SchemaDefinition<S extends StandardSchemaV1, Args extends readonly unknown[]>
  extends TypeOptionsInput,
    DefinitionPlace {
  /** Any Standard Schema (zod, valibot, arktype ...) that answers at once. */
  readonly schema: S;
  /** Default `always`. */
  readonly validate?: Validate<S> | undefined;
  /** As in a definition without a schema. */
  readonly context?: ContextOf<SchemaInput<S>> | undefined;
  /** Gives events that must reach the stream in the order in which they were recorded the same key. */
  partitionBy?(event: SchemaOutput<S>): string | number;
  /** Makes the event from what the handle's `record` is given, which takes these arguments then. */
  record?(...args: Args): SchemaInput<S>;
}

export interface Definition {
  readonly name: string;
  readonly url: string;
  readonly handleEvent: HandleEvent<unknown>;
  /** Where events go that no handler of the user's sees. */
  readonly forwardTo: ForwardTo | undefined;
  readonly partitionBy: ((event: unknown) => unknown) | undefined;
  /** The event to record, of the arguments of `record`. */
  readonly eventOf: ((...args: readonly unknown[]) => unknown) | undefined;
  /** What is laid under the context of each event; undefined when they are given none. */
  readonly context: RequestContext | undefined;
  /** What events are validated with; undefined when they are not. */
  readonly schema: StandardSchemaV1 | undefined;
  /** Neither: what is given is what is recorded. */
  readonly isPlain: boolean;
  readonly overrides: TypeOverrides;
}

const OWN: readonly string[] = [
  'name',
  'url',
  'handleEvent',
  'forwardTo',
  'record',
  'partitionBy',
  'context',
  'schema',
  'validate',
];
const VALIDATE: readonly unknown[] = ['always', 'development', 'never', undefined];
const HANDLE_EVENT_EXPECTED =
  'a function (events, context); or forwardTo: { stream, partitionKey } in its place';
const FORWARD_TO_EXPECTED =
  '{ stream, partitionKey, idField }: the names of a stream, of the field that is the partition key, and (it may be left out) of another for the id; and no handleEvent beside it';
const SCHEMA_EXPECTED = 'a Standard Schema, as zod, valibot and arktype make them';
const AT_ONCE_EXPECTED =
  'a schema that answers at once, because record() does (asked for undefined, it answered with a promise)';
const OF_ANY_CLASS: ReadonlySet<string> = new Set(['length', 'prototype', 'name']);

/**
 * @throws BeamlineError `ERR_DEFINITION` when it is no definition, `ERR_OPTIONS` when its options cannot be used.
 */
export function parseDefinition(input: unknown): Definition {
  const isClass = typeof input === 'function';
  if (!isClass && (typeof input !== 'object' || input === null)) {
    throw new BeamlineError('ERR_DEFINITION', {
      recordType: null,
      problems: [
        {
          type: 'invalid',
          path: 'the definition',
          came: shownValue('the definition', input),
          expected: 'an object or a class',
        },
      ],
    });
  }
  const given = input as Readonly<Record<string, unknown>>;
  const { name, url, handleEvent, forwardTo, record, partitionBy, context, schema, validate } = given;
  const problems: OptionProblem[] = [];
  const expect = (path: string, value: unknown, holds: boolean, expected: string): void => {
    if (!holds) problems.push({ type: 'invalid', path, came: shownValue(path, value), expected });
  };
  expect(
    'name',
    name,
    typeof name === 'string' && name !== '' && name.length <= 128,
    'a text of 1 to 128 characters',
  );
  const href = url instanceof URL ? url.href : url;
  expect(
    'url',
    url,
    typeof href === 'string' && URL.canParse(href),
    'import.meta.url, the URL of the module that defines it',
  );
  const to = isForwardTo(forwardTo) ? forwardTo : undefined;
  if (forwardTo === undefined)
    expect('handleEvent', handleEvent, typeof handleEvent === 'function', HANDLE_EVENT_EXPECTED);
  else expect('forwardTo', forwardTo, to !== undefined && handleEvent === undefined, FORWARD_TO_EXPECTED);
  expect(
    'record',
    record,
    record === undefined || typeof record === 'function',
    'a function that returns the event',
  );
  expect(
    'partitionBy',
    partitionBy,
    partitionBy === undefined || typeof partitionBy === 'function',
    definitionOptions.partitionBy.expected,
  );
  expect('context', context, context === undefined || isObject(context), 'an object of sections');
  expect('schema', schema, schema === undefined || isStandardSchema(schema), SCHEMA_EXPECTED);
  if (isStandardSchema(schema)) expect('schema', schema, answersAtOnce(schema), AT_ONCE_EXPECTED);
  expect('validate', validate, VALIDATE.includes(validate), "'always', 'development' or 'never'");

  // A class may have static members of its own; an object with a name that is no option has a typing error.
  const others = isClass
    ? Object.getOwnPropertyNames(input).filter((key) => !OF_ANY_CLASS.has(key) && isOptionName(key))
    : Object.keys(given).filter((key) => !OWN.includes(key));
  const valid = [...OWN, ...typeOptionNames];
  for (const key of others) {
    if (isOptionName(key)) continue;
    problems.push({
      type: 'unknown',
      path: key,
      came: '',
      suggestion: closestName(key, valid) ?? null,
      valid,
    });
  }
  if (problems.length > 0) {
    throw new BeamlineError('ERR_DEFINITION', {
      recordType: typeof name === 'string' ? name : null,
      problems,
    });
  }
  const asked = isValidated(validate) ? (schema as StandardSchemaV1 | undefined) : undefined;
  const overrides = Object.fromEntries(others.map((key) => [key, given[key]]));
  return {
    name: name as string,
    url: href as string,
    // Called on the definition, so that it may use `this` and a class's other members.
    handleEvent:
      to === undefined
        ? (events, context) => (handleEvent as HandleEvent<unknown>).call(input, events, context)
        : forwarding(to),
    forwardTo: to,
    partitionBy:
      typeof partitionBy === 'function' ? (event) => Reflect.apply(partitionBy, input, [event]) : undefined,
    eventOf: typeof record === 'function' ? (...args) => Reflect.apply(record, input, args) : undefined,
    context: context as RequestContext | undefined,
    schema: asked,
    isPlain: asked === undefined && context === undefined,
    overrides: parseTypeOverrides(overrides, name as string),
  };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isValidated(validate: unknown): boolean {
  if (validate === 'development') return process.env.NODE_ENV !== 'production';
  return validate !== 'never';
}

function isOptionName(key: string): boolean {
  return (typeOptionNames as readonly string[]).includes(key);
}
