/** What each step does (FORMAT.md, section 5), done by the driver or, if asynchronous, by a process of its own. */
import { Exit, OperationFailed } from '../../src/otp/exit-reason.ts';
import { at, type Destination, isPid, type Pid } from '../../src/otp/pid.ts';
import type { Process } from '../../src/otp/process.ts';
import { countEntries, dispatch, keysOf, lookup } from '../../src/otp/registry.ts';
import { subscribe } from '../../src/otp/stage/consumer.ts';
import { bufferedCount, getDemand, setDemand } from '../../src/otp/stage/producer.ts';
import { deleteChild, restartChild, terminateChild } from '../../src/otp/supervisor.ts';
import { taskBehaviour } from '../../src/otp/task.ts';
import { compactJson, sorted } from './compare.ts';
import type { Json, Operation, OperationName, Reference, SupervisorReference } from './format.ts';
import type { HomeWorld } from './home-world.ts';
import { subscriptionOptions } from './stage.ts';
import { type StartOutcome, startText } from './start-text.ts';
import { type SupervisorKind, supervisorKind } from './supervisor-kind.ts';
import { parseReason } from './term.ts';
import { UNKNOWN } from './world.ts';

/** Undefined is a step without a result. */
export type StepResult = Json | undefined;

type Awaitable<Value> = Value | Promise<Value>;
type Handlers = {
  readonly [Name in OperationName]: (
    world: HomeWorld,
    by: Process,
    step: Extract<Operation, { readonly op: Name }>,
  ) => Awaitable<StepResult>;
};

/** Does the operation; its failure is a result too. */
export async function operate(world: HomeWorld, by: Process, step: Operation): Promise<StepResult> {
  const handler = HANDLERS[step.op] as (
    world: HomeWorld,
    by: Process,
    step: Operation,
  ) => Awaitable<StepResult>;
  try {
    return await handler(world, by, step);
  } catch (thrown) {
    if (thrown instanceof OperationFailed) return { exit: world.terms.reason(thrown.failure) };
    if (thrown instanceof Exit) return { exit: world.terms.reason(thrown.reason) };
    return { error: world.terms.failure(thrown) };
  }
}

/** Has a process of its own do the operation and record its outcome. */
export function operateAside(world: HomeWorld, label: string, step: Operation): void {
  world.runtime.spawn(
    taskBehaviour(async (self) => {
      const result = await operate(world, self, step);
      if (self.alive) world.observe('async', label, result ?? null);
    }),
  );
}

