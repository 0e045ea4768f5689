/**
 * Task: a process that runs one function and ends. Started by `async` it is linked to its owner, who may `await`
 * its value; the value, or the DOWN of its end, lies in the owner's mailbox until then. Behaves as Elixir's Task
 * (https://hexdocs.pm/elixir/Task.html).
 */
import { type Envelope, type Ref, type SystemMessage, systemEnvelope } from './envelope.ts';
import { type ExitReason, OperationFailed, reasonOf } from './exit-reason.ts';
import type { Pid } from './pid.ts';
import type { Behaviour, Process } from './process.ts';
import type { Parent, SpawnOptions } from './runtime.ts';
import type { StartResult } from './start.ts';

export type TaskFunction<Value> = (self: Process) => Value | Promise<Value>;

export interface Task {
  readonly pid: Pid;
  readonly ref: Ref;
}

export type TaskOutcome =
  | { readonly type: 'ok'; readonly value: unknown }
  | { readonly type: 'exit'; readonly reason: ExitReason };

export interface TaskOptions {
  readonly trapExit?: boolean;
  readonly label?: string | undefined;
  /** Only for a task that is started by `startTask`. */
  readonly name?: SpawnOptions['name'];
}

/** A process that runs `run` and ends `normal`; a failure of `run` is the reason of its end. */
export function taskBehaviour(
  run: TaskFunction<unknown>,
  options: TaskOptions & { readonly done?: (value: unknown) => void } = {},
): Behaviour {
  return {
    kind: 'task',
    start(process) {
      process.trapExit = options.trapExit ?? false;
      process.acknowledge({ type: 'ok', pid: process.pid });
      const finish = (value: unknown): void => {
        if (!process.alive) return;
        options.done?.(value);
        process.end('normal');
      };
      let result: unknown;
      try {
        result = run(process);
      } catch (thrown) {
        process.end(reasonOf(thrown));
        return;
      }
      if (!(result instanceof Promise)) return finish(result);
      return result.then(finish, (thrown: unknown) => process.end(reasonOf(thrown)));
    },
    receive() {},
  };
}

/** Starts a task as a linked child of `parent`; as a supervisor's child it is temporary unless its spec says else. */
export function startTask(
  parent: Parent,
  run: TaskFunction<unknown>,
  options: TaskOptions = {},
): Promise<StartResult> {
  return parent.runtime.startLink(parent, taskBehaviour(run, options), {
    label: options.label,
    name: options.name,
  });
}

/** Starts a linked task that `owner` can await. */
export function startAsync(owner: Process, run: TaskFunction<unknown>, options: TaskOptions = {}): Task {
  let ref = 0;
  const behaviour = taskBehaviour(run, {
    ...options,
    // Who has stopped waiting has stopped watching too: a late value is for nobody.
    done: (value) => {
      if (owner.monitors.has(ref)) owner.deliver(systemEnvelope({ type: 'task_result', ref, value }));
    },
  });
  const process = owner.runtime.spawn(behaviour, { parent: owner.pid, link: true, label: options.label });
  ref = owner.monitor(process.pid);
  return { pid: process.pid, ref };
}

/** The task's value. Fails with `timeout`, or with the reason of the task's end. */
export async function awaitTask(owner: Process, task: Task, timeoutMs = 5000): Promise<unknown> {
  const outcome = await yieldTask(owner, task, timeoutMs);
  if (outcome?.type === 'ok') return outcome.value;
  if (outcome === undefined) owner.demonitor(task.ref, { flush: true });
  throw new OperationFailed('await', outcome?.reason ?? 'timeout');
}

/** The values of several tasks, all within one timeout. Fails as soon as one of them does. */
export async function awaitMany(
  owner: Process,
  tasks: readonly Task[],
  timeoutMs = 5000,
): Promise<unknown[]> {
  const deadline = owner.runtime.clock.now() + timeoutMs;
  const open = new Map(tasks.map((task) => [task.ref, task]));
  const values = new Map<Ref, unknown>();
  while (open.size > 0) {
    const ended = await takeOutcome(owner, open, remaining(owner, deadline));
    if (ended?.outcome.type !== 'ok') {
      for (const ref of open.keys()) owner.demonitor(ref, { flush: true });
      throw new OperationFailed('await_many', ended?.outcome.reason ?? 'timeout');
    }
    open.delete(ended.ref);
    values.set(ended.ref, ended.outcome.value);
  }
  return tasks.map((task) => values.get(task.ref));
}

