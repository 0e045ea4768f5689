/** From a spec to a process: how each type of spec is started, by whom, and as which kind of child. */
import type { ChildSpec, Restart } from '../../src/otp/child-spec.ts';
import { startDynamicChild, startDynamicSupervisorLink } from '../../src/otp/dynamic-supervisor.ts';
import { OperationFailed } from '../../src/otp/exit-reason.ts';
import { type StartOptions, startLink } from '../../src/otp/gen-server.ts';
import { type Pid, via } from '../../src/otp/pid.ts';
import type { Process } from '../../src/otp/process.ts';
import { startRegistryLink } from '../../src/otp/registry.ts';
import { startConsumerLink } from '../../src/otp/stage/consumer.ts';
import { startConsumerSupervisorLink, startPoolChild } from '../../src/otp/stage/consumer-supervisor.ts';
import { startProducerLink } from '../../src/otp/stage/producer.ts';
import type { StartResult } from '../../src/otp/start.ts';
import { startChild, startSupervisorLink } from '../../src/otp/supervisor.ts';
import { startTask } from '../../src/otp/task.ts';
import type { Json, Spec, SpecType, SupervisorReference } from './format.ts';
import { workerModule } from './server.ts';
import { consumerModule, producerModule, producerOptions, subscriptions } from './stage.ts';
import { startText } from './start-text.ts';
import { runTask, taskScript } from './task.ts';
import { UNKNOWN, type World } from './world.ts';

/** Starts the process of a spec, linked to `parent`. */
export async function startSpec(
  world: World,
  parent: Process,
  spec: Spec,
  argument?: Json,
): Promise<StartResult> {
  if (spec.type === 'task') world.declareTask(spec.name, argument);
  else world.declare(spec.name, spec.type);
  const result = await startProcess(world, parent, spec, argument);
  return result.type === 'ok' && spec.info !== undefined ? { ...result, info: spec.info } : result;
}

/** The spec of a child that is started by its supervisor, and started again. */
export function childSpec(world: World, spec: Spec, argument?: Json): ChildSpec {
  const restart: Restart | undefined = spec.restart ?? (spec.type === 'task' ? 'temporary' : undefined);
  return {
    id: String(spec.id ?? spec.name),
    start: (supervisor, ...extra) =>
      startSpec(world, supervisor, spec, (extra[0] as Json | undefined) ?? argument),
    type: isSupervisor(spec.type) ? 'supervisor' : 'worker',
    ...(restart === undefined ? {} : { restart }),
    ...(spec.shutdown === undefined ? {} : { shutdown: spec.shutdown }),
    ...(spec.significant === undefined ? {} : { significant: spec.significant }),
  };
}

/** Has a supervisor of whatever kind start a child; the outcome as text. */
export async function startChildOf(
  world: World,
  caller: Process,
  supervisor: SupervisorReference,
  spec: Spec | undefined,
  argument: Json | undefined,
): Promise<string> {
  const to = world.resolve(supervisor, caller);
  if (to === undefined) return UNKNOWN;
  const pid = world.runtime.whereis(to) as Pid<never> | undefined;
  if (pid === undefined) throw new OperationFailed('call', 'noproc');
  const type = world.typeOf(supervisor, pid);
  if (type === 'consumer_supervisor') {
    return startText(await startPoolChild(caller, pid, argument), world.terms);
  }
  if (spec === undefined) throw new Error(`start_child on a ${type} needs a spec`);
  const child = childSpec(world, spec, argument);
  if (type !== 'dynamic_supervisor') return startText(await startChild(caller, pid, child), world.terms);
  const result = await startDynamicChild(caller, pid, child);
  return result.type === 'pending' ? result.state : startText(result, world.terms);
}

function isSupervisor(type: SpecType): boolean {
  return type.endsWith('supervisor') || type === 'registry';
}

function startOptions(spec: Spec): StartOptions {
  const label = spec.name;
  if (spec.register !== undefined) return { label, name: spec.register };
  return spec.via === undefined ? { label } : { label, name: via(spec.via[0], spec.via[1], spec.via[2]) };
}

async function startProcess(
  world: World,
  parent: Process,
  spec: Spec,
  argument: Json | undefined,
): Promise<StartResult> {
  const options = startOptions(spec);
  const born = (self: Process): void => world.observe('init', world.nameOf(self.pid));
  switch (spec.type) {
    case 'worker':
      return startLink(parent, workerModule(world, spec, argument), argument, options);
    case 'task':
      return startTask(parent, (self) => runTask(world, self, taskScript(world, spec, argument, self)), {
        ...options,
        trapExit: spec.trap_exit ?? false,
      });
    case 'registry': {
      const { name, keys, listeners } = spec;
      const result = await startRegistryLink(parent, { name, keys, listeners: listeners ?? [] }, options);
      if (result.type === 'ok') world.observe('init', world.nameOf(result.pid));
      return result;
    }
    case 'supervisor':
      return startSupervisorLink(
        parent,
        {
          ...intensity(spec),
          children: spec.children.map((child) => childSpec(world, child)),
          ...(spec.strategy === undefined ? {} : { strategy: spec.strategy }),
          ...(spec.auto_shutdown === undefined ? {} : { autoShutdown: spec.auto_shutdown }),
          init(self) {
            born(self);
            return spec.ignore ? 'ignore' : 'ok';
          },
        },
        options,
      );
    case 'dynamic_supervisor':
      return startDynamicSupervisorLink(
        parent,
        {
          ...intensity(spec),
          ...(spec.max_children === undefined ? {} : { maxChildren: spec.max_children }),
          ...(spec.extra === undefined ? {} : { extraArguments: [spec.extra] }),
          init(self) {
            born(self);
            return spec.ignore ? 'ignore' : 'ok';
          },
        },
        options,
      );
    case 'consumer_supervisor':
      return startConsumerSupervisorLink(
        parent,
        {
          ...intensity(spec),
          child: (event: Json) => childSpec(world, spec.child, event),
          restart: spec.child.restart ?? 'temporary',
          subscribeTo: subscriptions(world, spec.subscribe_to),
          init: born,
        },
        options,
      );
    case 'producer':
      return startProducerLink(parent, producerModule(world, spec), argument, producerOptions(spec), options);
    case 'consumer':
      return startConsumerLink(
        parent,
        consumerModule(world, spec),
        argument,
        { subscribeTo: subscriptions(world, spec.subscribe_to), manual: spec.manual ?? false },
        options,
      );
  }
}

function intensity(spec: { readonly max_restarts?: number; readonly max_seconds?: number }): {
  maxRestarts?: number;
  maxSeconds?: number;
} {
  const { max_restarts: maxRestarts, max_seconds: maxSeconds } = spec;
  return {
    ...(maxRestarts === undefined ? {} : { maxRestarts }),
    ...(maxSeconds === undefined ? {} : { maxSeconds }),
  };
}
