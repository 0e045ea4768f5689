/** The main thread's end of `fixture/adapter-thread.ts`. */
import { Worker } from 'node:worker_threads';
import type { AdapterDescriptor, WireMessage } from '../../src/pipeline/adapter/adapter.ts';
import { checkDescriptor } from '../../src/pipeline/adapter/descriptor.ts';
import type { Order, Settled } from './fixture/adapter-thread.ts';

export class AdapterThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (settled: Settled) => void>();
  readonly #failed: Promise<never>;
  #sends = 0;
  /** Called for each send of `sendForEver` that has resolved. */
  onSettled: (settled: Settled) => void = () => {};

  constructor(descriptor: AdapterDescriptor) {
    this.#worker = new Worker(new URL('./fixture/adapter-thread.js', import.meta.url), {
      workerData: checkDescriptor(descriptor).wire,
    });
    this.#failed = new Promise((_, reject) => this.#worker.once('error', reject));
    // A thread that fails while nothing is waited for fails the next send.
    this.#failed.catch(() => {});
    this.#worker.on('message', (settled: Settled) => {
      this.#waiting.get(settled.id)?.(settled);
      this.onSettled(settled);
    });
  }

  /** Resolves with the error's code, `null` when the send has resolved. */
  async send(stream: string, messages: WireMessage[]): Promise<string | null> {
    const id = this.#sends++;
    const settled = new Promise<Settled>((resolve) => this.#waiting.set(id, resolve));
    this.#order({ type: 'send', id, stream, messages });
    return (await Promise.race([settled, this.#failed])).code;
  }

  sendForEver(stream: string): void {
    this.#order({ type: 'send-for-ever', stream });
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #order(order: Order): void {
    this.#worker.postMessage(order);
  }
}
