/** From a spec to a process: how each type of spec is started, by whom, and as which kind of child. */
import type { ChildSpec, Restart } from '../../src/otp/child-spec.ts';
import { startDynamicChild, startDynamicSupervisorLink } from '../../src/otp/dynamic-supervisor.ts';
import type { Pid } from '../../src/otp/pid.ts';
import type { Process } from '../../src/otp/process.ts';
import { startRegistryLink } from '../../src/otp/registry.ts';
import type { Parent } from '../../src/otp/runtime.ts';
import { startConsumerSupervisorLink, startPoolChild } from '../../src/otp/stage/consumer-supervisor.ts';
import type { StartResult } from '../../src/otp/start.ts';
import { startChild, startSupervisorLink } from '../../src/otp/supervisor.ts';
import type { Json, Spec, SpecType } from './format.ts';
import type { HomeWorld } from './home-world.ts';
import { subscriptionsHere } from './stage.ts';
import { isLeaf, isSupervisor, type LeafSpec, startLeaf, startOptions, withInfo } from './start-leaf.ts';
import { startText } from './start-text.ts';

/** Starts the process of a spec on the main thread, linked to `parent`. */
export async function startHere(
  world: HomeWorld,
  parent: Parent,
  spec: Spec,
  argument: Json | undefined,
): Promise<StartResult> {
  if (isLeaf(spec)) return startLeaf(world, parent, spec, argument);
  world.declare(spec.name, spec.type, argument);
  return withInfo(await startSupervising(world, parent, spec), spec);
}

/** The spec of a child that is started by its supervisor, and started again. */
function childSpec(world: HomeWorld, spec: Spec, argument?: Json): ChildSpec {
  const restart: Restart | undefined = spec.restart ?? (spec.type === 'task' ? 'temporary' : undefined);
  return {
    id: String(spec.id ?? spec.name),
    start: (supervisor, ...extra) =>
      world.startSupervised(supervisor, spec, (extra[0] as Json | undefined) ?? argument),
    type: isSupervisor(spec.type) ? 'supervisor' : 'worker',
    ...(restart === undefined ? {} : { restart }),
    ...(spec.shutdown === undefined ? {} : { shutdown: spec.shutdown }),
    ...(spec.significant === undefined ? {} : { significant: spec.significant }),
  };
}

/** Has a supervisor of that type start a child; the outcome as text. */
export async function startChildOf(
  world: HomeWorld,
  caller: Process,
  supervisor: Pid<never>,
  type: SpecType | undefined,
  spec: Spec | undefined,
  argument: Json | undefined,
): Promise<string> {
  if (type === 'consumer_supervisor') {
    return startText(await startPoolChild(caller, supervisor, argument), world.terms);
  }
  if (spec === undefined) throw new Error(`start_child on a ${type} needs a spec`);
  const child = childSpec(world, spec, argument);
  if (type !== 'dynamic_supervisor') {
    return startText(await startChild(caller, supervisor, child), world.terms);
  }
  const result = await startDynamicChild(caller, supervisor, child);
  return result.type === 'pending' ? result.state : startText(result, world.terms);
}

async function startSupervising(
  world: HomeWorld,
  parent: Parent,
  spec: Exclude<Spec, LeafSpec>,
): Promise<StartResult> {
  const options = startOptions(world, spec);
  const born = (self: Process): void => world.observe('init', world.nameOf(self.pid));
  switch (spec.type) {
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
          subscribeTo: subscriptionsHere(world, spec.subscribe_to),
          init: born,
        },
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
