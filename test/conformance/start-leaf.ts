/** From the spec of a process without children to the process, in the thread whose world it is given. */
import { type StartOptions, startLink } from '../../src/otp/gen-server.ts';
import { type LocalName, type NameAt, type Via, via } from '../../src/otp/pid.ts';
import type { Parent } from '../../src/otp/runtime.ts';
import { startConsumerLink } from '../../src/otp/stage/consumer.ts';
import { startProducerLink } from '../../src/otp/stage/producer.ts';
import type { StartResult } from '../../src/otp/start.ts';
import { startTask } from '../../src/otp/task.ts';
import { after } from './awaitable.ts';
import type { ConsumerSpec, Json, ProducerSpec, Spec, SpecType, TaskSpec, WorkerSpec } from './format.ts';
import { workerModule } from './server.ts';
import { consumerModule, producerModule, producerOptions, subscriptions } from './stage.ts';
import { runTask, taskScript } from './task.ts';
import type { World } from './world.ts';

export type LeafSpec = WorkerSpec | TaskSpec | ProducerSpec | ConsumerSpec;

/** Supervisors, pools and registries are on the main thread, whoever starts them. */
export function isLeaf(spec: Spec): spec is LeafSpec {
  return !isSupervisor(spec.type);
}

export function isSupervisor(type: SpecType): boolean {
  return type.endsWith('supervisor') || type === 'registry';
}

export async function startLeaf(
  world: World,
  parent: Parent,
  spec: LeafSpec,
  argument: Json | undefined,
): Promise<StartResult> {
  world.declare(spec.name, spec.type, argument);
  return withInfo(await startProcess(world, parent, spec, argument), spec);
}

/** The extra information that the start function of a spec returns. */
export function withInfo(result: StartResult, spec: Spec): StartResult {
  return result.type === 'ok' && spec.info !== undefined ? { ...result, info: spec.info } : result;
}

export function startOptions(world: World, spec: Spec): StartOptions {
  const label = spec.name;
  const name = (own: LocalName | Via) => world.names.destination(own) as LocalName | Via | NameAt;
  if (spec.register !== undefined) return { label, name: name(spec.register) };
  if (spec.via === undefined) return { label };
  return { label, name: name(via(spec.via[0], spec.via[1], spec.via[2])) };
}

function startProcess(
  world: World,
  parent: Parent,
  spec: LeafSpec,
  argument: Json | undefined,
): Promise<StartResult> {
  const options = startOptions(world, spec);
  switch (spec.type) {
    case 'worker':
      return startLink(parent, workerModule(world, spec, argument), argument, options);
    case 'task':
      return startTask(parent, (self) => runTask(world, self, taskScript(world, spec, argument)), {
        ...options,
        trapExit: spec.trap_exit ?? false,
      });
    case 'producer':
      return startProducerLink(parent, producerModule(world, spec), argument, producerOptions(spec), options);
    case 'consumer': {
      const start = (subscribeTo: Awaited<ReturnType<typeof subscriptions>>): Promise<StartResult> =>
        startConsumerLink(
          parent,
          consumerModule(world, spec),
          argument,
          { subscribeTo, manual: spec.manual ?? false },
          options,
        );
      return Promise.resolve(after(subscriptions(world, spec.subscribe_to), start));
    }
  }
}
