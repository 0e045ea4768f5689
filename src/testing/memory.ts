/**
 * The memory adapter of the tests: keeps what is sent, as `memory()` does, and what was recorded besides; and fails when
 * it is told to.
 *
 *     const adapter = memory();
 *     const app = await Application.start({ adapter, isolation: 'inline' });
 *     adapter.failNext(2, 'ServiceUnavailable');       // and goes through at the third attempt
 *     SignUp.record({ user: 'u-1' });
 *     await app.flush();
 *     adapter.recorded(SignUp);                        // [{ user: 'u-1' }]
 *     adapter.messages('signup');                      // what the handler made of it
 */
import {
  type InjectedFailure,
  MemoryDescriptor,
  type MemoryOptions,
  memory as memoryAdapter,
} from '../pipeline/adapter/memory.ts';
import type { RecordHandle } from '../pipeline/records.ts';

/** Throws `ERR_OPTIONS`. */
export function memory(options: MemoryOptions = {}): TestMemory {
  const { name, memory: shared } = memoryAdapter(options).options;
  return new TestMemory(name, shared);
}

export class TestMemory extends MemoryDescriptor {
  readonly #recorded = new Map<string, unknown[]>();

  /**
   * The events of a type that were accepted on the main thread, oldest first, and not cleared: as they were recorded,
   * with what its schema and its definition's context made of them. What is changed in an event later is not seen here.
   */
  recorded<Event, Args extends readonly unknown[]>(type: RecordHandle<Event, Args>): readonly Event[] {
    return [...(this.#recorded.get(type.name) ?? [])] as Event[];
  }

  /**
   * Lets the next `count` sends fail. A code stands for a temporary error, after which the adapter sends again; to have
   * records rejected for good, say so: `{ code: 'InvalidArgument', retryable: false }`.
   */
  override failNext(count: number, failure: string | InjectedFailure): void {
    super.failNext(count, typeof failure === 'string' ? { code: failure, retryable: true } : failure);
  }

  /** Forgets what was recorded and sent so far. */
  override clear(): void {
    super.clear();
    this.#recorded.clear();
  }

  /** Called by the application. */
  onRecorded(recordType: string, event: unknown): void {
    const events = this.#recorded.get(recordType);
    const kept = structuredClone(event);
    if (events === undefined) this.#recorded.set(recordType, [kept]);
    else events.push(kept);
  }
}
