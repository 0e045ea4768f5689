/**
 * `node:worker_threads` for what `import 'beamline'` loads: taken when it is used, because to import it costs 2 ms, and who
 * only defines record types has no thread.
 */
export type WorkerThreads = typeof import('node:worker_threads');

export function workerThreads(): WorkerThreads {
  return process.getBuiltinModule('node:worker_threads');
}
