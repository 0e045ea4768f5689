/**
 * The entries of one Registry: who holds which key, with a value beside it. Only living processes are in it: the
 * runtime takes a process out when it ends, before anyone hears of its end. Read directly, without asking the
 * registry's process, as an ETS table would be.
 */
import type { LocalName, NodeId, Pid } from './pid.ts';
import type { Process } from './process.ts';

/** There is no registry of that name. */
export class UnknownRegistry extends Error {
  override readonly name = 'UnknownRegistry';
  readonly code = 'ERR_UNKNOWN_REGISTRY';

  constructor(registry: LocalName) {
    super(`there is no registry named ${registry}`);
  }
}

/** The entry of a key cannot be told when many may hold it. */
export class DuplicateKeys extends Error {
  override readonly name = 'DuplicateKeys';
  readonly code = 'ERR_DUPLICATE_KEYS';

  constructor() {
    super('a registry of duplicate keys has no values to update: unregister and register again');
  }
}

export interface Entry {
  readonly key: unknown;
  readonly pid: Pid;
  readonly value: unknown;
}

export type TableEvent =
  | { readonly type: 'register'; readonly key: unknown; readonly pid: Pid; readonly value: unknown }
  | { readonly type: 'unregister'; readonly key: unknown; readonly pid: Pid };

export type RegistryKeys = 'unique' | 'duplicate';

export class RegistryTable {
  readonly keys: RegistryKeys;
  /** The registry's partition: the process that the holders are linked to. */
  readonly pid: Pid;
  /** By the key's text. */
  readonly #entries = new Map<string, Entry[]>();
  /** The texts of the keys that a process holds, by its pid: most processes that end hold none. */
  readonly #held = new Map<number, Set<string>>();
  readonly #tell: (event: TableEvent) => void;

  constructor(keys: RegistryKeys, pid: Pid, tell: (event: TableEvent) => void) {
    this.keys = keys;
    this.pid = pid;
    this.#tell = tell;
  }

  /** Makes an entry for a process of this node and links it. The holder that stands in the way, if there is one. */
  register(key: unknown, process: Process, value: unknown): Pid | undefined {
    const holder = this.add(key, process.pid, value);
    if (holder === undefined) process.runtime.link(process, this.pid);
    return holder;
  }

  /** The holder that stands in the way, or undefined when the entry was made. */
  add(key: unknown, pid: Pid, value: unknown): Pid | undefined {
    const text = keyText(key);
    const entries = this.#entries.get(text);
    const holder = this.keys === 'unique' ? entries?.[0]?.pid : undefined;
    if (holder !== undefined) return holder;
    const entry: Entry = { key, pid, value: value ?? null };
    if (entries === undefined) this.#entries.set(text, [entry]);
    else entries.push(entry);
    const held = this.#held.get(pid.key);
    if (held === undefined) this.#held.set(pid.key, new Set([text]));
    else held.add(text);
    this.#tell({ type: 'register', key, pid, value: entry.value });
    return undefined;
  }

  /** Gives up what a process of this node holds; with the last of its keys its link goes. */
  unregister(key: unknown, process: Process): void {
    if (this.remove(key, process.pid) === 'last') process.runtime.unlink(process, this.pid);
  }

  /** Removes all entries of that key which that process holds, if any, and says whether it holds others. */
  remove(key: unknown, pid: Pid): 'last' | 'others' {
    const text = keyText(key);
    const held = this.#held.get(pid.key);
    if (held?.delete(text)) this.#remove(text, pid);
    if (held?.size === 0) this.#held.delete(pid.key);
    this.#tell({ type: 'unregister', key, pid });
    return this.#held.has(pid.key) ? 'others' : 'last';
  }

  /** Sets a new value; undefined when that process does not hold the key. */
  update(key: unknown, pid: Pid, value: unknown): { readonly before: unknown } | undefined {
    if (this.keys === 'duplicate') throw new DuplicateKeys();
    const entries = this.#entries.get(keyText(key)) ?? [];
    const index = entries.findIndex((entry) => entry.pid.key === pid.key);
    const entry = entries[index];
    if (entry === undefined) return undefined;
    entries[index] = { ...entry, value };
    return { before: entry.value };
  }

  /** That process has ended. */
  forget(pid: Pid): void {
    for (const text of this.#held.get(pid.key) ?? []) this.#remove(text, pid);
    this.#held.delete(pid.key);
  }

  /** All processes of that node have ended. */
  forgetNode(node: NodeId): void {
    for (const { pid } of this.all()) if (pid.node === node) this.forget(pid);
  }

  whereis(key: unknown): Pid | undefined {
    return this.keys === 'unique' ? this.#entries.get(keyText(key))?.[0]?.pid : undefined;
  }

  lookup(key: unknown): readonly Entry[] {
    return [...(this.#entries.get(keyText(key)) ?? [])];
  }

  keysOf(pid: Pid): unknown[] {
    const entries = [...(this.#held.get(pid.key) ?? [])].flatMap((text) => this.#entries.get(text) ?? []);
    return entries.flatMap((entry) => (entry.pid.key === pid.key ? [entry.key] : []));
  }

  all(): Entry[] {
    return [...this.#entries.values()].flat();
  }

  #remove(text: string, pid: Pid): void {
    const kept = (this.#entries.get(text) ?? []).filter((entry) => entry.pid.key !== pid.key);
    if (kept.length === 0) this.#entries.delete(text);
    else this.#entries.set(text, kept);
  }
}

/** Keys are compared by content and type: 1 is not '1'. */
function keyText(key: unknown): string {
  return typeof key === 'bigint' ? `${key}n` : (JSON.stringify(key) ?? String(key));
}
