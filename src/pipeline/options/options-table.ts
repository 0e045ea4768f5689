/**
 * The table of options. Each is told here, and nowhere else: type, default, bounds, unit and what it is for.
 */
import * as v from 'valibot';
import type { FailedAttempt } from '../batch/attempt-history.ts';
import type { DeadLetterFileOptions } from '../batch/dead-letter-file.ts';
import { isLogLevel, type Logger, stderrLogger } from '../telemetry/logger.ts';
import { choice, fraction, type Option, type Options, size, whole } from './options-schema.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Says which adapter the threads load: made by `kinesis()`, `nullAdapter()` or `memory()`, or written out. */
export interface AdapterChoice {
  readonly module: string | URL;
  readonly options?: unknown;
}

/** An event that could not be delivered. */
export interface DeadLetter {
  readonly recordType: string;
  readonly id: string;
  readonly data: unknown;
  /** Why its last attempt failed. */
  readonly error: Error;
  readonly attempts: number;
  /** The attempts that its last thread saw fail, oldest first, at most the newest 20. */
  readonly history: readonly FailedAttempt[];
}

/**
 * Takes dead letters: `log` writes one error line for each, without its data; a function is called on the main
 * thread, and a letter is settled when it returns, or its promise resolves; a file gets one line of JSON for each,
 * and is followed by a new one when it is full. `auto` keeps them in the spool, and without a spool it is `log`.
 */
export type DeadLetterSink =
  | 'auto'
  | 'log'
  | ((letter: DeadLetter) => void | Promise<void>)
  | DeadLetterFileOptions;

/** Where events are kept beside the memory. */
export interface SpoolInput {
  /** A folder on a local disk, for this process alone. */
  readonly directory: string;
  /** 10 GiB unless given. */
  readonly maxBytes?: number | undefined;
}

/** `spool`, checked and complete. */
export interface SpoolOptions {
  readonly directory: string;
  readonly maxBytes: number;
}

const SPOOL_BYTES = { least: 16 * MIB, usual: 10 * GIB, most: 1024 * GIB } as const;

/**
 * Limits of a thread's heap, in MiB, as `worker_threads` has them. Best effort: a heap that grows bit by bit ends its
 * thread; one huge allocation can end the process; Buffers are not counted.
 */
export interface HeapLimits {
  readonly maxOldGenerationSizeMb?: number;
  readonly maxYoungGenerationSizeMb?: number;
  readonly stackSizeMb?: number;
}

const LOG_METHODS = ['debug', 'info', 'warn', 'error', 'child'] as const;

