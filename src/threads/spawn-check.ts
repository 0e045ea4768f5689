/** Whether a worker thread can be started here at all, and how long that takes: for those who look for what is wrong. */
import { Worker } from 'node:worker_threads';
import type { Clock } from '../base/clock.ts';

export type SpawnCheck =
  | { readonly type: 'ok'; readonly tookMs: number }
  | { readonly type: 'failed'; readonly error: Error };

export function checkSpawn(clock: Clock): Promise<SpawnCheck> {
  const from = clock.now();
  return new Promise((resolve) => {
    try {
      const worker = new Worker('', { eval: true });
      worker.once('error', (error: Error) => resolve({ type: 'failed', error }));
      worker.once('exit', () => resolve({ type: 'ok', tookMs: clock.now() - from }));
    } catch (error) {
      resolve({ type: 'failed', error: error as Error });
    }
  });
}
