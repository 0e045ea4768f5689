/**
 * Errors as plain data and back. An error whose `code` has a rebuilder comes back as an instance of its own class;
 * any other keeps its name, message, stack, code and own fields on a class of the language.
 */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly cause: unknown;
  /** Its own enumerable properties, but for those above. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Makes an error anew from what crossed. */
export type RebuildError = (plain: PlainError) => Error;
export type ErrorRebuilders = ReadonlyMap<string, RebuildError>;

const KNOWN: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'code', 'cause']);

const LANGUAGE: Readonly<Record<string, new (message: string) => Error>> = {
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  URIError,
  EvalError,
};

export function plainError(error: Error): PlainError {
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    code: typeof code === 'string' ? code : undefined,
    cause: error.cause,
    fields: Object.fromEntries(Object.entries(error).filter(([key]) => !KNOWN.has(key))),
  };
}

/** The error, without its cause. */
export function rebuildError(plain: PlainError, rebuilders: ErrorRebuilders): Error {
  const rebuild = plain.code === undefined ? undefined : rebuilders.get(plain.code);
  const error = (rebuild && attempt(rebuild, plain)) ?? generic(plain);
  if (plain.stack !== undefined) hideOn(error, 'stack', plain.stack);
  return error;
}

/** A rebuilder that does not know what to do with an error of somebody else's, under the same code, loses nothing. */
function attempt(rebuild: RebuildError, plain: PlainError): Error | undefined {
  try {
    return rebuild(plain);
  } catch {
    return undefined;
  }
}

function generic(plain: PlainError): Error {
  const Class = Object.hasOwn(LANGUAGE, plain.name) ? (LANGUAGE[plain.name] ?? Error) : Error;
  const error = new Class(plain.message);
  if (error.name !== plain.name) hideOn(error, 'name', plain.name);
  if (plain.code !== undefined) Object.assign(error, { code: plain.code });
  for (const [key, value] of Object.entries(plain.fields)) {
    Object.defineProperty(error, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return error;
}

/** A property that does not show when the error is listed. */
export function hideOn(error: Error, key: 'stack' | 'cause' | 'name', value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, enumerable: false, configurable: true });
}
