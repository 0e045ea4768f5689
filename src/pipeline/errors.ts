/**
 * The errors that a user of the pipeline can meet. One class, `BeamlineError`, and one row per `code`: the code is
 * stable, the text is not, so match on `code`.
 *
 *     try {
 *       await SignUp.recordAndConfirm(event);
 *     } catch (error) {
 *       if (isBeamlineError(error) && error.code === 'ERR_QUEUE_FULL') return busy(error.fields.recordType);
 *       throw error;
 *     }
 *
 * An error is its code, its fields and its cause, nothing else: the message is made from the fields, and the
 * fields are plain data. That is what lets an error cross a thread, where it loses its class, and be the same on
 * the other side (`errorClasses`). Fields hold names, numbers and kinds of values, never an event's payload.
 */

/** One option, or one part of a definition, that cannot be used. */
export type OptionProblem = InvalidOption | UnknownOption;

/** `path` is known, but what `came` is not what was `expected`. */
export interface InvalidOption {
  readonly type: 'invalid';
  readonly path: string;
  readonly came: string;
  readonly expected: string;
}

/** There is nothing called `path`: `suggestion` is the valid name that it resembles, `valid` are all of them. */
export interface UnknownOption {
  readonly type: 'unknown';
  readonly path: string;
  readonly came: string;
  readonly suggestion: string | null;
  readonly valid: readonly string[];
}

/** What a record module's URL led to. */
export type RecordModuleFinding =
  /** Its import threw; the error is the `cause`, `reason` its first line. */
  | { readonly type: 'import-failed'; readonly reason: string }
  /** It was imported, and these are the names of the record types that it defines. */
  | { readonly type: 'definitions'; readonly names: readonly string[] };

interface Problems {
  readonly problems: readonly OptionProblem[];
}

interface OfType {
  readonly recordType: string;
}

interface OfModule extends OfType {
  readonly url: string;
}

/** An event of a type; `id` is null when the event was not taken into the queue. */
interface OfEvent extends OfType {
  readonly id: string | null;
}