/** How the task ended, or undefined when it has not within `timeoutMs`; it can be asked again then. */
export async function yieldTask(
  owner: Process,
  task: Task,
  timeoutMs = 5000,
): Promise<TaskOutcome | undefined> {
  return (await takeOutcome(owner, new Map([[task.ref, task]]), timeoutMs))?.outcome;
}

/** As `yieldTask` for several tasks, the timeout being for all of them together; in the order given. */
export async function yieldMany(
  owner: Process,
  tasks: readonly Task[],
  timeoutMs = 5000,
): Promise<(TaskOutcome | undefined)[]> {
  const deadline = owner.runtime.clock.now() + timeoutMs;
  const outcomes: (TaskOutcome | undefined)[] = [];
  for (const task of tasks) outcomes.push(await yieldTask(owner, task, remaining(owner, deadline)));
  return outcomes;
}

/**
 * Ends the task and waits until it has ended. Its outcome if it had one, undefined when it ended because it was asked
 * to, the reason `noproc` when its outcome has been taken before.
 */
export async function shutdownTask(
  owner: Process,
  task: Task,
  shutdown: number | 'brutal_kill' = 5000,
): Promise<TaskOutcome | undefined> {
  const end = owner.monitor(task.pid);
  // The link goes first: the end that is asked for here must not reach the owner.
  owner.unlink(task.pid);
  owner.exit(task.pid, shutdown === 'brutal_kill' ? 'kill' : 'shutdown');
  const timeoutMs = shutdown === 'brutal_kill' ? Number.POSITIVE_INFINITY : shutdown;
  let reason = await owner.awaitDown(end, timeoutMs);
  if (reason === undefined) {
    owner.exit(task.pid, 'kill');
    reason = await owner.awaitDown(end);
  }
  const before = await yieldTask(owner, task, 0);
  owner.demonitor(task.ref, { flush: true });
  if (before?.type === 'ok') return before;
  if (reason === 'noproc' && before !== undefined) reason = before.reason;
  const asked = shutdown === 'brutal_kill' ? 'killed' : 'shutdown';
  return reason === undefined || reason === asked ? undefined : { type: 'exit', reason };
}

/** The first outcome of any of these tasks, taken from the mailbox or waited for. */
export async function takeOutcome(
  owner: Process,
  tasks: ReadonlyMap<Ref, unknown>,
  timeoutMs: number,
): Promise<{ readonly ref: Ref; readonly outcome: TaskOutcome } | undefined> {
  const envelope = await owner.take((candidate) => outcomeIn(candidate, tasks) !== undefined, timeoutMs);
  const message = envelope === undefined ? undefined : outcomeIn(envelope, tasks);
  if (message === undefined) return undefined;
  const { ref } = message;
  if (message.type === 'DOWN') return { ref, outcome: { type: 'exit', reason: message.reason } };
  owner.demonitor(ref, { flush: true });
  return { ref, outcome: { type: 'ok', value: message.value } };
}

type OutcomeMessage = Extract<SystemMessage, { readonly type: 'task_result' | 'DOWN' }>;

function outcomeIn(envelope: Envelope, tasks: ReadonlyMap<Ref, unknown>): OutcomeMessage | undefined {
  if (envelope.type !== 'system') return undefined;
  const { message } = envelope;
  const isOutcome = message.type === 'task_result' || message.type === 'DOWN';
  return isOutcome && tasks.has(message.ref) ? message : undefined;
}

/** Milliseconds until a moment of the runtime's clock; 0 when it has passed. */
export function remaining(owner: Process, deadline: number): number {
  return Math.max(0, deadline - owner.runtime.clock.now());
}
