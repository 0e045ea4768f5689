/**
 * The text form of terms and reasons (FORMAT.md, section 8), both ways: what a scenario writes as `{shutdown,x}` is
 * the runtime's `{ type: 'shutdown' }`, and every process that is printed goes by the name that the world gave it.
 */

import { Exit, type ExitReason, type StartSpecProblem } from '../../src/otp/exit-reason.ts';
import { type Destination, formatDestination, isPid, type Pid } from '../../src/otp/pid.ts';
import type { Entry } from '../../src/otp/registry-table.ts';
import type { Json } from './format.ts';

export type NameOf = (pid: Pid) => string;

const SHUTDOWN = /^\{shutdown,(.*)\}$/s;

export function parseReason(text: string): ExitReason {
  const detail = SHUTDOWN.exec(text)?.[1];
  return detail === undefined ? text : { type: 'shutdown', detail };
}

/** Errors that Erlang knows as the wrong argument, by the runtime's code for them. */
const BAD_ARGUMENT: ReadonlySet<unknown> = new Set([
  'ERR_NAME',
  'ERR_UNKNOWN_REGISTRY',
  'ERR_DUPLICATE_KEYS',
]);

export class Terms {
  readonly #nameOf: NameOf;

  constructor(nameOf: NameOf) {
    this.#nameOf = nameOf;
  }

  text(term: unknown): string {
    if (term === undefined || term === null) return 'nil';
    if (typeof term === 'string') return term;
    if (isPid(term)) return this.#nameOf(term);
    if (Array.isArray(term)) return `[${term.map((element) => this.text(element)).join(',')}]`;
    if (typeof term === 'object') return this.#compound(term);
    return String(term);
  }

  /** Numbers, texts, booleans, null and lists stay what they are; all else becomes text. */
  value(term: unknown): Json {
    if (term === undefined || term === null) return null;
    if (typeof term === 'string' || typeof term === 'number' || typeof term === 'boolean') return term;
    if (Array.isArray(term)) return term.map((element) => this.value(element));
    return this.text(term);
  }

  reason(reason: ExitReason): string {
    return this.text(reason);
  }

  /** What a monitor was set on: a process, or a name as the scenario has it. */
  watched(target: Destination): string {
    if (isPid(target)) return this.text(target);
    return formatDestination(typeof target === 'object' && target.type === 'at' ? target.name : target);
  }

  /** How a failure that nobody caught, or that `catch` caught, is shown. */
  failure(thrown: unknown): string {
    return thrown instanceof Exit ? this.reason(thrown.reason) : this.#error(thrown);
  }

  entry(entry: Entry): Json {
    return [this.text(entry.pid), this.value(entry.value)];
  }

  #error(error: unknown): string {
    if (!(error instanceof Error)) return this.#tuple('error', error);
    return 'code' in error && BAD_ARGUMENT.has(error.code)
      ? '{error,badarg}'
      : this.#tuple('error', error.message);
  }

  #compound(term: object): string {
    const type = 'type' in term ? term.type : undefined;
    const of = term as Readonly<Record<string, unknown>>;
    switch (type) {
      case 'shutdown':
        return this.#tuple('shutdown', of.detail);
      case 'error':
        return this.#error(of.error);
      case 'bad_return_value':
        return this.#tuple('bad_return_value', of.value);
      case 'failed':
        return this.#tuple(of.reason, of.operation);
      case 'failed_to_start_child':
        return this.#tuple('failed_to_start_child', of.id, of.reason);
      case 'already_started':
        return this.#tuple('already_started', of.pid);
      case 'start_spec':
        return `{start_spec,${this.#problem(of.problem as StartSpecProblem)}}`;
      case 'child_spec':
        return this.#problem(of.problem as StartSpecProblem);
      case 'bad_opts':
        return 'bad_opts';
      case 'task_result':
        return this.#tuple('ref', of.value);
      case 'ok':
        return this.#tuple('ok', of.value);
      case 'exit':
        return this.#tuple('exit', of.reason);
      case 'register':
        return this.#tuple('register', of.registry, of.key, of.pid, of.value);
      case 'unregister':
        return this.#tuple('unregister', of.registry, of.key, of.pid);
      default:
        return JSON.stringify(term);
    }
  }

  #problem(problem: StartSpecProblem): string {
    switch (problem.type) {
      case 'duplicate_child_name':
        return this.#tuple('duplicate_child_name', problem.id);
      case 'bad_combination': {
        const pairs: string[] = [];
        for (let i = 0; i < problem.detail.length; i += 2) {
          pairs.push(this.#tuple(problem.detail[i], problem.detail[i + 1]));
        }
        return `{bad_combination,[${pairs.join(',')}]}`;
      }
      case 'invalid':
        return this.#tuple('invalid', problem.message);
    }
  }

  #tuple(...elements: readonly unknown[]): string {
    return `{${elements.map((element) => this.text(element)).join(',')}}`;
  }
}