const messages = {
  /** Options that cannot be used, all of them at once; `call` is where they were given. */
  ERR_OPTIONS: ({ call, problems }: Problems & { readonly call: string }) =>
    `${call} cannot use ${problems.length === 1 ? 'this option' : `these ${problems.length} options`}:${list(problems)}`,

  /** `call` needs an application, and none has been started yet. */
  ERR_NOT_RUNNING: ({ call }: { readonly call: string }) =>
    `${call} came before Application.start(), so nothing could deliver the event. ` +
    'Call Application.start() first; from that call on events are accepted, its promise need not have resolved.',

  /** `Application.start` while an application is running in this process. */
  ERR_ALREADY_RUNNING: (_: Readonly<Record<string, never>>) =>
    'Application.start() was called while an application is running, and a process has one. ' +
    'Use the one that runs, or await its stop() before the next start.',

  /** `Application.start` inside the thread of a record type, called while the module at `url` was imported. */
  ERR_IN_RECORD_THREAD: ({ recordType, url }: OfModule) =>
    `Application.start() was called inside the thread of record type '${recordType}', which imports ${url} to find ` +
    'its handleEvent. Move the definition into a file of its own that does not start the application.',

  /** The module at a definition's `url` does not define that record type. */
  ERR_RECORD_MODULE: ({ recordType, url, found }: OfModule & { readonly found: RecordModuleFinding }) =>
    found.type === 'import-failed'
      ? // The reason first: what shows errors to people cuts their end off.
        `${found.reason}. So the thread of record type '${recordType}' could not import its module ${url}. ` +
        'The module is imported once more in a thread of its own: it must load there without the rest of the program.'
      : `The module ${url} should define record type '${recordType}', and it defines ${names(found.names)}. ` +
        "Give 'url: import.meta.url' in the very file that calls Records.define, at its top level.",

  /** Two modules define a record type of one name. */
  ERR_TYPE_CONFLICT: ({ recordType, urls }: OfType & { readonly urls: readonly [string, string] }) =>
    `Record type '${recordType}' is defined twice, by ${urls[0]} and by ${urls[1]}. ` +
    'Rename one of them, or import the first where the second is used.',

  /** A thread records events of a type that the main thread has not defined; `defined` are those that it has. */
  ERR_TYPE_NOT_DEFINED: ({ recordType, defined }: OfType & { readonly defined: readonly string[] }) =>
    `Record type '${recordType}' is not defined on the main thread, which defines ${names(defined)}. ` +
    'Import the module that defines it there, before other threads record to it.',

  /** What was given to `Records.define` is not a definition; its name is null when that is what is wrong. */
  ERR_DEFINITION: ({ recordType, problems }: Problems & { readonly recordType: string | null }) =>
    `Records.define() cannot use the definition${recordType === null ? '' : ` of '${recordType}'`}:${list(problems)}`,

  /** A message that no stream could take; `argument` is the part of it that is wrong. */
  ERR_MESSAGE: (message: { readonly argument: string; readonly came: string; readonly expected: string }) =>
    `The message's ${message.argument} must be ${message.expected}; ${message.came} came.`,

  /** The type's queue is full: the event was refused. */
  ERR_QUEUE_FULL: ({ recordType, queueBytes }: OfType & { readonly queueBytes: number }) =>
    `The queue of record type '${recordType}' is full (queueBytes: ${queueBytes}), the event was refused. ` +
    'Record it again later; if events come faster than they are delivered for long, raise queueBytes.',

  /** The event does not fit the schema of its type; the issues, as the schema gave them, are the cause. */
  ERR_EVENT_INVALID: ({ recordType, paths }: OfType & { readonly paths: readonly string[] }) =>
    `An event of record type '${recordType}' was refused by its schema, for ${paths.join(', ')}. ` +
    'The cause of this error has the issues as the schema gave them.',

  /** The schema of a type answered with a promise, which `record()` cannot wait for. */
  ERR_SCHEMA_ASYNC: ({ recordType }: OfType) =>
    `The schema of record type '${recordType}' answered with a promise, and record() is synchronous. ` +
    'Leave its asynchronous checks to whoever calls record().',

  /** No slot is free for one more event to be waited for: the event was refused. */
  ERR_TOO_MANY_CONFIRMATIONS: ({ recordType }: OfType) =>
    `This thread waits for as many events as it can: the event of record type '${recordType}' was refused. ` +
    'Await some of what recordAndConfirm() has returned first, or call record() for events that nobody waits for.',

  /** The event will not be delivered: it went to the dead letters, with its last error. */
  ERR_DEAD_LETTERED: ({ recordType, id }: OfType & { readonly id: string }) =>
    `Event ${id} of record type '${recordType}' could not be delivered and went to the dead letters. ` +
    'What takes those (the option deadLetter) is told why.',

  /** The application has stopped: the event was refused (`id` is null), or is still undelivered. */
  ERR_STOPPED: ({ recordType, id }: OfEvent) =>
    id === null
      ? `The application has stopped: an event of record type '${recordType}' was refused. Record before stop().`
      : `The application stopped before event ${id} of record type '${recordType}' was confirmed. ` +
        'Give stop() a longer timeoutMs if its ledger shows pending events.',

  /** The caller's signal ended the wait (its reason is the `cause`), before or after the event was taken. */
  ERR_ABORTED: ({ recordType, id }: OfEvent) =>
    id === null
      ? `The signal was aborted already: the event of record type '${recordType}' was not recorded.`
      : `The signal ended the wait for event ${id} of record type '${recordType}'. ` +
        'The event stays recorded and will be delivered; do not record it again.',

  /** A record type's thread was not ready within `startTimeoutMs`. */
  ERR_START_TIMEOUT: ({ recordType, url, startTimeoutMs }: OfModule & { readonly startTimeoutMs: number }) =>
    `The thread of record type '${recordType}' was not ready after ${startTimeoutMs} ms (startTimeoutMs). ` +
    `See what ${url} does while it is imported, or raise startTimeoutMs.`,

  /** `handleEvent` ran for longer than `handleTimeoutMs`, the time inside `sendData` not counted. */
  ERR_HANDLE_TIMEOUT: ({
    recordType,
    handleTimeoutMs,
    attempt,
  }: OfType & { readonly handleTimeoutMs: number; readonly attempt: number }) =>
    `handleEvent of record type '${recordType}' did not end within ${handleTimeoutMs} ms (handleTimeoutMs) on ` +
    `attempt ${attempt}, the time inside sendData not counted. Let it heed its signal, or raise handleTimeoutMs.`,

  /** `partitionBy` threw, which is the `cause` then, or gave no key. */
  ERR_PARTITION_BY: ({ recordType, id, came }: OfType & { readonly id: string; readonly came: string }) =>
    `partitionBy of record type '${recordType}' must return a text or a finite number for every event; for event ` +
    `${id} ${came}.`,

  /** A dead letter's error: the event ended its thread, by an exit, an error that nobody caught, or a hang. */
  ERR_THREAD_DIED: ({ recordType, attempts }: OfType & { readonly attempts: number }) =>
    `The thread of record type '${recordType}' ended while it ran this event, and no other beside it, after ` +
    `${attempts} attempts. The log says what ended the thread.`,

  /** `spool` is asked for, and the package that keeps its store cannot be loaded. */
  ERR_SPOOL_MODULE: ({ reason }: { readonly reason: string }) =>
    `The spool needs the package lmdb, and it could not be loaded: ${reason}. ` +
    'Run npm install lmdb, or leave out the option spool.',

  /** The spool's directory cannot be used; the error of the file system is the `cause`. */
  ERR_SPOOL_DIRECTORY: ({ directory, reason }: OfSpool & { readonly reason: string }) =>
    `The spool cannot use its directory ${directory}: ${reason}. ` +
    'Give spool.directory a folder on a local disk that this process may write to.',

  /** Another process, or another application, has the spool's store open. */
  ERR_SPOOL_OWNED: ({ directory, pid, host, since }: OfSpool & SpoolOwner) =>
    `The spool in ${directory} belongs to process ${pid} on ${host}, which has had it since ${since} and is running. ` +
    'Stop that one first, or give each process a spool.directory of its own.',

  /** The spool's store was written by another version of this library, in another form. */
  ERR_SPOOL_VERSION: ({
    directory,
    found,
    expected,
  }: OfSpool & { readonly found: number; readonly expected: number }) =>
    `The spool in ${directory} has the form ${found}, and this version reads and writes form ${expected}. ` +
    'Let the version that wrote it deliver what it holds, or give spool.directory another folder.',
};

