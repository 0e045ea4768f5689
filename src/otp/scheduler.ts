/**
 * Who runs next: first in, first out, each for at most a slice of messages. Works in microtasks, so that a chain
 * of local messages costs no turn of the event loop, and lets the event loop in after `TURNS_PER_LOOP` messages.
 */
import { Ring } from '../base/ring.ts';
import type { Process } from './process.ts';

const SLICE = 64;
const TURNS_PER_LOOP = 1024;
/** Its reactions are microtasks, at half the cost of `queueMicrotask`, which makes an async resource for each. */
const RESOLVED = Promise.resolve();

export class Scheduler {
  readonly #ready = new Ring<Process>();
  #pumping = false;
  #used = 0;

  /** Nothing is able to run. A process that waits inside a callback is not able to run. */
  get idle(): boolean {
    return this.#ready.size === 0 && !this.#pumping;
  }

  schedule(process: Process): void {
    if (process.scheduled) return;
    process.scheduled = true;
    this.#ready.push(process);
    if (!this.#pumping) {
      this.#pumping = true;
      RESOLVED.then(this.#turn);
    }
  }

  readonly #turn = (): void => {
    try {
      this.#pump();
    } catch (error) {
      // A fault of a behaviour or an observer is an uncaught exception, not a promise that nobody handles.
      queueMicrotask(() => {
        throw error;
      });
    }
  };

  readonly #pump = (): void => {
    for (;;) {
      const process = this.#ready.shift();
      if (process === undefined) break;
      // It counts as scheduled while it runs: what it sends to itself does not queue it a second time.
      if (process.alive) this.#used += process.run(SLICE);
      process.scheduled = false;
      if (process.canRun) this.schedule(process);
      if (this.#used >= TURNS_PER_LOOP) {
        this.#used = 0;
        setImmediate(this.#pump);
        return;
      }
    }
    this.#pumping = false;
  };
}
