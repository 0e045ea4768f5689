/**
 * Checks what a user hands in as an adapter, on the main thread, and takes it apart into the half that crosses to
 * the thread and the half that stays.
 */

import { Entries } from '../../threads/entries.ts';
import { type ShownOption, shownOption } from '../options/shown-options.ts';
import type { AdapterDescriptor, AdapterFunction } from './adapter.ts';
import { AdapterDescriptorError } from './errors.ts';

/** The half that crosses: structured-cloneable as a whole. */
export interface WireDescriptor {
  readonly module: string;
  readonly options: unknown;
}

export interface CheckedDescriptor {
  readonly wire: WireDescriptor;
  readonly functions: Readonly<Record<string, AdapterFunction>>;
  readonly onRecorded: AdapterDescriptor['onRecorded'];
  /** The options as they may be shown. */
  readonly shown: readonly ShownOption[];
}

/**
 * Throws `ERR_ADAPTER_DESCRIPTOR` when a record type's thread could not be started with this, `ERR_THREAD_ENTRY` when it
 * is one of the entries and not there.
 */
export function checkDescriptor(
  value: AdapterDescriptor,
  entries: Entries = new Entries(undefined),
): CheckedDescriptor {
  // The type is the caller's promise; a JavaScript caller has made none.
  const given: unknown = value;
  if (typeof given !== 'object' || given === null) {
    throw new AdapterDescriptorError(`expected an object, got ${describe(given)}`);
  }
  const {
    module,
    entry,
    options,
    functions = {},
    onRecorded,
  } = given as Partial<Record<keyof AdapterDescriptor, unknown>>;
  return {
    wire: { module: moduleOf(module, entry, entries), options: checkOptions(options) },
    functions: checkFunctions(functions),
    shown: shownOf(options, value.sources),
    onRecorded:
      typeof onRecorded === 'function'
        ? (recordType, event) => value.onRecorded?.(recordType, event)
        : undefined,
  };
}

/** Of an adapter that does not say where its options come from nothing is shown: what is secret in them is not known. */
function shownOf(options: unknown, sources: AdapterDescriptor['sources']): ShownOption[] {
  if (typeof options !== 'object' || options === null || sources === undefined) return [];
  return Object.entries(options).flatMap(([name, value]) => {
    const source = sources[name] ?? 'code';
    return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
      ? Object.entries(value).map(([field, inner]) =>
          shownOption(`adapter.${name}.${field}`, null, inner, source),
        )
      : [shownOption(`adapter.${name}`, null, value, source)];
  });
}

function moduleOf(module: unknown, entry: unknown, entries: Entries): string {
  return typeof entry === 'string'
    ? entries.find({ name: entry, beside: String(module) })
    : checkModule(module);
}

function checkModule(module: unknown): string {
  const text = module instanceof URL ? module.href : module;
  if (typeof text !== 'string') {
    throw new AdapterDescriptorError(`'module' must be a file URL, got ${describe(module)}`);
  }
  if (!text.startsWith('file:') || !URL.canParse(text)) {
    throw new AdapterDescriptorError(
      `'module' must be a file URL, got '${text}'; a path or a package name means something else in every ` +
        'file, so resolve it where you write it (a package: import.meta.resolve)',
    );
  }
  return text;
}

function checkOptions(options: unknown): unknown {
  try {
    structuredClone(options);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AdapterDescriptorError(
      `'options' cannot be sent to a thread (${why}); functions that must stay on the main thread go into 'functions'`,
      { cause },
    );
  }
  return options;
}

function checkFunctions(functions: unknown): Readonly<Record<string, AdapterFunction>> {
  if (typeof functions !== 'object' || functions === null) {
    throw new AdapterDescriptorError(
      `'functions' must be an object of functions, got ${describe(functions)}`,
    );
  }
  for (const [name, value] of Object.entries(functions)) {
    if (typeof value !== 'function') {
      throw new AdapterDescriptorError(`'functions.${name}' must be a function, got ${describe(value)}`);
    }
  }
  return functions as Readonly<Record<string, AdapterFunction>>;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object';
  if (typeof value === 'function') return 'a function';
  return String(value);
}
