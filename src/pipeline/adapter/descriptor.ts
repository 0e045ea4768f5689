/**
 * Checks what a user hands in as an adapter, on the main thread, and takes it apart into the half that crosses to
 * the thread and the half that stays.
 */
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
}

/** Throws `ERR_ADAPTER_DESCRIPTOR` when a record type's thread could not be started with this. */
export function checkDescriptor(value: AdapterDescriptor): CheckedDescriptor {
  // The type is the caller's promise; a JavaScript caller has made none.
  const given: unknown = value;
  if (typeof given !== 'object' || given === null) {
    throw new AdapterDescriptorError(`expected an object, got ${describe(given)}`);
  }
  const {
    module,
    options,
    functions = {},
    onRecorded,
  } = given as Partial<Record<keyof AdapterDescriptor, unknown>>;
  return {
    wire: { module: checkModule(module), options: checkOptions(options) },
    functions: checkFunctions(functions),
    onRecorded:
      typeof onRecorded === 'function'
        ? (recordType, event) => value.onRecorded?.(recordType, event)
        : undefined,
  };
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
