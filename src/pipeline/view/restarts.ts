/**
 * What was started again, how often, and why: kept beside the tree, because a process that ended cannot tell. Three
 * sources: births and deaths on the main thread; what the dynamic supervisors say of their keyed children, wherever
 * those run; and what the Record servers say of their threads. Bounds: `HISTORY_MAX` entries, the oldest go.
 */
import { type ExitReason, formatReason, isShutdown } from '../../otp/exit-reason.ts';
import type { KeyedInfo } from '../../otp/keyed-children.ts';
import type { Process } from '../../otp/process.ts';
import { type Budget, budgetOf } from '../../otp/restart-intensity.ts';
import type { Runtime } from '../../otp/runtime.ts';
import { NAMES } from '../names.ts';
import { type ShownReason, shownError, shownReason } from './shown-reason.ts';

/** One end that led, or will lead, to a restart. Plain data. */
export interface RestartEntry {
  /** Rises by one with each entry. */
  readonly seq: number;
  /** When it ended; milliseconds since the epoch. */
  readonly at: number;
  /** The box of the tree: `Producer/MyEvent`, `Registry`, or `Thread/MyEvent`. */
  readonly id: string;
  readonly name: string;
  readonly recordType: string | null;
  readonly reason: ShownReason;
  /** Of the restarts that count together: how many with this one. */
  readonly attempt: number;
  /** How long until it is started again; null while that is not known. */
  readonly delayMs: number | null;
  /** What its supervisor took down and started again along with it. */
  readonly restartedWith: readonly string[];
  /** What was left of its supervisor's budget; null when it is restarted for ever, at its own expense. */
  readonly budget: Budget | null;
}

export interface RestartRecord {
  readonly restarts: number;
  readonly lastReason: string | undefined;
}

export type KeyedRecord = KeyedInfo & { readonly lastReason: string | undefined; readonly at: number };

/** The box that a dynamic supervisor's keyed children are. */
export const KEYED_BOXES: ReadonlyMap<string, string> = new Map([
  [NAMES.consumerDynamicSupervisor, 'ConsumerSupervisor'],
  [NAMES.producerSupervisor, 'Producer'],
  [NAMES.recordsSupervisor, 'Record'],
]);

const HISTORY_MAX = 200;

interface Named {
  births: number;
  lastReason: string | undefined;
  /** The entry of its last crash, until it is there again. */
  open: RestartEntry | undefined;
  /** The keys of its latest pid, and of its supervisor's. */
  pid: number;
  supervisor: number | undefined;
}

export class Restarts {
  readonly #runtime: Runtime;
  readonly #named = new Map<string, Named>();
  readonly #keyed = new Map<string, Map<string, KeyedRecord>>();
  readonly #listeners = new Set<(entry: RestartEntry) => void>();
  #history: readonly RestartEntry[] = [];
  #seq = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    runtime.observers.add({
      spawned: (process) => this.#spawned(process),
      ended: (process, reason) => this.#ended(process, reason),
    });
  }

  /** The latest of them, oldest first. */
  get history(): readonly RestartEntry[] {
    return this.#history;
  }

  /** Calls `listener` with each entry from now on, until the function it returns is called. */
  listen(listener: (entry: RestartEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Of a process with a name of its own. */
  ofName(name: string): RestartRecord {
    const record = this.#named.get(name);
    return { restarts: Math.max(0, (record?.births ?? 0) - 1), lastReason: record?.lastReason };
  }

  /** The keyed children of a supervisor, as it told last. */
  keyed(supervisor: string): ReadonlyMap<string, KeyedRecord> {
    return this.#keyed.get(supervisor) ?? new Map();
  }

  /** To be called for each change of a keyed child. */
  noteKeyed(supervisor: string, key: string, info: KeyedInfo | undefined): void {
    const children = this.#keyed.get(supervisor) ?? new Map<string, KeyedRecord>();
    this.#keyed.set(supervisor, children);
    if (info === undefined) {
      children.delete(key);
      return;
    }
    const lastReason = info.reason === undefined ? children.get(key)?.lastReason : formatReason(info.reason);
    children.set(key, { ...info, lastReason, at: this.#runtime.clock.wallTime() });
    if (info.reason === undefined) return;
    const name = KEYED_BOXES.get(supervisor) ?? supervisor;
    this.#add({
      id: `${name}/${key}`,
      name,
      recordType: key,
      reason: shownReason(info.reason),
      attempt: info.attempt,
      delayMs: info.dueInMs ?? 0,
      restartedWith: [],
      budget: null,
    });
  }

  /** To be called when a record type's thread has ended and is going to be started again. */
  noteThread(recordType: string, error: Error, attempt: number, delayMs: number): void {
    this.#add({
      id: `Thread/${recordType}`,
      name: 'Thread',
      recordType,
      reason: shownError(error),
      attempt,
      delayMs,
      restartedWith: [],
      budget: null,
    });
  }

  #spawned(process: Process): void {
    if (typeof process.name !== 'string') return;
    const record = this.#named.get(process.name);
    if (record === undefined) {
      const supervisor = process.parent?.key;
      const born = { births: 1, lastReason: undefined, open: undefined, pid: process.pid.key, supervisor };
      this.#named.set(process.name, born);
      return;
    }
    record.births++;
    record.pid = process.pid.key;
    record.supervisor = process.parent?.key;
    const { open } = record;
    record.open = undefined;
    if (open !== undefined)
      this.#replace(open, { delayMs: Math.max(0, this.#runtime.clock.wallTime() - open.at) });
  }

  #ended(process: Process, reason: ExitReason): void {
    const name = typeof process.name === 'string' ? process.name : undefined;
    const record = name === undefined ? undefined : this.#named.get(name);
    if (name === undefined || record === undefined) return;
    record.lastReason = formatReason(reason);
    const supervisor = process.parent === undefined ? undefined : this.#runtime.find(process.parent);
    // Taken down by its supervisor, because of one that crashed; or dead of the link to it.
    const cause = [...this.#named.values()].find(({ open, pid, supervisor: of }) =>
      open === undefined ? false : isShutdown(reason) ? of === record.supervisor : pid === record.supervisor,
    );
    if (cause?.open !== undefined)
      cause.open = this.#replace(cause.open, { restartedWith: [...cause.open.restartedWith, name] });
    if (cause !== undefined || isShutdown(reason)) return;
    const budget = budgetOf(supervisor?.behaviour.state?.(), this.#runtime.clock.now());
    record.open = this.#add({
      id: name,
      name,
      recordType: null,
      reason: shownReason(reason),
      attempt: (budget?.used ?? 0) + 1,
      delayMs: null,
      restartedWith: [],
      budget: budget === undefined ? null : { ...budget, used: budget.used + 1 },
    });
  }

  #add(fields: Omit<RestartEntry, 'seq' | 'at'>): RestartEntry {
    const entry = { seq: ++this.#seq, at: this.#runtime.clock.wallTime(), ...fields };
    this.#history = [...this.#history.slice(1 - HISTORY_MAX), entry];
    for (const listener of this.#listeners) listener(entry);
    return entry;
  }

  #replace(entry: RestartEntry, change: Partial<RestartEntry>): RestartEntry {
    const changed = { ...entry, ...change };
    this.#history = this.#history.map((each) => (each.seq === entry.seq ? changed : each));
    return changed;
  }
}