const HANDLERS: Handlers = {
  start: async (world, by, { spec }) => startText(await world.start(by, spec), world.terms),
  call: (world, by, { to, do: script, timeout: timeoutMs = 5000 }) =>
    withTarget(world, to, async (target) => ({
      reply: world.terms.value(await by.call(target, { type: 'do', script }, { timeoutMs })),
    })),
  cast: (world, by, { to, do: script }) =>
    withTarget(world, to, (target) => {
      by.cast(target, { type: 'do', script });
      return 'ok';
    }),
  send: (world, by, { to, msg, do: script }) =>
    withTarget(world, to, (target) => {
      by.send(target, script === undefined ? msg : { type: 'do', script });
      return undefined;
    }),
  stop: (world, by, { to, reason = 'normal', timeout: timeoutMs = Number.POSITIVE_INFINITY }) =>
    withTarget(world, to, async (target) => {
      await by.stop(target, parseReason(reason), { timeoutMs });
      return 'ok';
    }),
  exit: (world, by, { to, reason, as }) =>
    withTarget(world, to, (target) => {
      const pid = world.runtime.whereis(target);
      if (pid === undefined) return undefined;
      if (as === 'parent') by.exit(pid, parseReason(reason));
      else world.runtime.exit(pid, parseReason(reason));
      return undefined;
    }),

  start_child: (world, by, { sup, spec, arg }) => world.startChild(by, sup, spec, arg),
  terminate_child: (world, by, { sup, id, child }) =>
    withSupervisor(world, sup, async (to, kind) => {
      if (child === undefined) return outcomeText(world, await terminateChild(by, to, String(id)));
      const target = world.resolve(child);
      if (target === undefined) return UNKNOWN;
      const pid = world.runtime.whereis(target);
      if (pid === undefined) return '{error,not_found}';
      return outcomeText(world, await kind.terminate(by, to, pid));
    }),
  restart_child: (world, by, { sup, id }) =>
    withSupervisor(world, sup, async (to) => outcomeText(world, await restartChild(by, to, String(id)))),
  delete_child: (world, by, { sup, id }) =>
    withSupervisor(world, sup, async (to) => outcomeText(world, await deleteChild(by, to, String(id)))),
  which_children: (world, by, { sup }) =>
    withSupervisor(world, sup, async (to, kind) => {
      const children = await kind.which(by, to);
      return sorted(
        children.map((child) => [
          child.id ?? 'undefined',
          child.pid === undefined ? 'undefined' : world.terms.text(child.pid),
          child.type,
        ]),
      );
    }),
  count_children: (world, by, { sup }) =>
    withSupervisor(world, sup, async (to, kind) => ({ ...(await kind.count(by, to)) })),

  whereis: (world, _by, { of }) =>
    withTarget(world, of, (target) => {
      const pid = world.runtime.whereis(target);
      return pid !== undefined && world.isAlive(pid) ? world.terms.text(pid) : null;
    }),
  alive: (world) => sorted(world.living()),
  sleep: async (_world, by, { ms }) => {
    await by.sleep(ms);
    return undefined;
  },

  lookup: (world, _by, { registry, key }) =>
    sorted(lookup(world.runtime, registry, key).map((entry) => world.terms.entry(entry))),
  match: (world, _by, { registry, key, value }) =>
    sorted(
      lookup(world.runtime, registry, key)
        .filter((entry) => compactJson(entry.value as Json) === compactJson(value))
        .map((entry) => world.terms.entry(entry)),
    ),
  keys: (world, _by, { registry, of }) =>
    withTarget(world, of, (target) => {
      const pid = world.runtime.whereis(target);
      const keys = pid === undefined ? [] : keysOf(world.runtime, registry, pid);
      return sorted(keys.map((key) => world.terms.value(key)));
    }),
  count: (world, _by, { registry }) => countEntries(world.runtime, registry),
  dispatch: (world, by, { registry, key, msg }) => {
    dispatch(world.runtime, registry, key, ({ pid }) => by.send(pid, msg));
    return 'ok';
  },

  subscribe: (world, by, step) =>
    withTarget(world, step.consumer, (consumer) =>
      withTarget(world, step.to, async (to) =>
        outcomeText(
          world,
          await subscribe(by, consumer, { to: anywhere(world, to), ...subscriptionOptions(step) }),
        ),
      ),
    ),
  demand: (world, by, { to, mode }) =>
    withTarget(world, to, async (target) => {
      if (mode === undefined) return getDemand(by, target);
      setDemand(by, target, mode);
      return 'ok';
    }),
  buffered: (world, by, { to }) => withTarget(world, to, (target) => bufferedCount(by, target)),
};

/** A destination that means the same to a process of any thread. */
function anywhere({ runtime }: HomeWorld, to: Destination): Destination {
  return isPid(to) || (typeof to === 'object' && to.type === 'at') ? to : at(runtime.node, to);
}

function withTarget(
  world: HomeWorld,
  reference: Reference,
  then: (target: Destination) => Awaitable<StepResult>,
): Awaitable<StepResult> {
  const target = world.resolve(reference);
  return target === undefined ? UNKNOWN : then(target);
}

function withSupervisor(
  world: HomeWorld,
  reference: SupervisorReference,
  then: (to: Pid<never>, kind: SupervisorKind) => Awaitable<StepResult>,
): Awaitable<StepResult> {
  return withTarget(world, reference, (target) => {
    const pid = world.runtime.whereis(target) as Pid<never> | undefined;
    if (pid === undefined) throw new OperationFailed('call', 'noproc');
    return then(pid, supervisorKind(world.typeOf(reference, pid)));
  });
}

function outcomeText(world: HomeWorld, outcome: StartOutcome | { readonly type: 'ok' }): string {
  return outcome.type === 'ok' && !('pid' in outcome)
    ? 'ok'
    : startText(outcome as StartOutcome, world.terms);
}
