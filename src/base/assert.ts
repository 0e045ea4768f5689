/**
 * Assertions: a failed one is a bug of this library, crashes the process that hit it, and its supervisor decides.
 */

/** An invariant of the library does not hold. Not for bad input, which has errors with codes of its own. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
  readonly code = 'ERR_ASSERTION';
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Ends a switch over a closed union: the compiler refuses a case that is left out. */
export function unreachable(value: never, what = 'variant'): never {
  throw new AssertionError(`unreachable ${what}: ${JSON.stringify(value)}`);
}