/** Options of a record type: the application gives them for all types, a definition may override them for its own. */
export const typeOptions = {
  batchSize: whole({
    default: 500,
    min: 1,
    max: 10_000,
    unit: 'events',
    doc: 'The most events in a batch, which is what handleEvent is given.',
  }),
  flushIntervalMs: whole({
    default: 1000,
    min: 1,
    max: HOUR_MS,
    unit: 'ms',
    doc: 'How often the Producer takes what is in the queue when it holds no full batch.',
  }),
  maxDemand: whole({
    default: 50,
    min: 1,
    max: 1000,
    unit: 'batches',
    doc: 'The most batches in flight at a time.',
  }),
  // The queue is made of segments of 1 MiB. Two are the least: one that is read while the other is written. Both maxima together
  // are below 2 GiB: places in its memory are signed numbers of 32 bits.
  queueBytes: size(
    {
      default: 64 * MIB,
      min: 2 * MIB,
      max: 1 * GIB,
      doc: 'The memory for events that are not delivered yet; when it is full, record() returns false.',
    },
    MIB,
  ),
  // Of segments too; with less than one, nothing is parked.
  parkedBytes: size(
    {
      default: 16 * MIB,
      min: 0,
      max: 512 * MIB,
      doc: 'The memory for events of batches that wait for throttled shards alone; when it is full, the type waits.',
    },
    MIB,
  ),
  // Less than a segment, which holds an event whole, and its headers besides. So any event fits any queue.
  maxEventBytes: size({
    default: 256 * KIB,
    min: KIB,
    max: 1000 * KIB,
    doc: 'The largest event, encoded; record() throws for one that is larger.',
  }),
  maxAttempts: whole({
    default: 5,
    min: 1,
    max: 1000,
    unit: 'attempts',
    doc: 'How often a batch whose handler fails is run before it is split, and its failing event dead-lettered.',
  }),
  backoff: {
    doc: 'The wait between the attempts of a batch whose handler fails.',
    rule: { lesser: 'initialMs', greater: 'maxMs' },
    fields: {
      initialMs: whole({
        default: 200,
        min: 1,
        max: HOUR_MS,
        unit: 'ms',
        doc: 'The wait before the second attempt.',
      }),
      maxMs: whole({
        default: 30_000,
        min: 1,
        max: DAY_MS,
        unit: 'ms',
        doc: 'The longest wait.',
      }),
      factor: fraction({
        default: 2,
        min: 1,
        max: 10,
        unit: '',
        doc: 'How many times the wait before each wait is.',
      }),
      jitter: fraction({
        default: 1,
        min: 0,
        max: 1,
        unit: '',
        doc: 'The share of each wait that is left to chance: 1 for anything from nothing to the whole wait.',
      }),
    },
  },
  handleTimeoutMs: whole({
    default: 60_000,
    min: 1,
    max: DAY_MS,
    unit: 'ms',
    doc: 'How long handleEvent may take for a batch, the time inside sendData not counted.',
  }),
  hangTimeoutMs: whole({
    default: 30_000,
    min: 100,
    max: DAY_MS,
    unit: 'ms',
    doc: 'How long a handler may block its thread before the thread is ended and started again.',
  }),
  startTimeoutMs: whole({
    default: 10_000,
    min: 10,
    max: HOUR_MS,
    unit: 'ms',
    doc: 'How long a thread may take to start and to import its record module.',
  }),
  stableMs: whole({
    default: 60_000,
    min: 0,
    max: DAY_MS,
    unit: 'ms',
    doc: 'How long a thread must have run for its next restart to be immediate again.',
  }),
  terminateTimeoutMs: whole({
    default: 5000,
    min: 10,
    max: HOUR_MS,
    unit: 'ms',
    doc: 'How long a thread may take to end before it counts as stuck and is replaced.',
  }),
  resourceLimits: choice<HeapLimits>({
    schema: () =>
      v.strictObject({
        maxOldGenerationSizeMb: v.optional(v.pipe(v.number(), v.minValue(16))),
        maxYoungGenerationSizeMb: v.optional(v.pipe(v.number(), v.minValue(1))),
        stackSizeMb: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(256))),
      }) as v.GenericSchema<HeapLimits>,
    default: {},
    defaultText: "Node's",
    type: 'object',
    expected:
      'an object with any of maxOldGenerationSizeMb (16 or more), maxYoungGenerationSizeMb (1 or more), stackSizeMb (1 to 256)',
    doc: 'What a thread may have of the heap, in MiB: `{ maxOldGenerationSizeMb: 512 }`. Past it the thread ends, most times.',
  }),
  niceness: whole({
    default: 5,
    min: 0,
    max: 19,
    unit: '',
    doc: "How far a thread stands back for the application's where cores are short, in the steps of `nice`; 0: not at all. Linux only.",
  }),
  isolation: choice<'thread' | 'inline'>({
    schema: () => v.picklist(['thread', 'inline']),
    default: 'thread',
    defaultText: "'thread'",
    type: "'thread' | 'inline'",
    expected: "'thread' or 'inline'",
    doc: "Where handlers run: in a thread of the record type's own, or inline on the main thread.",
  }),
} as const satisfies Options;

/** What a definition alone may say: functions of the type's own events, which no thread could be sent. */
export const definitionOptions = {
  partitionBy: choice<((event: never) => string | number) | undefined>({
    schema: () => v.custom<((event: never) => string | number) | undefined>(isPartitionBy),
    default: undefined,
    defaultText: 'none',
    type: '(event) => key',
    expected: 'a function of the event that returns its key, a text or a number',
    doc: 'Events with the same key reach the stream in the order in which they were recorded.',
  }),
} as const satisfies Options;

