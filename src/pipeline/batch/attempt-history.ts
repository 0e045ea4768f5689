/** What became of the attempts of an event before it was given up: kept while its batch is in work, the newest of them. */
import type { Rejection } from '../adapter/adapter.ts';
import { isRecordsRejected } from '../adapter/errors.ts';

/** One attempt that failed. */
export interface FailedAttempt {
  readonly attempt: number;
  /** When it failed, in milliseconds since the epoch. */
  readonly at: number;
  /** The error's code, or its name where it has none. */
  readonly code: string;
  readonly message: string;
  /** What it sent and the destination condemned, with the requests that each record failed in; at most the first ten. */
  readonly rejections?: readonly Rejection[];
}

const REJECTIONS_MAX = 10;
const KEPT_MAX = 20;
const MESSAGE_MAX = 300;

/** The history with one attempt more. */
export function withAttempt(
  history: readonly FailedAttempt[],
  { attempt, at, error }: { readonly attempt: number; readonly at: number; readonly error: unknown },
): readonly FailedAttempt[] {
  const { code, name, message } = partsOf(error);
  const failed = {
    attempt,
    at,
    code: code ?? name,
    message: message.slice(0, MESSAGE_MAX),
    ...(isRecordsRejected(error)
      ? { rejections: error.rejections.slice(0, REJECTIONS_MAX).map(shortened) }
      : {}),
  };
  return [...history.slice(1 - KEPT_MAX), failed];
}

function shortened({ message, ...rejection }: Rejection): Rejection {
  return { ...rejection, message: message.slice(0, MESSAGE_MAX) };
}

function partsOf(error: unknown): {
  readonly code?: string;
  readonly name: string;
  readonly message: string;
} {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { code } = error as { readonly code?: unknown };
  const { name, message } = error;
  return typeof code === 'string' ? { code, name, message } : { name, message };
}
