/**
 * ServerSupervisor: keeps DispatchServer running, and with a spool Spool. one_for_one; its default intensity, three restarts in five seconds,
 * is the application's to answer for when it is exceeded.
 */
import type { ChildSpec } from '../otp/child-spec.ts';
import type { Process } from '../otp/process.ts';
import type { StartResult } from '../otp/start.ts';
import { startSupervisorLink } from '../otp/supervisor.ts';
import { startDispatchServer } from './dispatch-server.ts';
import type { Engine } from './engine.ts';
import { NAMES } from './names.ts';
import { startSpool } from './spool/spool.ts';

export function startServerSupervisor(parent: Process, engine: Engine): Promise<StartResult> {
  const children: ChildSpec[] = [
    { id: NAMES.dispatchServer, start: (self) => startDispatchServer(self, engine) },
  ];
  const { spool } = engine;
  if (spool !== undefined)
    children.push({ id: NAMES.spool, start: (self) => startSpool(self, engine, spool) });
  return startSupervisorLink(parent, { children }, { name: NAMES.serverSupervisor });
}
