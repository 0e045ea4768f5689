/**
 * Why a process ended. Texts stand for Erlang's atoms (`normal`, `shutdown`, `killed`, `noproc` ...), objects for
 * its tuples. Reasons are plain data, but for the errors in them, and mean the same in every thread.
 */
import { isPid, type Pid } from './pid.ts';

export type ExitReason = string | CompoundReason;

export type CompoundReason =
  /** A clean, asked-for end that says more: Erlang's `{shutdown, Detail}`. Not a crash to a supervisor. */
  | { readonly type: 'shutdown'; readonly detail: unknown }
  /** A callback threw. */
  | { readonly type: 'error'; readonly error: unknown }
  /** A callback returned something that is no valid result. */
  | { readonly type: 'bad_return_value'; readonly value: unknown }
  /** A nested operation failed and nobody caught it. */
  | { readonly type: 'failed'; readonly operation: Operation; readonly reason: ExitReason }
  /** A supervisor's child did not start. */
  | { readonly type: 'failed_to_start_child'; readonly id: string; readonly reason: ExitReason }
  /** The name or the child id is held by this process. */
  | { readonly type: 'already_started'; readonly pid: Pid }
  /** A supervisor's children are not a valid list. */
  | { readonly type: 'start_spec'; readonly problem: StartSpecProblem }
  /** The spec of one child that was to be added is not valid. */
  | { readonly type: 'child_spec'; readonly problem: StartSpecProblem }
  /** The options of a stage or a supervisor are not valid. */
  | { readonly type: 'bad_opts'; readonly message: string };

export type StartSpecProblem =
  | { readonly type: 'duplicate_child_name'; readonly id: string }
  | { readonly type: 'bad_combination'; readonly detail: readonly string[] }
  | { readonly type: 'invalid'; readonly message: string };

export type Operation = 'call' | 'stop' | 'await' | 'await_many' | 'stream';

/** Thrown inside a callback, it ends the process with `reason`: no crash report, no wrapping. */
export class Exit extends Error {
  override readonly name: string = 'Exit';
  readonly reason: ExitReason;

  constructor(reason: ExitReason, message = `exit: ${formatReason(reason)}`) {
    super(message);
    this.reason = reason;
  }
}

/**
 * A call, stop or await that failed: `cause` of the failure in `failure`. Uncaught inside a process it ends that
 * process with `{ type: 'failed', operation, reason: failure }`, as in Erlang.
 */
export class OperationFailed extends Exit {
  override readonly name = 'OperationFailed';
  readonly operation: Operation;
  readonly failure: ExitReason;

  constructor(operation: Operation, failure: ExitReason) {
    super({ type: 'failed', operation, reason: failure }, `${operation} failed: ${formatReason(failure)}`);
    this.operation = operation;
    this.failure = failure;
  }
}

/** Ends the current process from inside one of its callbacks. */
export function exit(reason: ExitReason): never {
  throw new Exit(reason);
}

/** The exit reason that something thrown stands for. */
export function reasonOf(thrown: unknown): ExitReason {
  return thrown instanceof Exit ? thrown.reason : { type: 'error', error: thrown };
}

/** `normal`, `shutdown` and `{ type: 'shutdown' }`: ends that no transient child is restarted for. */
export function isCleanExit(reason: ExitReason): boolean {
  return reason === 'normal' || isShutdown(reason);
}

export function isShutdown(reason: ExitReason): boolean {
  return reason === 'shutdown' || (typeof reason === 'object' && reason.type === 'shutdown');
}

/** One line for people. */
export function formatReason(reason: ExitReason): string {
  if (typeof reason === 'string') return reason;
  switch (reason.type) {
    case 'shutdown':
      return `shutdown: ${formatTerm(reason.detail)}`;
    case 'error':
      return reason.error instanceof Error
        ? `${reason.error.name}: ${reason.error.message}`
        : formatTerm(reason.error);
    case 'bad_return_value':
      return `bad return value: ${formatTerm(reason.value)}`;
    case 'failed':
      return `${reason.operation} failed: ${formatReason(reason.reason)}`;
    case 'failed_to_start_child':
      return `child ${reason.id} failed to start: ${formatReason(reason.reason)}`;
    case 'already_started':
      return `already started: ${reason.pid}`;
    case 'start_spec':
      return `bad child list: ${formatTerm(reason.problem)}`;
    case 'child_spec':
      return `bad child: ${formatTerm(reason.problem)}`;
    case 'bad_opts':
      return `bad options: ${reason.message}`;
  }
}

function formatTerm(term: unknown): string {
  if (typeof term === 'string') return term;
  if (isPid(term)) return term.toString();
  if (typeof term === 'object' && term !== null && isReason(term)) return formatReason(term);
  try {
    return JSON.stringify(term) ?? String(term);
  } catch {
    return String(term);
  }
}

const COMPOUND: ReadonlySet<unknown> = new Set([
  'shutdown',
  'error',
  'bad_return_value',
  'failed',
  'failed_to_start_child',
  'already_started',
  'start_spec',
  'child_spec',
  'bad_opts',
] satisfies CompoundReason['type'][]);

function isReason(term: object): term is CompoundReason {
  return 'type' in term && COMPOUND.has(term.type);
}
