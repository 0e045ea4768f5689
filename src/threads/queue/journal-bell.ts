/**
 * Waking the thread that keeps the journal of all queues of an application. Owns three words in a buffer of their own:
 *
 *     0   REST     0 awake, 1 dozing (a timer wakes it), 2 asleep        the journal stores, whoever rings exchanges
 *     16  TICKET   counts the wake-ups; the journal sleeps on it         whoever rings
 *     32  KEPT     1: settled segments are left to the journal           the journal, and the main thread when it is gone
 *
 * The invariant (Dekker's): the journal says that it rests before it looks, a writer publishes before it looks whether
 * the journal rests; so at least one of them sees the other. It costs a writer one load while the journal is awake.
 */
import { changed, type Watch } from './wait.ts';

const REST = 0;
const TICKET = 16;
const KEPT = 32;
const WORDS = 48;

const AWAKE = 0;
const DOZING = 1;
const ASLEEP = 2;

export function createJournalBell(): SharedArrayBuffer {
  return new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT);
}

export class JournalBell {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** A writer has published an event: wakes a journal that sleeps. One that dozes finds it in time. */
  ringForEvent(): void {
    if (Atomics.load(this.#words, REST) === ASLEEP) this.ring();
  }

  /** What cannot wait: a confirmation of a commit, memory that an event was refused for, or that could be given back. */
  ringIfResting(): void {
    if (Atomics.load(this.#words, REST) !== AWAKE) this.ring();
  }

  ring(): void {
    Atomics.store(this.#words, REST, AWAKE);
    Atomics.add(this.#words, TICKET, 1);
    Atomics.notify(this.#words, TICKET);
  }

  /** Whether settled segments are left to the journal. */
  get isKept(): boolean {
    return Atomics.load(this.#words, KEPT) === 1;
  }

  set isKept(kept: boolean) {
    Atomics.store(this.#words, KEPT, kept ? 1 : 0);
  }

  /**
   * The journal rests until it is rung for: `asleep` for any event, `dozing` for what cannot wait, and for at most
   * `dozeMs`. `isDue` is asked after it has said that it rests.
   */
  async rest(state: 'dozing' | 'asleep', watch: Watch, dozeMs: number, isDue: () => boolean): Promise<void> {
    const ticket = Atomics.load(this.#words, TICKET);
    Atomics.store(this.#words, REST, state === 'dozing' ? DOZING : ASLEEP);
    if (isDue()) {
      Atomics.store(this.#words, REST, AWAKE);
      return;
    }
    const timer = state === 'dozing' ? watch.clock.setTimer(dozeMs, () => this.ring()) : undefined;
    await changed(this.#words, TICKET, ticket, watch, isDue);
    timer?.clear();
    Atomics.store(this.#words, REST, AWAKE);
  }
}