interface OfSpool {
  readonly directory: string;
}

/** Who has a store open. */
export interface SpoolOwner {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601. */
  readonly since: string;
}

export type ErrorCode = keyof typeof messages;

/** By code: the fields that its errors carry. */
export type ErrorFields = { readonly [C in ErrorCode]: Parameters<(typeof messages)[C]>[0] };

/** An error of this library. `code` says which, `fields` with what, `cause` after which other error. */
export class BeamlineError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly fields: ErrorFields[C];

  constructor(code: C, fields: ErrorFields[C], options?: { readonly cause?: unknown }) {
    super((messages[code] as (fields: ErrorFields[C]) => string)(fields), options);
    this.code = code;
    this.fields = fields;
  }
}

// On the prototype, where it is in time for the first line of `stack`, which is made before any own field. And out here:
// a class that names itself has another name in the bundle.
Object.defineProperty(BeamlineError.prototype, 'name', { value: 'BeamlineError', writable: true });

/** The errors as a union by `code`: a check of `code` tells the compiler which `fields` there are. */
export type AnyBeamlineError = { [C in ErrorCode]: BeamlineError<C> }[ErrorCode];

export function isBeamlineError(error: unknown): error is AnyBeamlineError {
  return error instanceof BeamlineError;
}

/** What crosses a thread in place of an error; the cause is crossed by the same means, or left out. */
export interface ErrorParts {
  readonly fields: unknown;
  readonly stack?: string | undefined;
  readonly cause?: unknown;
}

/** By code: makes the error again from its parts. The message follows from the fields; the stack is the old one. */
export const errorClasses: ReadonlyMap<string, (parts: ErrorParts) => BeamlineError> = new Map(
  (Object.keys(messages) as ErrorCode[]).map((code) => [code, (parts) => rebuild(code, parts)]),
);

function rebuild<C extends ErrorCode>(code: C, parts: ErrorParts): BeamlineError<C> {
  const error = new BeamlineError(
    code,
    parts.fields as ErrorFields[C],
    parts.cause === undefined ? undefined : parts,
  );
  if (parts.stack !== undefined) error.stack = parts.stack;
  return error;
}

/** A line for each problem, and, once, the valid names, if a problem is about a name that resembles none. */
function list(problems: readonly OptionProblem[]): string {
  const lost = problems.filter((problem) => problem.type === 'unknown' && problem.suggestion === null);
  const valid = new Set(lost.map((problem) => `\nThere are: ${(problem as UnknownOption).valid.join(', ')}`));
  return [...problems.map((problem) => `\n  - ${problem.path}: ${remark(problem)}`), ...valid].join('');
}

function remark(problem: OptionProblem): string {
  if (problem.type === 'invalid') return `expected ${problem.expected}; ${problem.came} came`;
  return `there is no such name${problem.suggestion === null ? '' : `; did you mean ${problem.suggestion}?`}`;
}

function names(known: readonly string[]): string {
  return known.length === 0 ? 'none' : known.map((name) => `'${name}'`).join(', ');
}
