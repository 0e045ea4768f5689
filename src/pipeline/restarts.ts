/**
 * How often each part of the tree was started again, and why: kept beside the tree, because a process that ended
 * cannot tell. Two sources: births and deaths on the main thread, and what the dynamic supervisors say of their keyed
 * children, wherever those run.
 */
import { type ExitReason, formatReason } from '../otp/exit-reason.ts';
import type { KeyedInfo } from '../otp/keyed-children.ts';
import type { Process } from '../otp/process.ts';
import type { Runtime } from '../otp/runtime.ts';

export interface RestartRecord {
  readonly restarts: number;
  readonly lastReason: string | undefined;
  /** Milliseconds since the epoch. */
  readonly lastEndAt: number | undefined;
}

export class Restarts {
  readonly #runtime: Runtime;
  readonly #named = new Map<
    string,
    { births: number; lastReason: string | undefined; lastEndAt: number | undefined }
  >();
  readonly #keyed = new Map<
    string,
    KeyedInfo & { readonly at: number; readonly lastReason: string | undefined }
  >();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    runtime.observers.add({
      spawned: (process) => this.#spawned(process),
      ended: (process, reason) => this.#ended(process, reason),
    });
  }

  /** Of a process with a name of its own. */
  ofName(name: string): RestartRecord {
    const record = this.#named.get(name);
    return {
      restarts: Math.max(0, (record?.births ?? 0) - 1),
      lastReason: record?.lastReason,
      lastEndAt: record?.lastEndAt,
    };
  }

  /** The keyed children of a supervisor, as it told last. */
  keyed(
    supervisor: string,
  ): ReadonlyMap<string, KeyedInfo & { readonly lastReason: string | undefined; readonly at: number }> {
    const prefix = `${supervisor}/`;
    return new Map(
      [...this.#keyed]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, info]) => [key.slice(prefix.length), info]),
    );
  }

  /** To be called for each change of a keyed child. */
  noteKeyed(supervisor: string, key: string, info: KeyedInfo | undefined): void {
    const name = `${supervisor}/${key}`;
    const known = this.#keyed.get(name);
    if (info === undefined) {
      this.#keyed.delete(name);
      return;
    }
    const lastReason = info.reason === undefined ? known?.lastReason : formatReason(info.reason);
    this.#keyed.set(name, { ...info, lastReason, at: this.#runtime.clock.wallTime() });
  }

  #spawned(process: Process): void {
    if (typeof process.name !== 'string') return;
    const record = this.#named.get(process.name) ?? {
      births: 0,
      lastReason: undefined,
      lastEndAt: undefined,
    };
    record.births++;
    this.#named.set(process.name, record);
  }

  #ended(process: Process, reason: ExitReason): void {
    const record = typeof process.name === 'string' ? this.#named.get(process.name) : undefined;
    if (record === undefined) return;
    record.lastReason = formatReason(reason);
    record.lastEndAt = this.#runtime.clock.wallTime();
  }
}
