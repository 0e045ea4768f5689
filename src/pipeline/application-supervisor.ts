/**
 * The root of the documented tree.
 *
 *     Application                      rest_for_one, 5 restarts in 10 s
 *     |- ServerSupervisor              one_for_one, 3 in 5 s
 *     |  `- DispatchServer
 *     |- Registry
 *     |- ConsumerDynamicSupervisor(D)  each child at its own expense
 *     |- ProducerSupervisor(D)         each child at its own expense
 *     `- RecordsSupervisor(D)          each child at its own expense
 *
 * Each child needs those to its left, and is rebuilt with them: a Registry that is new knows nobody, and a
 * ConsumerDynamicSupervisor that is new has no pools for the Producers to the right. What lies in the queues is not in
 * the tree, and DispatchServer has it fetched again.
 */
import type { Pid } from '../otp/pid.ts';
import type { Process } from '../otp/process.ts';
import { startRegistryLink } from '../otp/registry.ts';
import type { StartResult } from '../otp/start.ts';
import { startSupervisor } from '../otp/supervisor.ts';
import { startConsumerDynamicSupervisor } from './consumer-dynamic-supervisor.ts';
import type { Engine } from './engine.ts';
import { NAMES } from './names.ts';
import { startProducerSupervisor } from './producer-supervisor.ts';
import { startRecordsSupervisor } from './records-supervisor.ts';
import { startServerSupervisor } from './server-supervisor.ts';

export async function startApplicationSupervisor(engine: Engine): Promise<Pid> {
  const supervisor = (id: string, start: (self: Process) => Promise<StartResult>) => ({
    id,
    type: 'supervisor' as const,
    start,
  });
  const result = await startSupervisor(
    engine.runtime,
    {
      strategy: 'rest_for_one',
      maxRestarts: 5,
      maxSeconds: 10,
      children: [
        supervisor(NAMES.serverSupervisor, (self) => startServerSupervisor(self, engine)),
        supervisor(NAMES.registry, (self) =>
          startRegistryLink(self, { name: NAMES.registry, keys: 'unique' }),
        ),
        supervisor(NAMES.consumerDynamicSupervisor, (self) => startConsumerDynamicSupervisor(self, engine)),
        supervisor(NAMES.producerSupervisor, (self) => startProducerSupervisor(self, engine)),
        supervisor(NAMES.recordsSupervisor, (self) => startRecordsSupervisor(self, engine)),
      ],
    },
    { name: NAMES.application },
  );
  if (result.type !== 'ok') throw new Error(`the tree did not start: ${JSON.stringify(result)}`);
  return result.pid;
}
