/**
 * The adapter that keeps everything in memory, for tests: sent from any number of threads, read on the main
 * thread. What a `send` has resolved for is visible to a reader at once, because both look at the same memory.
 */

import { entry } from '../../threads/entries.ts';
import { type InjectedFailure, InjectedFailures } from '../../threads/shared-failures.ts';
import { createSharedLog, MessageLog, type SharedLog, type StoredMessage } from '../../threads/shared-log.ts';
import type { AdapterDescriptor } from './adapter.ts';
import { type MemoryOptions, memorySchema } from './memory/options.ts';
import { parseOptions } from './options.ts';

export type { InjectedFailure } from '../../threads/shared-failures.ts';
export type { StoredMessage } from '../../threads/shared-log.ts';
export type { MemoryOptions } from './memory/options.ts';

const ENTRY = entry('memory/entry.js', () => new URL('./memory/entry.js', import.meta.url));

/**
 * ```ts
 * const adapter = memory();
 * const app = await Application.start({ adapter });
 * // ... record, await app.flush() ...
 * expect(adapter.messages('signup')).to.have.length(1);
 * ```
 * Throws `ERR_OPTIONS`.
 */
export function memory(options: MemoryOptions = {}): MemoryDescriptor {
  const { name, bytesMax } = parseOptions('memory()', memorySchema, options);
  return new MemoryDescriptor(name, createSharedLog(bytesMax));
}

/** The descriptor, which reads as well: its own fields are what a thread needs, the rest does not cross. */
export class MemoryDescriptor implements AdapterDescriptor {
  readonly module = ENTRY.beside;
  readonly entry = ENTRY.name;
  readonly options: { readonly name: string; readonly memory: SharedLog };
  readonly #log: MessageLog;
  readonly #failures: InjectedFailures;
  /** Frames that are not forgotten, by offset, with their messages once they were read. */
  readonly #frames = new Map<number, readonly StoredMessage[] | null>();
  #end = 0;

  constructor(name: string, shared: SharedLog) {
    this.options = { name, memory: shared };
    this.#log = new MessageLog(shared);
    this.#failures = new InjectedFailures(shared);
  }

  /**
   * All that has been sent and not been cleared, in one order that holds for each stream and each sender. Messages
   * of one send appear together.
   */
  messages(stream?: string): readonly StoredMessage[] {
    this.#read();
    const found: StoredMessage[] = [];
    for (const messages of this.#frames.values()) {
      for (const message of messages ?? []) {
        if (stream === undefined || message.stream === stream) found.push(message);
      }
    }
    return found;
  }

  /** Forgets what has been sent so far. A send under way at this moment will be seen. */
  clear(): void {
    this.#read();
    for (const [offset, messages] of this.#frames) {
      if (messages !== null) this.#frames.delete(offset);
    }
  }

  /**
   * Lets the next `count` sends fail, over all record types that use this adapter; each attempt to send again
   * counts as one. `Infinity` with `retryable: true` plays an outage until `recover`.
   */
  failNext(count: number, failure: InjectedFailure): void {
    this.#failures.add(count, failure);
  }

  /** Nothing fails any more. Sends that wait go through at their next attempt. */
  recover(): void {
    this.#failures.forget();
  }

  #read(): void {
    const { offsets, end } = this.#log.frames(this.#end);
    for (const offset of offsets) this.#frames.set(offset, null);
    this.#end = end;
    for (const [offset, messages] of this.#frames) {
      if (messages === null) this.#frames.set(offset, this.#log.messages(offset));
    }
  }
}
