/**
 * RecordsSupervisor (D): one Record server for each record type that has recorded.
 *
 * Each child is keyed by its record type and has a restart budget of its own, so that one type never ends another. When
 * this supervisor itself is killed, its successor begins empty, and DispatchServer asks for the types again.
 */
import { type DynamicSupervisorOptions, startDynamicSupervisorLink } from '../otp/dynamic-supervisor.ts';
import type { Process } from '../otp/process.ts';
import type { StartResult } from '../otp/start.ts';
import type { Engine } from './engine.ts';
import { keyedBackoff } from './keyed-backoff.ts';
import { NAMES } from './names.ts';
import { startRecord } from './record.ts';
import { typeNamed } from './types.ts';

export function startRecordsSupervisor(parent: Process, engine: Engine): Promise<StartResult> {
  const options: DynamicSupervisorOptions = {
    template({ recordType }: { readonly recordType: string }) {
      const type = typeNamed(engine, recordType);
      return {
        id: recordType,
        start: (self) => startRecord(self, type),
        backoff: keyedBackoff(type.options.stableMs),
      };
    },
    onKeyed: (key, info) => engine.restarts.noteKeyed(NAMES.recordsSupervisor, key, info),
  };
  return startDynamicSupervisorLink(parent, options, { name: NAMES.recordsSupervisor });
}
