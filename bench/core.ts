/** On which cores this process runs, as Linux has it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Keeps all threads of this process on one core while `measure` runs. Undefined, and nothing is measured, where that cannot
 * be done: it takes Linux and its `taskset`.
 */
export async function onOneCore<Value>(measure: () => Promise<Value>): Promise<Value | undefined> {
  const cores = allowedCores();
  const [first] = /^\d+/.exec(cores ?? '') ?? [];
  if (cores === undefined || first === undefined || !keepOn(first)) return undefined;
  try {
    return await measure();
  } finally {
    keepOn(cores);
  }
}

/** `0-1`, `0,2`. */
function allowedCores(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
}

/** False: there is no `taskset`. */
function keepOn(cores: string): boolean {
  try {
    execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(process.pid)]);
    return true;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ENOENT') return false;
    throw error;
  }
}
