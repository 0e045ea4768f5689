/**
 * A stream of tasks: one per item of a list, so many at a time. Owns: the tasks that run, each with its deadline. Of a
 * task that is done nothing is left in its owner's mailbox. Behaves as Elixir's Task.async_stream
 * (https://hexdocs.pm/elixir/Task.html#async_stream/3), for a whole list at once.
 */
import type { Ref } from './envelope.ts';
import { OperationFailed } from './exit-reason.ts';
import type { Process } from './process.ts';
import { remaining, startAsync, type Task, type TaskOutcome, takeOutcome } from './task.ts';

export interface StreamOptions<Item> {
  /** How many tasks run at once. Default 8. */
  readonly maxConcurrency?: number;
  /** For each task, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /** A task that takes longer is killed. With `exit`, the default, the whole fails too, and the others run on. */
  readonly onTimeout?: 'exit' | 'kill_task';
  /** The label of the task for an item. */
  readonly label?: (item: Item) => string;
}

const STREAM_CONCURRENCY = 8;

/**
 * Runs one linked task per item, so many at a time, and gives their outcomes in the order of the items. A task that
 * crashes takes its owner with it, unless the owner traps exits: then its outcome says so.
 */
export async function asyncStream<Item>(
  owner: Process,
  items: readonly Item[],
  run: (item: Item, self: Process) => unknown,
  options: StreamOptions<Item> = {},
): Promise<TaskOutcome[]> {
  const { maxConcurrency = STREAM_CONCURRENCY, timeoutMs = 5000, onTimeout = 'exit', label } = options;
  const { clock } = owner.runtime;
  const outcomes = new Array<TaskOutcome>(items.length);
  const running = new Map<Ref, { readonly index: number; readonly task: Task; readonly deadline: number }>();
  let next = 0;
  while (next < items.length || running.size > 0) {
    while (next < items.length && running.size < maxConcurrency) {
      const index = next++;
      const item = items[index] as Item;
      const task = startAsync(owner, (self) => run(item, self), { label: label?.(item) });
      running.set(task.ref, { index, task, deadline: clock.now() + timeoutMs });
    }
    const deadline = Math.min(...[...running.values()].map((entry) => entry.deadline));
    const ended = await takeOutcome(owner, running, remaining(owner, deadline));
    const entry = ended === undefined ? undefined : running.get(ended.ref);
    if (ended !== undefined && entry !== undefined) {
      running.delete(ended.ref);
      outcomes[entry.index] = ended.outcome;
      forget(owner, entry.task);
      continue;
    }
    for (const [ref, { index, task, deadline: due }] of running) {
      if (due > clock.now()) continue;
      running.delete(ref);
      discard(owner, task);
      outcomes[index] = { type: 'exit', reason: 'timeout' };
      if (onTimeout === 'kill_task') continue;
      for (const other of running.keys()) owner.demonitor(other, { flush: true });
      throw new OperationFailed('stream', 'timeout');
    }
  }
  return outcomes;
}

/** Ends a task whose value nobody wants any more. */
function discard(owner: Process, task: Task): void {
  owner.unlink(task.pid);
  owner.exit(task.pid, 'kill');
  forget(owner, task);
}

/** Leaves nothing of a task in its owner's mailbox. */
function forget(owner: Process, task: Task): void {
  owner.demonitor(task.ref, { flush: true });
  owner.unlink(task.pid);
  owner.flushExit(task.pid);
}
