/**
 * Registry: names for processes, beyond texts, with a value beside each; `unique` or `duplicate` keys. A process
 * started with `via(registry, key)` holds that key before its init runs; any process may take further keys.
 *
 * Owns: a table that is read without asking this process, and a partition: the process that the holders are linked
 * to. Stopping the registry sends them `shutdown`, killing it kills them; so it comes first in a tree whose strategy
 * rebuilds its users.
 * Behaves as Elixir's Registry (https://hexdocs.pm/elixir/Registry.html).
 */
import { OperationFailed } from './exit-reason.ts';
import {
  call,
  type GenServer,
  type ReplyOf,
  type Request,
  type StartOptions,
  start,
  startLink,
} from './gen-server.ts';
import { formatDestination, type LocalName, type NameAt, type Pid } from './pid.ts';
import type { Process } from './process.ts';
import {
  DuplicateKeys,
  type Entry,
  type RegistryKeys,
  RegistryTable,
  UnknownRegistry,
} from './registry-table.ts';
import { noreply, ok, refuse, reply, stop } from './result.ts';
import type { Parent, Runtime } from './runtime.ts';
import { shutdownChild } from './shutdown.ts';
import type { StartResult } from './start.ts';

export interface RegistryOptions {
  readonly name: LocalName;
  readonly keys: RegistryKeys;
  /** Local names that get a `RegistryEvent` for each registration and unregistration; not for deaths. */
  readonly listeners?: readonly LocalName[];
}

/** What a listener is sent. */
export type RegistryEvent =
  | {
      readonly type: 'register';
      readonly registry: LocalName;
      readonly key: unknown;
      readonly pid: Pid;
      readonly value: unknown;
    }
  | { readonly type: 'unregister'; readonly registry: LocalName; readonly key: unknown; readonly pid: Pid };

export type RegisterResult =
  | { readonly type: 'ok' }
  | { readonly type: 'already_registered'; readonly pid: Pid };

/** For processes of other nodes, which cannot read the table. */
export type RegistryCall =
  | Request<
      { readonly type: 'register'; readonly key: unknown; readonly value: unknown; readonly pid: Pid },
      RegisterResult
    >
  | Request<{ readonly type: 'unregister'; readonly key: unknown; readonly pid: Pid }, void>
  | Request<
      { readonly type: 'update'; readonly key: unknown; readonly value: unknown; readonly pid: Pid },
      { readonly before: unknown } | DuplicateKeys | undefined
    >
  | Request<{ readonly type: 'whereis'; readonly key: unknown }, Pid | undefined>;

export interface RegistrySpec {
  readonly argument: RegistryOptions;
  readonly state: RegistryTable;
  readonly call: RegistryCall;
}

export function startRegistry(
  runtime: Runtime,
  options: RegistryOptions,
  startOptions: StartOptions = {},
): Promise<StartResult<RegistrySpec>> {
  return start(runtime, registry, options, { ...startOptions, name: options.name });
}

export function startRegistryLink(
  parent: Parent,
  options: RegistryOptions,
  startOptions: StartOptions = {},
): Promise<StartResult<RegistrySpec>> {
  return startLink(parent, registry, options, { ...startOptions, name: options.name });
}

/** Takes a key for the calling process itself. */
export function register(
  self: Process,
  name: LocalName,
  key: unknown,
  value: unknown = null,
): RegisterResult {
  const holder = table(self.runtime, name).register(key, self, value);
  return holder === undefined ? { type: 'ok' } : { type: 'already_registered', pid: holder };
}

/** Gives up all the caller's own entries of a key; those of others stay. */
export function unregister(self: Process, name: LocalName, key: unknown): void {
  table(self.runtime, name).unregister(key, self);
}

/** Changes the value of the caller's own entry, in a registry of unique keys; undefined when it has none. */
export function update(
  self: Process,
  name: LocalName,
  key: unknown,
  value: unknown,
): { readonly before: unknown } | undefined {
  return table(self.runtime, name).update(key, self.pid, value);
}

/** As `register`, in a registry of another node. */
export function registerAt(
  self: Process,
  registry: NameAt,
  key: unknown,
  value: unknown = null,
): Promise<RegisterResult> {
  return ask(self, registry, { type: 'register', key, value, pid: self.pid });
}

/** As `unregister`, in a registry of another node. */
export function unregisterAt(self: Process, registry: NameAt, key: unknown): Promise<void> {
  return ask(self, registry, { type: 'unregister', key, pid: self.pid });
}

