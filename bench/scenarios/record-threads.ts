/**
 * Two threads that record into one type, beside one thread alone; nobody reads. Both start each slice together, by a
 * shared word, and slices are shorter than what the system gives a thread at a time: so a busy machine spoils few.
 */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { startOnNull } from '../application.ts';
import { Held } from '../record-types/plain.ts';
import { ARRIVED, GO, READY, type RecordingTask, SLICE } from '../recording-worker.ts';
import { median, rowOf } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { Records } from '../shipped.ts';

const ROUNDS = 5;
const SLICES = 100;

export const recordThreads: Scenario = {
  name: 'record-threads',
  async run() {
    const app = await startOnNull();
    const words = new Int32Array(new SharedArrayBuffer(64));
    const times = new Float64Array(new SharedArrayBuffer(16));
    const url = new URL('../recording-worker.js', import.meta.url);
    const workers = [0, 1].map((index) => {
      const task: RecordingTask = { index, words, times, handle: Records.share() };
      return new Worker(url, { workerData: task });
    });
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    const ours: number[] = [];
    const theirs: number[] = [];
    let slices = 0;
    for (let round = -1; round < ROUNDS; round++) {
      const alone: number[] = [];
      const together: number[] = [];
      for (let i = 0; i < SLICES; i++) {
        alone.push(slice(words, times, ++slices, [i % 2]));
        together.push(slice(words, times, ++slices, [0, 1]));
      }
      if (round < 0) continue;
      ours.push((2 * SLICE) / median(together) / 1000);
      theirs.push(SLICE / median(alone) / 1000);
    }
    const { accepted, refused } = Held.stats();
    // Every slice by one thread is followed by one by both.
    const recorded = (slices / 2) * 3 * SLICE;
    check(accepted === recorded, `${recorded - accepted} of ${recorded} updates were lost`);
    check(refused === 0, `${refused} were refused`);
    await Promise.all(workers.map((worker) => worker.terminate()));
    await app.stop({ timeoutMs: 1 });
    return [
      rowOf({
        scenario: 'record-threads, 2',
        yardstick: '1 thread',
        unit: 'million events/s',
        target: { type: 'ratio_at_least', ratio: 1.7 },
        ours,
        theirs,
      }),
    ];
  },
};

/** Lets the threads record one slice each, and gives the milliseconds that the slower one took. */
function slice(words: Int32Array, times: Float64Array, number: number, threads: readonly number[]): number {
  const who = threads.reduce((bits, index) => bits | (1 << index), 0);
  Atomics.store(words, READY, 0);
  Atomics.store(words, ARRIVED, 0);
  Atomics.store(words, GO, (number << 2) | who);
  Atomics.notify(words, GO);
  let done = 0;
  while (done < threads.length) {
    Atomics.wait(words, READY, done);
    done = Atomics.load(words, READY);
  }
  return Math.max(...threads.map((index) => times[index] as number));
}
