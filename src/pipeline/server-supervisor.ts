/**
 * ServerSupervisor: keeps DispatchServer running. one_for_one; its default intensity, three restarts in five seconds,
 * is the application's to answer for when it is exceeded.
 */
import type { Process } from '../otp/process.ts';
import type { StartResult } from '../otp/start.ts';
import { startSupervisorLink } from '../otp/supervisor.ts';
import { startDispatchServer } from './dispatch-server.ts';
import type { Engine } from './engine.ts';
import { NAMES } from './names.ts';

export function startServerSupervisor(parent: Process, engine: Engine): Promise<StartResult> {
  return startSupervisorLink(
    parent,
    { children: [{ id: NAMES.dispatchServer, start: (self) => startDispatchServer(self, engine) }] },
    { name: NAMES.serverSupervisor },
  );
}
