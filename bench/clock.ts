/** What the benchmarks read time from. */
import { readFileSync } from 'node:fs';
import { setImmediate, setTimeout } from 'node:timers/promises';

/** Milliseconds of the machine's monotonic clock: the same in all threads and processes. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function sleep(ms: number): Promise<void> {
  return setTimeout(ms);
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return setImmediate();
}

/** Milliseconds of CPU that the main thread has used. Linux keeps them by thread; elsewhere the process must do. */
export function mainThreadCpu(): number {
  try {
    const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    return processCpu();
  }
}

/** Milliseconds of CPU that all threads have used. */
export function processCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
