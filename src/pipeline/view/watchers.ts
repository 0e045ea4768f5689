/**
 * How many watch. While somebody does, processes measure how long their callbacks take; the last one who leaves ends
 * that, in all threads. A thread that starts meanwhile is told when it is next inspected.
 */
import type { Runtime } from '../../otp/runtime.ts';
import type { RecordType } from '../site/record-type.ts';

export class Watchers {
  readonly #runtime: Runtime;
  readonly #types: ReadonlyMap<string, RecordType>;
  #count = 0;

  constructor(runtime: Runtime, types: ReadonlyMap<string, RecordType>) {
    this.#runtime = runtime;
    this.#types = types;
  }

  get count(): number {
    return this.#count;
  }

  /** Begins to watch, until the function that it returns is called. */
  join(): () => void {
    this.#count++;
    this.#runtime.measuring = true;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#count--;
      if (this.#count === 0) this.#end();
    };
  }

  #end(): void {
    this.#runtime.measuring = false;
    // A thread that ends meanwhile measures nothing.
    for (const { placement } of this.#types.values())
      void placement.place?.control.inspect(false).catch(() => {});
  }
}
