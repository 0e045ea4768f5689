/**
 * What is wrong with what a supervisor is given, told when it is given and not when the first child ends: the types say
 * it too, but what comes from JavaScript or out of a file has none. Pure.
 */
import type { AutoShutdown, ChildSpec, Restart } from './child-spec.ts';
import type { ExitReason, StartSpecProblem } from './exit-reason.ts';
import type { Strategy } from './supervisor-plan.ts';

const STRATEGIES: readonly Strategy[] = ['one_for_one', 'one_for_all', 'rest_for_one'];
const RESTARTS: readonly Restart[] = ['permanent', 'transient', 'temporary'];
const TYPES: readonly ChildSpec['type'][] = ['worker', 'supervisor'];
const AUTO_SHUTDOWNS: readonly AutoShutdown[] = ['never', 'any_significant', 'all_significant'];

/** Those of the three kinds of supervisors; what is left out has its default. */
interface Options {
  readonly strategy?: unknown;
  readonly maxRestarts?: unknown;
  readonly maxSeconds?: unknown;
  readonly maxChildren?: unknown;
  readonly autoShutdown?: unknown;
}

/** The reason not to start with these options, if there is one. */
export function badOptions(options: unknown): ExitReason | undefined {
  if (typeof options !== 'object' || options === null) return problem('options', 'an object', options);
  const { strategy, maxRestarts, maxSeconds, maxChildren, autoShutdown }: Options = options;
  if (!isOneOf(STRATEGIES, strategy)) return problem('strategy', STRATEGIES.join(', '), strategy);
  if (!isCount(maxRestarts)) return problem('maxRestarts', 'a whole number from 0', maxRestarts);
  if (!(maxSeconds === undefined || (typeof maxSeconds === 'number' && maxSeconds > 0)))
    return problem('maxSeconds', 'a number above 0', maxSeconds);
  if (!isCount(maxChildren)) return problem('maxChildren', 'a whole number from 0', maxChildren);
  if (!isOneOf(AUTO_SHUTDOWNS, autoShutdown))
    return problem('autoShutdown', AUTO_SHUTDOWNS.join(', '), autoShutdown);
  return undefined;
}

/** What keeps something from being the spec of a child; `keyed`: one that may have a budget of its own. */
export function specProblem(spec: unknown, keyed: boolean): StartSpecProblem | undefined {
  if (typeof spec !== 'object' || spec === null) return invalid('a child', 'an object { id, start }', spec);
  const { id, start, restart, shutdown, type, backoff } = spec as {
    readonly [Name in keyof ChildSpec]?: unknown;
  };
  if (typeof id !== 'string') return invalid('id', 'a text', id);
  if (typeof start !== 'function') return invalid(`start of ${id}`, 'a function', start);
  if (!isOneOf(RESTARTS, restart)) return invalid(`restart of ${id}`, RESTARTS.join(', '), restart);
  if (!isShutdown(shutdown))
    return invalid(`shutdown of ${id}`, 'milliseconds from 0, brutal_kill, infinity', shutdown);
  if (!isOneOf(TYPES, type)) return invalid(`type of ${id}`, TYPES.join(', '), type);
  if (backoff !== undefined && !keyed)
    return invalid(`backoff of ${id}`, 'none outside of a DynamicSupervisor', backoff);
  return undefined;
}

function isOneOf(values: readonly unknown[], value: unknown): boolean {
  return value === undefined || values.includes(value);
}

/** None is no bound. */
function isCount(value: unknown): boolean {
  return (
    value === undefined ||
    value === Number.POSITIVE_INFINITY ||
    (Number.isInteger(value) && Number(value) >= 0)
  );
}

function isShutdown(value: unknown): boolean {
  if (value === undefined || value === 'brutal_kill' || value === 'infinity') return true;
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function problem(name: string, expected: string, came: unknown): ExitReason {
  return { type: 'bad_opts', message: text(name, expected, came) };
}

function invalid(name: string, expected: string, came: unknown): StartSpecProblem {
  return { type: 'invalid', message: text(name, expected, came) };
}

function text(name: string, expected: string, came: unknown): string {
  return `${name}: expected ${expected}; ${typeof came === 'object' ? 'an object' : String(came)} came`;
}
