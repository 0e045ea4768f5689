/**
 * A thread that records into the type `Held` whenever it is told to: the other side of the scenario `record-threads`.
 *
 *     GO       number of the slice, and two bits: who shall record it. The scenario writes, threads sleep on it
 *     ARRIVED  how many are about to begin: each waits for the others, so that they record at the same time
 *     READY    how many have recorded. Threads add, the scenario sleeps on it
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { RecordsHandle } from '../src/index.ts';
import { now } from './clock.ts';
import { Held } from './record-types/plain.ts';
import { Records } from './shipped.ts';
import { standardEvents } from './standard-event.ts';

export const GO = 0;
export const ARRIVED = 1;
export const READY = 2;
export const SLICE = 2000;

export interface RecordingTask {
  readonly index: number;
  readonly words: Int32Array;
  /** Milliseconds that the last slice took, by thread. */
  readonly times: Float64Array;
  readonly handle: RecordsHandle;
}

function work({ index, words, times, handle }: RecordingTask): void {
  const events = standardEvents();
  Records.attach(handle);
  parentPort?.postMessage('ready');
  let go = 0;
  for (;;) {
    Atomics.wait(words, GO, go);
    go = Atomics.load(words, GO);
    if ((go & (1 << index)) === 0) continue;
    const threads = (go & 3) === 3 ? 2 : 1;
    Atomics.add(words, ARRIVED, 1);
    while (Atomics.load(words, ARRIVED) < threads);
    const start = now();
    for (let i = 0; i < SLICE; i++) Held.record(events[i % events.length]);
    times[index] = now() - start;
    Atomics.add(words, READY, 1);
    Atomics.notify(words, READY);
  }
}

if (workerData !== null) work(workerData as RecordingTask);
