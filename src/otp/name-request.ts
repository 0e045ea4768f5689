/**
 * What a node answers when another asks about its names: local ones, and those in its Registries. A name that is taken
 * is taken at once, before anything that is sent after the question is handled.
 */
import { unreachable } from '../base/assert.ts';
import { reasonOf } from './exit-reason.ts';
import type { NameTable } from './name-table.ts';
import type { LocalName, Pid, Via } from './pid.ts';
import { type RegistryTable, UnknownRegistry } from './registry-table.ts';
import type { NameRequest, Outcome } from './signal.ts';

type Registries = ReadonlyMap<LocalName, RegistryTable>;

export function answerNames(request: NameRequest, names: NameTable, registries: Registries): Outcome {
  switch (request.type) {
    case 'take':
      return typeof request.name === 'string'
        ? take(request.name, request.pid, names)
        : register(request.name, request.pid, registries);
    case 'give_up':
      return names.giveUp(request.name)
        ? { type: 'ok', value: undefined }
        : { type: 'failed', reason: 'badarg' };
    case 'whereis':
      return { type: 'ok', value: whereis(request.name, names, registries) };
    default:
      return unreachable(request, 'request about names');
  }
}

function take(name: LocalName, pid: Pid, names: NameTable): Outcome {
  if (names.take(name, pid)) return { type: 'ok', value: undefined };
  const holder = names.whereis(name);
  // The name is free, but that process has one.
  if (holder === undefined) return { type: 'failed', reason: 'badarg' };
  return { type: 'failed', reason: { type: 'already_started', pid: holder } };
}

/** The process will link to what the answer names: holders live and die with their registry. */
function register(name: Via, pid: Pid, registries: Registries): Outcome {
  const table = registries.get(name.registry);
  if (table === undefined) return { type: 'failed', reason: reasonOf(new UnknownRegistry(name.registry)) };
  const holder = table.add(name.key, pid, name.value);
  if (holder === undefined) return { type: 'ok', value: table.pid };
  return { type: 'failed', reason: { type: 'already_started', pid: holder } };
}

function whereis(name: LocalName | Via, names: NameTable, registries: Registries): Pid | undefined {
  return typeof name === 'string' ? names.whereis(name) : registries.get(name.registry)?.whereis(name.key);
}