/** As `update`, in a registry of another node. */
export async function updateAt(
  self: Process,
  registry: NameAt,
  key: unknown,
  value: unknown,
): Promise<{ readonly before: unknown } | undefined> {
  const updated = await ask(self, registry, { type: 'update', key, value, pid: self.pid });
  if (updated instanceof Error) throw updated;
  return updated;
}

async function ask<const Message extends RegistryCall>(
  self: Process,
  registry: NameAt,
  message: Message,
): Promise<ReplyOf<RegistryCall, Message['type']>> {
  try {
    return await call(self, registry as unknown as Pid<RegistrySpec>, message);
  } catch (error) {
    if (error instanceof OperationFailed && error.failure === 'noproc')
      throw new UnknownRegistry(formatDestination(registry));
    throw error;
  }
}

export function lookup(runtime: Runtime, name: LocalName, key: unknown): readonly Entry[] {
  return table(runtime, name).lookup(key);
}

export function keysOf(runtime: Runtime, name: LocalName, pid: Pid): readonly unknown[] {
  return table(runtime, name).keysOf(pid);
}

export function countEntries(runtime: Runtime, name: LocalName): number {
  return table(runtime, name).all().length;
}

/** Calls `send` for each holder of a key. */
export function dispatch(
  runtime: Runtime,
  name: LocalName,
  key: unknown,
  send: (entry: Entry) => void,
): void {
  for (const entry of table(runtime, name).lookup(key)) send(entry);
}

function table(runtime: Runtime, name: LocalName): RegistryTable {
  const found = runtime.registries.get(name);
  if (found === undefined) throw new UnknownRegistry(name);
  return found;
}

const KEYS: readonly RegistryKeys[] = ['unique', 'duplicate'];

const registry: GenServer<RegistrySpec> = {
  kind: 'registry',
  trapExit: true,

  async init(options, self) {
    const { runtime } = self;
    if (!KEYS.includes(options.keys))
      return refuse({ type: 'bad_opts', message: `keys must be unique or duplicate, got ${options.keys}` });
    const started = await startLink(self, partition, undefined);
    if (started.type !== 'ok') return started.type === 'ignore' ? started : refuse(started.reason);
    const entries = new RegistryTable(options.keys, started.pid, (event) => {
      for (const listener of options.listeners ?? [])
        runtime.send(listener, { ...event, registry: options.name });
    });
    runtime.registries.set(options.name, entries);
    const holding = runtime.find(started.pid);
    if (holding === undefined) return refuse('noproc');
    // The names are gone with the process that their holders are linked to: nobody can register in between.
    holding.onEnd = () => {
      if (runtime.registries.get(options.name) === entries) runtime.registries.delete(options.name);
    };
    return ok(entries);
  },

  handleCall: {
    register({ key, value, pid }, entries, _from, self) {
      const holder = entries.add(key, pid, value);
      if (holder !== undefined) return reply({ type: 'already_registered', pid: holder }, entries);
      const linked = self.runtime.find(entries.pid);
      if (linked !== undefined) self.runtime.link(linked, pid);
      return reply({ type: 'ok' }, entries);
    },
    unregister({ key, pid }, entries, _from, self) {
      const holding = self.runtime.find(entries.pid);
      if (entries.remove(key, pid) === 'last' && holding !== undefined) self.runtime.unlink(holding, pid);
      return reply(undefined, entries);
    },
    update({ key, value, pid }, entries) {
      try {
        return reply(entries.update(key, pid, value), entries);
      } catch (error) {
        // The caller's mistake, and the caller's to hear of.
        if (error instanceof DuplicateKeys) return reply(error, entries);
        throw error;
      }
    },
    whereis: ({ key }, entries) => reply(entries.whereis(key), entries),
  },

  handleInfo(message, entries) {
    // Without its partition it holds nobody any more.
    if (message.type === 'EXIT' && message.from.key === entries.pid.key) return stop(message.reason, entries);
    return noreply(entries);
  },

  // Holders hear `shutdown` whatever the registry itself ends of.
  terminate: (_reason, entries, self) => shutdownChild(self, entries.pid, PARTITION_SHUTDOWN_MS),
};

const PARTITION_SHUTDOWN_MS = 5000;

/** What the holders are linked to: a process of its own, so that the registry's end, however it comes, is orderly. */
const partition: GenServer<{ readonly argument: undefined }> = {
  kind: 'registry partition',
  trapExit: true,
  init: () => ok(undefined),
};
