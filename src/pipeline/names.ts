/** The names of the documented tree's processes: local names on the main thread, and keys in the Registry. */
import { call } from '../otp/gen-server.ts';
import { at, type NodeId, type Pid } from '../otp/pid.ts';
import type { Process } from '../otp/process.ts';
import type { RegistrySpec } from '../otp/registry.ts';

export const NAMES = {
  application: 'Application',
  serverSupervisor: 'ServerSupervisor',
  dispatchServer: 'DispatchServer',
  spool: 'Spool',
  registry: 'Registry',
  consumerDynamicSupervisor: 'ConsumerDynamicSupervisor',
  producerSupervisor: 'ProducerSupervisor',
  recordsSupervisor: 'RecordsSupervisor',
} as const;

export type RegistryRole = 'record' | 'producer' | 'consumer_supervisor';

export function registryKey(role: RegistryRole, recordType: string): readonly [RegistryRole, string] {
  return [role, recordType];
}

/** Registers the calling process with the Registry of the main thread, wherever it runs itself. */
export async function registerAt(
  self: Process,
  main: NodeId,
  role: RegistryRole,
  recordType: string,
): Promise<'ok' | Pid> {
  const result = await call(self, registryAt(main), {
    type: 'register',
    key: registryKey(role, recordType),
    value: null,
    pid: self.pid,
  });
  return result.type === 'ok' ? 'ok' : result.pid;
}

/** Who holds a role, as the Registry of the main thread has it. */
export function whereisAt(
  self: Process,
  main: NodeId,
  role: RegistryRole,
  recordType: string,
): Promise<Pid | undefined> {
  return call(self, registryAt(main), { type: 'whereis', key: registryKey(role, recordType) });
}

function registryAt(main: NodeId): Pid<RegistrySpec> {
  return at(main, NAMES.registry) as unknown as Pid<RegistrySpec>;
}
