/**
 * Every error that the library can throw or show: what has happened, and what mends it. docs/errors.md is made from this,
 * and a test holds that no code is missing here and none is told that there is not.
 */
import type { ErrorCode } from '../../src/pipeline/errors.ts';

export interface ErrorGuide {
  readonly cause: string;
  readonly mend: string;
}

/** Of `BeamlineError`: the compiler holds that each of its codes is here. */
export const beamlineErrors = {
  ERR_OPTIONS: {
    cause: 'An option of `start`, a definition or an adapter cannot be used. The text names all of them',
    mend: 'Correct them',
  },
  ERR_NOT_RUNNING: {
    cause: '`record()` or another call before `Application.start`',
    mend: 'Call `start` first; in a thread of your own, `Records.attach`',
  },
  ERR_ALREADY_RUNNING: {
    cause: 'A second application in the process',
    mend: 'Use the one there is, or await its `stop()`',
  },
  ERR_IN_RECORD_THREAD: {
    cause: 'The module with the definition also starts the application',
    mend: 'Move the definition into a file of its own',
  },
  ERR_DEFINITION: {
    cause: 'What `Records.define` was given is no definition',
    mend: 'The text names each part',
  },
  ERR_RECORD_MODULE: {
    cause:
      "The module at a definition's `url` does not load in a thread, or does not define that type. In the tree and the log",
    mend: 'Give `url: import.meta.url` in the file that calls `Records.define`',
  },
  ERR_TYPE_CONFLICT: {
    cause: 'Two modules define a type of one name',
    mend: 'Rename one',
  },
  ERR_TYPE_NOT_DEFINED: {
    cause: 'Another thread records to a type that the main thread does not define',
    mend: 'Import its module on the main thread',
  },
  ERR_MESSAGE: {
    cause: 'A `Message` that no stream could take',
    mend: 'Correct what its `fields` name',
  },
  ERR_EVENT_INVALID: {
    cause:
      'From `recordAndConfirm`: refused by the schema of its type; `fields.paths` says where, `cause` has the issues. `record()` returns `false`, and the log says where',
    mend: 'Record what the schema takes',
  },
  ERR_SCHEMA_ASYNC: {
    cause: 'The schema of a type answered with a promise',
    mend: 'Leave asynchronous checks to whoever records',
  },
  ERR_QUEUE_FULL: {
    cause: 'From `recordAndConfirm`: refused',
    mend: 'Try later; if it lasts, raise `queueBytes`',
  },
  ERR_TOO_MANY_CONFIRMATIONS: {
    cause: 'This thread waits for 65,536 events, or too many threads wait: refused',
    mend: 'Await some first, or use `record()`',
  },
  ERR_DEAD_LETTERED: {
    cause: 'The event that was waited for went to the dead letters',
    mend: 'See what takes those',
  },
  ERR_STOPPED: {
    cause:
      'Without an `id`: refused after `stop()`. With one: recorded, and not delivered when the application stopped',
    mend: 'Record before `stop()`; give it a longer `timeoutMs`',
  },
  ERR_ABORTED: {
    cause: 'Your signal ended the wait. With an `id` the event is recorded all the same',
    mend: 'Do not record it again if it has an `id`',
  },
  ERR_THREAD_DIED: {
    cause: 'The error of a dead letter: the event ended its thread, run with no other beside it',
    mend: 'Mend the handler for it; the log says what ended the thread',
  },
  ERR_HANDLE_TIMEOUT: {
    cause: '`handleEvent` took longer than `handleTimeoutMs`',
    mend: 'Heed the signal, or raise it',
  },
  ERR_PARTITION_BY: {
    cause:
      'The error of a dead letter: `partitionBy` threw for the event, or gave neither a text nor a finite number',
    mend: 'Give every event a key',
  },
  ERR_START_TIMEOUT: {
    cause: 'A thread was not ready within `startTimeoutMs`',
    mend: 'See what its module does on import',
  },
  ERR_SPOOL_MODULE: {
    cause: 'The store behind `spool` cannot be loaded: `lmdb` is not installed, or not for this platform',
    mend: 'Install `lmdb`, or leave `spool` out',
  },
  ERR_SPOOL_DIRECTORY: {
    cause: "The spool's directory cannot be used",
    mend: 'Give one on a local disk that this process may write to',
  },
  ERR_SPOOL_OWNED: {
    cause: 'Another process that is alive uses this spool',
    mend: 'Give each process a directory of its own',
  },
  ERR_SPOOL_VERSION: {
    cause: 'Another version of beamline wrote this spool',
    mend: 'Have that version deliver it, or move the directory away',
  },
} as const satisfies Readonly<Record<ErrorCode, ErrorGuide>>;

