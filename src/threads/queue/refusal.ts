/**
 * Why an event cannot be recorded, and where in it. Costs nothing until it happens: the encoder keeps no path, each
 * level adds its own step while the refusal passes through it on its way up.
 *
 * The invariant: whatever was thrown below, by a getter, a proxy or the engine, leaves the encoder as a QueueError.
 */
import { EventNotSerializableError, EventTooLargeError, type QueueError } from './errors.ts';

/** Why a value was refused, on its way up: each level adds its key and its object. */
export class Refusal {
  readonly reason: string;
  readonly cause: unknown;
  readonly bytes: number;
  readonly path: string[] = [];
  readonly objects: object[] = [];

  constructor(reason: string, { cause, bytes = 0 }: { cause?: unknown; bytes?: number } = {}) {
    this.reason = reason;
    this.cause = cause;
    this.bytes = bytes;
  }
}

/** Whatever was thrown below `object`, as a refusal that knows its way up. */
export function refusalAt(thrown: unknown, object?: object, step?: string): Refusal {
  const refusal =
    thrown instanceof Refusal
      ? thrown
      : new Refusal(
          isStackOverflow(thrown)
            ? 'it is nested too deeply for this stack'
            : `reading it threw: ${messageOf(thrown)}`,
          { cause: thrown },
        );
  if (object !== undefined) refusal.objects.push(object);
  if (step !== undefined) refusal.path.push(step);
  return refusal;
}

/** The error for the caller. An event that is too large or too deep because it contains itself is told so. */
export function errorOf(thrown: unknown, maxBytes: number): QueueError {
  const refusal = thrown instanceof Refusal ? thrown : refusalAt(thrown);
  const cause = refusal.cause === undefined ? {} : { cause: refusal.cause };
  const steps = refusal.path.toReversed();
  const objects = refusal.objects.toReversed();
  const seen = new Map<object, number>();
  for (const [depth, object] of objects.entries()) {
    const first = seen.get(object);
    if (first !== undefined) {
      const outer = pathOf(steps.slice(0, first)) || 'the event itself';
      return new EventNotSerializableError(
        pathOf(steps.slice(0, depth)),
        `it contains itself: it is ${outer} again`,
      );
    }
    seen.set(object, depth);
  }
  if (refusal.bytes > 0) return new EventTooLargeError(refusal.bytes, maxBytes);
  return new EventNotSerializableError(
    pathOf(steps.length > 16 ? [...steps.slice(0, 16), '...'] : steps),
    refusal.reason,
    cause,
  );
}

function pathOf(steps: readonly string[]): string {
  let path = '';
  for (const step of steps) {
    if (step.startsWith('[') || step.startsWith('.')) path += step;
    else if (/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step)) path += path === '' ? step : `.${step}`;
    else path += `[${JSON.stringify(step)}]`;
  }
  return path.startsWith('.') ? path.slice(1) : path;
}

function isStackOverflow(thrown: unknown): boolean {
  return thrown instanceof RangeError && thrown.message.includes('call stack');
}

function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return 'something that cannot be shown';
  }
}
