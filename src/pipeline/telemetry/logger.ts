/**
 * Where the library says what an operator should know: the port, and the default that writes to stderr.
 * What is said is names, counts, durations and errors, never an event's payload; the default logger holds to that by
 * not looking inside objects.
 */
import type { Clock } from '../../base/clock.ts';
import { systemClock } from '../../base/clock.ts';
import { kindOf } from '../shown-value.ts';

export type LogFields = Readonly<Record<string, unknown>>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** pino's shape, so that a pino logger can be given as it is. An error is in the field `err`, as pino has it. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds these fields to every entry. */
  child(bindings: LogFields): Logger;
}

/** How much the default logger says: entries of this level and above. */
const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export type StderrLevel = (typeof LEVELS)[number];

export function isLogLevel(text: string): text is StderrLevel {
  return (LEVELS as readonly string[]).includes(text);
}

export interface StderrLoggerOptions {
  /** Default `warn`. */
  readonly level?: StderrLevel;
  readonly clock?: Clock;
  /** Takes one whole line. */
  readonly write?: (line: string) => void;
}

/**
 * Writes warnings and errors, or what `level` says, as one line each to stderr, and leaves out the rest:
 *
 *     2025-01-31T09:30:00.000Z beamline WARN events refused recordType=SignUp suppressed=1204
 *
 * Texts, numbers and booleans are shown, long texts cut; of an error its name, code, message and the first place in
 * its stack; of any other object only what kind it is.
 */
export function stderrLogger(options: StderrLoggerOptions = {}): Logger {
  const {
    level: least = 'warn',
    clock = systemClock,
    write = (line: string) => void process.stderr.write(line),
  } = options;
  const bound = (bindings: LogFields): Logger => {
    const line = (level: string) => (fields: LogFields, message: string) => {
      const time = new Date(clock.wallTime()).toISOString();
      write(`${time} beamline ${level} ${oneLine(message)}${shown({ ...bindings, ...fields })}\n`);
    };
    const from = (level: LogLevel) =>
      LEVELS.indexOf(level) < LEVELS.indexOf(least) ? () => {} : line(level.toUpperCase());
    return {
      debug: from('debug'),
      info: from('info'),
      warn: from('warn'),
      error: from('error'),
      child: (more) => bound({ ...bindings, ...more }),
    };
  };
  return bound({});
}

const TEXT_MAX = 300;

function shown(fields: LogFields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${shownField(value)}`)
    .join('');
}

function shownField(value: unknown): string {
  if (
    value === null ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    typeof value === 'bigint'
  ) {
    return String(value);
  }
  if (typeof value === 'string') return /^[\w.:/@+-]{1,80}$/.test(value) ? value : JSON.stringify(cut(value));
  if (value instanceof Error) return JSON.stringify(cut(shownError(value)));
  return `[${kindOf(value)}]`;
}

function shownError(error: Error): string {
  const code = 'code' in error ? ` [${String(error.code)}]` : '';
  const place = /^ {4}at .+$/m.exec(error.stack ?? '')?.[0].trim();
  return `${error.name}${code}: ${oneLine(String(error.message))}${place === undefined ? '' : ` (${place})`}`;
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+\s*/g, ' ');
}

function cut(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}…`;
}

/** A logger whose entries go elsewhere, to another thread perhaps. */
export function remoteLogger(
  log: (level: LogLevel, fields: LogFields, message: string) => void,
  bindings: LogFields = {},
): Logger {
  const at = (level: LogLevel) => (fields: LogFields, message: string) =>
    log(level, { ...bindings, ...fields }, message);
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (more) => remoteLogger(log, { ...bindings, ...more }),
  };
}