/** Of other classes, told apart by their `code` as well. */
export const otherErrors: Readonly<Record<string, ErrorGuide>> = {
  ERR_ADAPTER_DESCRIPTOR: {
    cause: '`adapter` is none: `module` is no file URL, or `options` cannot be cloned',
    mend: "Use `new URL('./x.js', import.meta.url)`; put functions into `functions`",
  },
  ERR_ADAPTER_MODULE: {
    cause: "The adapter's module cannot be imported or makes no adapter. In the tree and the log",
    mend: 'Export `createAdapter` with `send`, `close`, `snapshot`',
  },
  ERR_EVENT_NOT_SERIALIZABLE: {
    cause: 'A field of the event is a function, a symbol, or nested in itself. `path` says which',
    mend: 'Record data',
  },
  ERR_EVENT_TOO_LARGE: {
    cause: 'The event is larger than `maxEventBytes`. `bytes` and `limitBytes` say it',
    mend: 'Record less, or raise `maxEventBytes`',
  },
  ERR_RECORDS_REJECTED: {
    cause:
      'From `sendData`: some records can never be delivered, `rejections` lists them; all others are in the stream',
    mend: 'Correct or drop those; do not send them again as they are',
  },
  ERR_STREAM_NAME: {
    cause: 'From `sendData`: no stream can have that name',
    mend: "Use a stream's name, an ARN, or a name in `streams`",
  },
  ERR_SEND_ABORTED: {
    cause: 'From `sendData`: the attempt was given up',
    mend: 'Nothing: the batch is run again',
  },
  ERR_ADAPTER_CLOSED: {
    cause: 'From `sendData`: `stop()` was out of time before this was sent',
    mend: 'Give `stop()` a longer `timeoutMs`',
  },
  ERR_THREAD_ENDED: {
    cause: 'In the tree and the log: why a thread ended',
    mend: 'Its events are delivered by the next one',
  },
  ERR_THREAD_ENTRY: {
    cause:
      'At the start, in the tree or in the log: a bundler took beamline in without the files that are loaded by their URL, or `entries` names a folder that they are not in',
    mend: 'Keep it external, or put those files into a folder and name it by `entries`: docs/loading.md',
  },
  ERR_THREAD_START_TIMEOUT: {
    cause: 'What `ERR_START_TIMEOUT` stands for, below the record types',
    mend: 'See there',
  },
  ERR_FRAME_CORRUPT: {
    cause: 'An event in the queue cannot be read',
    mend: 'A bug of beamline: report it',
  },
  ERR_READER_FENCED: {
    cause: 'A thread that was given up touches the queue',
    mend: 'A bug of beamline if you see it',
  },
  ERR_ASSERTION: {
    cause: 'A rule inside beamline does not hold',
    mend: 'A bug of beamline: report it',
  },
  ERR_UNKNOWN_MESSAGE: {
    cause: '`beamline/otp`: a call, cast or continuation that the server has no function for',
    mend: 'Add the function',
  },
  ERR_NAME: {
    cause: '`beamline/otp`: a name that is taken, or that is given up without being held',
    mend: 'Use another',
  },
  ERR_UNKNOWN_REGISTRY: {
    cause: '`beamline/otp`: no Registry of that name',
    mend: 'Start it first',
  },
  ERR_DUPLICATE_KEYS: {
    cause: '`beamline/otp`: `Registry.update` on a registry with duplicate keys',
    mend: 'Unregister and register again',
  },
  ERR_OBSERVER_OPTIONS: {
    cause: 'An option of `app.observe()` or `observerHandler()` cannot be used',
    mend: 'Correct what the text names',
  },
  ERR_OBSERVER_EXPOSED: {
    cause: '`app.observe()` on an address that others reach, without a token',
    mend: 'Stay on loopback, give a token, or mount `observerHandler(app)` behind a login',
  },
  ERR_OBSERVER_PORT: {
    cause: "The observer's port is taken, or cannot be listened on",
    mend: 'Give another `port`; 0 takes any',
  },
};
