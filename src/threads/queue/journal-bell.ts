/**
 * Waking the thread that keeps the journal of all queues of an application. Owns five words in a buffer of their own:
 *
 *     0   REST     0 awake, 1 dozing (a timer wakes it), 2 asleep     the journal, and whoever rings
 *     16  TICKET   counts the wake-ups; the journal sleeps on it      whoever rings
 *     32  KEPT     1: settled segments are left to the journal        the journal; the main thread when it is gone
 *     48  STORE    1: the store is open, or being opened              the journal; the main thread sleeps on it
 *     64  CLOSING  1: the process ends, the store is to be closed     the main thread
 *
 * The invariant (Dekker's): the journal says that it rests before it looks, a writer publishes before it looks whether
 * the journal rests; so at least one of them sees the other. It costs a writer one load while the journal is awake.
 */
import { changed, type Watch } from './wait.ts';

const REST = 0;
const TICKET = 16;
const KEPT = 32;
const STORE = 48;
const CLOSING = 64;
const WORDS = 80;

const AWAKE = 0;
const DOZING = 1;
const ASLEEP = 2;

/** Plain data, for any thread of the process. */
export type JournalHandle = SharedArrayBuffer;

export function createJournalBell(): JournalHandle {
  return new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT);
}

export class JournalBell {
  readonly #words: Int32Array;

  constructor(memory: JournalHandle) {
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

  /** Whether the store is open, or being opened: while it is, the thread must not be ended. */
  get isStoreOpen(): boolean {
    return Atomics.load(this.#words, STORE) === 1;
  }

  set isStoreOpen(open: boolean) {
    Atomics.store(this.#words, STORE, open ? 1 : 0);
    Atomics.notify(this.#words, STORE);
  }

  get isClosing(): boolean {
    return Atomics.load(this.#words, CLOSING) === 1;
  }

  /**
   * The process ends: has the journal commit what is left and close the store, and blocks this thread until it has.
   * False: it had not after so long.
   */
  closeAndBlock(timeoutMs: number): boolean {
    Atomics.store(this.#words, CLOSING, 1);
    this.ring();
    return !this.isStoreOpen || Atomics.wait(this.#words, STORE, 1, timeoutMs) !== 'timed-out';
  }

  /**
   * The journal rests until it is rung for, `asleep` by any event, `dozing` by what cannot wait; or for `limitMs`.
   * `isDue` is asked after it has said that it rests.
   */
  async rest(
    state: 'dozing' | 'asleep',
    { watch, limitMs, isDue }: { watch: Watch; limitMs: number | undefined; isDue: () => boolean },
  ): Promise<void> {
    const ticket = Atomics.load(this.#words, TICKET);
    Atomics.store(this.#words, REST, state === 'dozing' ? DOZING : ASLEEP);
    if (!isDue()) {
      const timer = limitMs === undefined ? undefined : watch.clock.setTimer(limitMs, () => this.ring());
      await changed(this.#words, TICKET, ticket, watch, isDue);
      timer?.clear();
    }
    Atomics.store(this.#words, REST, AWAKE);
  }
}
