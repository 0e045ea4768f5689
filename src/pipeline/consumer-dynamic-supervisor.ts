/**
 * ConsumerDynamicSupervisor (D): one ConsumerSupervisor for each record type, in that type's own thread.
 *
 * A Producer asks for it with its own pid. Each child is keyed by its record type: one that is there is kept, and the
 * pid in its arguments is brought up to date, so that a restart never subscribes to a Producer that is dead.
 */
import { type DynamicSupervisorOptions, startDynamicSupervisorLink } from '../otp/dynamic-supervisor.ts';
import type { Pid } from '../otp/pid.ts';
import type { Process } from '../otp/process.ts';
import type { StartResult } from '../otp/start.ts';
import type { Engine } from './engine.ts';
import { keyedBackoff } from './keyed-backoff.ts';
import { NAMES } from './names.ts';
import { startConsumerSupervisorAt } from './site/placement.ts';
import { typeNamed } from './types.ts';

export function startConsumerDynamicSupervisor(parent: Process, engine: Engine): Promise<StartResult> {
  const options: DynamicSupervisorOptions = {
    template({ recordType, producer }: { readonly recordType: string; readonly producer: Pid }) {
      const { placement, options } = typeNamed(engine, recordType);
      return {
        id: recordType,
        type: 'supervisor',
        start: (self) => startConsumerSupervisorAt(placement, self, producer),
        backoff: keyedBackoff(options.stableMs),
      };
    },
    onKeyed: (key, info) => engine.restarts.noteKeyed(NAMES.consumerDynamicSupervisor, key, info),
  };
  return startDynamicSupervisorLink(parent, options, { name: NAMES.consumerDynamicSupervisor });
}
