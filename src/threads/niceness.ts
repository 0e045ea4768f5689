/**
 * How far a thread stands back where there are fewer cores than threads that want one: its niceness, which Linux has for
 * each thread and others for a whole process alone. What the thread starts (processes, threads) inherits it.
 */
import { access, readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

const NICENESS_MAX = 19;

/**
 * Makes the calling thread nicer by so much. Undefined: it is, or that cannot be had here.
 *
 * @returns why Linux did not let it.
 */
export function standBack(by: number): Error | undefined {
  if (by === 0 || process.platform !== 'linux') return undefined;
  try {
    const thread = threadIdOf(readlinkSync('/proc/thread-self'), process.pid);
    setPriority(thread, Math.min(NICENESS_MAX, getPriority(thread) + by));
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/**
 * Node's threads for files, names and hashes serve the whole process, and are started by the first that needs them, as nice
 * as that is. Called where nobody has stood back yet.
 */
export function startThreadPool(): void {
  access('/', () => {});
}

/**
 * The number of a thread that the link names, `<process>/task/<thread>`.
 *
 * @throws when the process is another one: then /proc counts otherwise than this process, and its numbers are somebody else's.
 */
export function threadIdOf(link: string, pid: number): number {
  const [, process, thread] = /^(\d+)\/task\/(\d+)$/.exec(link) ?? [];
  if (Number(process) !== pid) throw new Error(`/proc/thread-self is ${link}, in process ${pid}`);
  return Number(thread);
}
