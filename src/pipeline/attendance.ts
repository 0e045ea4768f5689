/**
 * Sees to it that what is recorded is fetched: hears when somebody records to a type whose Record server does not run,
 * or was refused, and asks RecordsSupervisor for the server. Nobody waits for it.
 */
import type { DynamicSupervisorSpec } from '../otp/dynamic-supervisor.ts';
import { startDynamicChildFor } from '../otp/dynamic-supervisor.ts';
import type { Pid } from '../otp/pid.ts';
import { RECHECK_MS } from '../threads/queue/index.ts';
import { tellDispatchServer } from './dispatch-server.ts';
import { NAMES } from './names.ts';
import type { RecordType } from './site/record-type.ts';
import { Refusals } from './telemetry/refusals.ts';

/** Until `end` is aborted. */
export async function attend(type: RecordType, end: AbortSignal): Promise<void> {
  const { clock } = type.engine;
  const refusals = new Refusals(type);
  while (!end.aborted) {
    const wanted = await type.signals.attentionWanted({ clock, recheckMs: RECHECK_MS }, end);
    if (wanted !== 'wanted') return;
    refusals.look();
    if (type.signals.door === 'unattended') startRecord(type);
  }
}

function startRecord({ name, engine: { runtime } }: RecordType): void {
  const supervisor = NAMES.recordsSupervisor as unknown as Pid<DynamicSupervisorSpec>;
  startDynamicChildFor(runtime, supervisor, { recordType: name }).catch(() => {
    // RecordsSupervisor is not there at this moment: when it is, DispatchServer looks at all queues.
    tellDispatchServer(runtime, { type: 'reconcile' });
  });
}
