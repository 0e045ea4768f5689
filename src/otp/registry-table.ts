/**
 * The entries of one Registry: who holds which key, with a value beside it. Only living processes are in it: the
 * runtime takes a process out when it ends, before anyone hears of its end. Read directly, without asking the
 * registry's process, as an ETS table would be.
 */
import type { Pid } from './pid.ts';

export interface Entry {
  readonly key: unknown;
  readonly pid: Pid;
  readonly value: unknown;
}

export type RegistryKeys = 'unique' | 'duplicate';

export class RegistryTable {
  readonly keys: RegistryKeys;
  /** The registry's own process. */
  readonly pid: Pid;
  readonly #entries = new Map<string, Entry[]>();

  constructor(keys: RegistryKeys, pid: Pid) {
    this.keys = keys;
    this.pid = pid;
  }

  /** The holder that stands in the way, or undefined when the entry was made. */
  register(key: unknown, pid: Pid, value: unknown): Pid | undefined {
    const text = keyText(key);
    const entries = this.#entries.get(text);
    const holder = this.keys === 'unique' ? entries?.[0]?.pid : undefined;
    if (holder !== undefined) return holder;
    const entry: Entry = { key, pid, value: value ?? null };
    if (entries === undefined) this.#entries.set(text, [entry]);
    else entries.push(entry);
    return undefined;
  }

  /** Removes all entries of that key which that process holds. */
  unregister(key: unknown, pid: Pid): void {
    this.#keep(keyText(key), (entry) => entry.pid.key !== pid.key);
  }

  /** Sets a new value; undefined when that process does not hold the key. */
  update(key: unknown, pid: Pid, value: unknown): { readonly before: unknown } | undefined {
    const entries = this.#entries.get(keyText(key)) ?? [];
    const index = entries.findIndex((entry) => entry.pid.key === pid.key);
    const entry = entries[index];
    if (entry === undefined) return undefined;
    entries[index] = { ...entry, value };
    return { before: entry.value };
  }

  forget(pid: Pid): void {
    for (const text of [...this.#entries.keys()]) this.#keep(text, (entry) => entry.pid.key !== pid.key);
  }

  whereis(key: unknown): Pid | undefined {
    return this.keys === 'unique' ? this.#entries.get(keyText(key))?.[0]?.pid : undefined;
  }

  lookup(key: unknown): readonly Entry[] {
    return [...(this.#entries.get(keyText(key)) ?? [])];
  }

  keysOf(pid: Pid): unknown[] {
    return this.all().flatMap((entry) => (entry.pid.key === pid.key ? [entry.key] : []));
  }

  holds(pid: Pid): boolean {
    return this.all().some((entry) => entry.pid.key === pid.key);
  }

  all(): Entry[] {
    return [...this.#entries.values()].flat();
  }

  #keep(text: string, keeps: (entry: Entry) => boolean): void {
    const entries = this.#entries.get(text) ?? [];
    const kept = entries.filter(keeps);
    if (kept.length === 0) this.#entries.delete(text);
    else if (kept.length < entries.length) this.#entries.set(text, kept);
  }
}

/** Keys are compared by content and type: 1 is not '1'. */
function keyText(key: unknown): string {
  return typeof key === 'bigint' ? `${key}n` : (JSON.stringify(key) ?? String(key));
}
