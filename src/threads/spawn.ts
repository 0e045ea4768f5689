/**
 * Starts the worker behind a thread of this library. Needs nothing but itself: inside Node's `'exit'`, where nothing
 * can be loaded any more, a thread can still be started.
 */
import type { MessagePort, ResourceLimits, Worker } from 'node:worker_threads';
import type { NodeId } from '../otp/pid.ts';
import { type Entries, type Entry, entry } from './entries.ts';
import { threadExecArgv } from './exec-argv.ts';
import { workerThreads } from './worker-threads.ts';

/** What the entry of a thread is given. */
export interface ThreadData {
  readonly node: NodeId;
  readonly parent: NodeId;
  readonly port: MessagePort;
  readonly role: string;
  readonly argument: unknown;
}

/** Where every thread begins. */
const THREAD_ENTRY = entry('thread-entry.js', () => new URL('./thread-entry.js', import.meta.url));

/**
 * The URL of what a thread is for, as `spawn` takes it.
 *
 * @throws ThreadError `ERR_THREAD_ENTRY` when that is not there, or where every thread begins is not.
 */
export function roleUrl(entries: Entries, role: Entry): string {
  entries.find(THREAD_ENTRY);
  return entries.find(role);
}

export function spawn(
  name: string,
  data: ThreadData,
  entries: Entries,
  resourceLimits?: ResourceLimits,
): Worker {
  const { Worker } = workerThreads();
  return new Worker(new URL(entries.urlOf(THREAD_ENTRY)), {
    name,
    workerData: data,
    transferList: [data.port],
    execArgv: threadExecArgv(process.execArgv),
    ...(resourceLimits === undefined ? {} : { resourceLimits }),
  });
}

/** A thread that finds all it needs in its argument: this one reads nothing any more, and answers nothing. */
export function spawnUnheard(
  name: string,
  data: Omit<ThreadData, 'port'>,
  entries: Entries,
  resourceLimits?: ResourceLimits,
): void {
  const { MessageChannel } = workerThreads();
  spawn(name, { ...data, port: new MessageChannel().port2 }, entries, resourceLimits);
}
