/**
 * Starts the worker behind a thread of this library. Needs nothing but itself: inside Node's `'exit'`, where nothing
 * can be loaded any more, a thread can still be started.
 */
import type { MessagePort, ResourceLimits, Worker } from 'node:worker_threads';
import type { NodeId } from '../otp/pid.ts';
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
export const THREAD_ENTRY = new URL('./thread-entry.js', import.meta.url);

export function spawn(name: string, data: ThreadData, resourceLimits?: ResourceLimits): Worker {
  const { Worker } = workerThreads();
  return new Worker(THREAD_ENTRY, {
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
  resourceLimits?: ResourceLimits,
): void {
  const { MessageChannel } = workerThreads();
  spawn(name, { ...data, port: new MessageChannel().port2 }, resourceLimits);
}
