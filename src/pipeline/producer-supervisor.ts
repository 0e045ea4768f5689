/**
 * ProducerSupervisor (D): one Producer for each record type, in that type's own thread.
 *
 * Each child is keyed by its record type. Its start waits for the type's thread, which the Record server brings up; so
 * a thread that hangs while it starts holds up nobody but its own type. While a Producer waits for its restart,
 * DispatchServer is told, and has the events dispatched without it.
 */
import { type DynamicSupervisorOptions, startDynamicSupervisorLink } from '../otp/dynamic-supervisor.ts';
import type { Process } from '../otp/process.ts';
import type { StartResult } from '../otp/start.ts';
import { tellDispatchServer } from './dispatch-server.ts';
import type { Engine } from './engine.ts';
import { keyedBackoff } from './keyed-backoff.ts';
import { NAMES } from './names.ts';
import { startProducerAt } from './site/placement.ts';
import { typeNamed } from './types.ts';

export function startProducerSupervisor(parent: Process, engine: Engine): Promise<StartResult> {
  const options: DynamicSupervisorOptions = {
    template({ recordType }: { readonly recordType: string }) {
      const { placement, options } = typeNamed(engine, recordType);
      return {
        id: recordType,
        start: (self) => startProducerAt(placement, self),
        backoff: keyedBackoff(options.stableMs),
      };
    },
    onKeyed(key, info) {
      engine.restarts.noteKeyed(NAMES.producerSupervisor, key, info);
      const waits = info === undefined || (info.dueInMs !== undefined && info.dueInMs > 0);
      tellDispatchServer(engine.runtime, {
        type: waits ? 'producer_waits' : 'producer_returns',
        recordType: key,
      });
    },
  };
  return startDynamicSupervisorLink(parent, options, { name: NAMES.producerSupervisor });
}
