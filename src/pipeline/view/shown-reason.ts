/** Why something ended, as those who inspect see it: plain data, cut to size, without an error's own fields. */
import { type ExitReason, formatReason } from '../../otp/exit-reason.ts';
import { thrownText } from '../shown-value.ts';

export interface ShownReason {
  /** One line. */
  readonly message: string;
  /** The error's `code`, or its name; the reason's own word when it is no error: `killed`, `noconnection`. */
  readonly code: string;
  readonly stack: string | null;
}

const MESSAGE_MAX = 500;
const STACK_MAX = 4000;

export function shownReason(reason: ExitReason): ShownReason {
  const error = errorOf(reason);
  if (error !== undefined) return { ...shownError(error), message: oneLine(formatReason(reason)) };
  return {
    message: oneLine(formatReason(reason)),
    code: typeof reason === 'string' ? oneLine(reason) : reason.type,
    stack: null,
  };
}

export function shownError(error: Error): ShownReason {
  const { code } = error as { readonly code?: unknown };
  return {
    message: oneLine(thrownText(error)),
    code: typeof code === 'string' ? oneLine(code) : error.name,
    stack: error.stack === undefined ? null : error.stack.slice(0, STACK_MAX),
  };
}

/** The error at the bottom of a reason. */
function errorOf(reason: ExitReason): Error | undefined {
  if (typeof reason === 'string') return undefined;
  if (reason.type === 'error') return reason.error instanceof Error ? reason.error : undefined;
  return reason.type === 'failed' || reason.type === 'failed_to_start_child'
    ? errorOf(reason.reason)
    : undefined;
}

function oneLine(text: string): string {
  const line = text.replace(/\s*[\r\n]+\s*/g, ' ');
  return line.length <= MESSAGE_MAX ? line : `${line.slice(0, MESSAGE_MAX)}…`;
}