/** Every option that an application takes. */
export const applicationOptions = {
  adapter: choice<AdapterChoice>({
    schema: () => v.custom<AdapterChoice>(isAdapter),
    default: undefined,
    defaultText: 'required',
    type: 'adapter',
    expected: 'an adapter: kinesis({ ... }), nullAdapter(), memory(), or { module, options } of your own',
    doc: 'Where messages go: kinesis(), nullAdapter(), memory(), or one of your own.',
  }),
  ...typeOptions,
  spool: {
    schema: () =>
      v.pipe(
        v.custom<SpoolInput | false>(isSpool),
        v.transform((spool): SpoolOptions | false =>
          spool === false
            ? false
            : { directory: absolute(spool.directory), maxBytes: spool.maxBytes ?? SPOOL_BYTES.usual },
        ),
      ),
    default: false,
    defaultText: 'none; maxBytes 10 GiB',
    unit: '',
    bounds: 'maxBytes 16 MiB to 1,024 GiB',
    type: '{ directory, maxBytes }',
    expected:
      '{ directory: path, maxBytes: a whole number of bytes from 16 MiB to 1,024 GiB } of which maxBytes may be left out',
    doc: 'A store on a local disk that survives the process: what was confirmed is delivered after a kill. Needs the package lmdb.',
    environment: { name: 'BEAMLINE_SPOOL_DIRECTORY', read: (directory: string) => ({ directory }) },
  } satisfies Option<SpoolInput | false, SpoolOptions | false>,
  deadLetter: choice<DeadLetterSink>({
    schema: () => v.custom<DeadLetterSink>(isDeadLetterSink),
    default: 'auto',
    defaultText: "'auto'",
    type: "'auto' | 'log' | function | { file, maxBytes, keep }",
    expected:
      "'auto', 'log', a function that takes a letter, or { file: path }, with maxBytes from 4 KiB on and keep from 1 to 1,000",
    doc: "What takes the events that cannot be delivered: the spool, an error line each, a function, or a file; 'auto' is the spool, and without one the log.",
  }),
  handleSignals: choice<boolean>({
    schema: () => v.boolean(),
    default: false,
    defaultText: 'false',
    type: 'boolean',
    expected: 'true or false',
    doc: 'Whether SIGTERM and SIGINT stop the application, everything delivered, and then end the process.',
  }),
  exitTimeoutMs: whole({
    default: 5000,
    min: 0,
    max: HOUR_MS,
    unit: 'ms',
    doc: 'How long the end of the process may be held up to deliver what is queued.',
  }),
  entries: {
    schema: () => v.optional(v.pipe(v.custom<string | URL>(isFolder), v.transform(folderUrl))),
    default: undefined,
    defaultText: "the package's",
    unit: '',
    bounds: '',
    type: 'path or file URL',
    expected: "the folder of beamline's entries: a path, or a file URL",
    doc: "The folder of beamline's own files that are loaded by their URL, when a bundler has taken it in without them.",
    environment: { name: 'BEAMLINE_ENTRIES', read: (text: string) => text },
  } satisfies Option<string | URL | undefined, string | undefined>,
  logger: choice<Logger>({
    schema: () => v.custom<Logger>(isLogger),
    default: stderrLogger(),
    defaultText: 'warnings and errors to stderr',
    type: 'logger',
    expected: `a logger in pino's shape, with the functions ${LOG_METHODS.join(', ')}`,
    doc: "Where the library logs: an object in pino's shape.",
    environment: {
      name: 'BEAMLINE_LOG_LEVEL',
      read: (level) => (isLogLevel(level) ? stderrLogger({ level }) : undefined),
    },
  }),
} as const satisfies Options;

/** Taken where it is used: an `import` of `node:path` costs each import of beamline 0.4 ms. */
function absolute(path: string): string {
  return process.getBuiltinModule('node:path').resolve(path);
}

function isPartitionBy(value: unknown): boolean {
  return value === undefined || typeof value === 'function';
}

function isAdapter(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('module' in value)) return false;
  return typeof value.module === 'string' || value.module instanceof URL;
}

function isSpool(value: unknown): boolean {
  if (value === false) return true;
  if (typeof value !== 'object' || value === null || !('directory' in value)) return false;
  const { directory, maxBytes, ...others } = value as Record<string, unknown>;
  if (typeof directory !== 'string' || directory === '' || Object.keys(others).length > 0) return false;
  if (maxBytes === undefined) return true;
  const { least, most } = SPOOL_BYTES;
  return typeof maxBytes === 'number' && Number.isInteger(maxBytes) && maxBytes >= least && maxBytes <= most;
}

function isFolder(value: unknown): boolean {
  if (value instanceof URL) return value.protocol === 'file:';
  if (typeof value !== 'string' || value === '') return false;
  return value.startsWith('file:') ? URL.canParse(value) : !/^\w\w+:/.test(value);
}

function folderUrl(folder: string | URL): string {
  const isUrl = folder instanceof URL || folder.startsWith('file:');
  const { href } = isUrl
    ? new URL(folder)
    : process.getBuiltinModule('node:url').pathToFileURL(absolute(folder));
  return href.endsWith('/') ? href : `${href}/`;
}

function isDeadLetterSink(value: unknown): boolean {
  if (value === 'auto' || value === 'log' || typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null || !('file' in value)) return false;
  const { file, maxBytes, keep, ...others } = value as Readonly<Record<string, unknown>>;
  return (
    typeof file === 'string' &&
    file !== '' &&
    Object.keys(others).length === 0 &&
    isWholeWithin(maxBytes, 4 * KIB, Number.MAX_SAFE_INTEGER) &&
    isWholeWithin(keep, 1, 1000)
  );
}

function isWholeWithin(value: unknown, min: number, max: number): boolean {
  return (
    value === undefined || (Number.isInteger(value) && (value as number) >= min && (value as number) <= max)
  );
}

function isLogger(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return LOG_METHODS.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}
