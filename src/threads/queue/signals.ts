/**
 * The words by which the threads of an application tell each other what is no event. Owns DOOR, ATTENTION, EXITING
 * and READER_GENERATION of one queue; each has one writer and one reader (layout.ts), and stands by itself.
 */
import type { Cancellation } from '../../base/cancellation.ts';
import { requestFlush, ringIfAsleep } from './doorbell.ts';
import { DOOR, HEADER, type QueueHandle, QueueMemory } from './layout.ts';
import { changed, type Watch } from './wait.ts';

/** Whether events are taken, and whether a Record server is there for them. */
export type Door = 'unattended' | 'attended' | 'closed';
const DOORS: readonly Door[] = ['unattended', 'attended', 'closed'];

export class QueueSignals {
  readonly #memory: QueueMemory;

  constructor(handle: QueueHandle) {
    this.#memory = new QueueMemory(handle);
  }

  /** A queue begins unattended. Closed, it refuses every event and counts it. */
  get door(): Door {
    return DOORS[Atomics.load(this.#memory.words, HEADER.DOOR)] as Door;
  }

  set door(door: Door) {
    Atomics.store(this.#memory.words, HEADER.DOOR, DOORS.indexOf(door));
  }

  /** How many events were refused because the queue was full or closed. */
  get refused(): number {
    return this.#memory.refused - this.#memory.invalid;
  }

  /**
   * Main thread: resolves when an event was recorded while the door was unattended, or one was refused. The word is cleared first, so
   * what is recorded from then on calls again: look at the queue after this resolves, not before.
   */
  async attentionWanted(watch: Watch, signal?: AbortSignal): Promise<'wanted' | 'cancelled'> {
    const { words } = this.#memory;
    const cancel = () => Atomics.notify(words, HEADER.ATTENTION);
    signal?.addEventListener('abort', cancel);
    try {
      while (!signal?.aborted) {
        if (Atomics.exchange(words, HEADER.ATTENTION, 0) === 1) return 'wanted';
        await changed(words, HEADER.ATTENTION, 0, watch, () => Atomics.load(words, HEADER.ATTENTION) === 1);
      }
      return 'cancelled';
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** The process is on its way out: the reading thread, woken, runs the exit loop. Never taken back. */
  announceExit(): void {
    const { words } = this.#memory;
    Atomics.store(words, HEADER.EXITING, 1);
    Atomics.notify(words, HEADER.EXITING);
    requestFlush(this.#memory);
  }

  /** Reading thread: resolves when the process is on its way out, or nobody wants to hear of it any more. */
  async exitAnnounced(watch: Watch, end: Cancellation): Promise<'exiting' | 'cancelled'> {
    const { words } = this.#memory;
    // Who sleeps on a word keeps its memory for ever, if nobody wakes it.
    const cancel = () => Atomics.notify(words, HEADER.EXITING);
    end.onCancel(cancel);
    try {
      while (!this.exiting && !end.cancelled)
        await changed(words, HEADER.EXITING, 0, watch, () => this.exiting || end.cancelled);
      return this.exiting ? 'exiting' : 'cancelled';
    } finally {
      end.offCancel(cancel);
    }
  }

  /** Whatever is in the queue shall be fetched now: the reader's wait ends with `flush`. */
  requestFlush(): void {
    requestFlush(this.#memory);
  }

  get exiting(): boolean {
    return Atomics.load(this.#memory.words, HEADER.EXITING) === 1;
  }

  /**
   * Main thread, before it starts a reader: the generation for that reader. Every reader before it is fenced off
   * from this moment: it can neither claim, mark nor free any more, though its thread may still be stuck somewhere.
   * If it sleeps, it wakes and finds that out.
   */
  nextReaderGeneration(): number {
    const generation = Atomics.add(this.#memory.words, HEADER.READER_GENERATION, 1) + 1;
    ringIfAsleep(this.#memory);
    return generation;
  }
}

/** Writers, after publishing: one notification until the main thread has looked. */
export function callAttention(memory: QueueMemory): void {
  if (Atomics.load(memory.words, HEADER.DOOR) === DOOR.UNATTENDED) setAttention(memory);
}

/** Writers, after a refusal: the main thread says so in the log. A closed door refuses everything, and says nothing. */
export function tellRefusal(memory: QueueMemory): void {
  if (Atomics.load(memory.words, HEADER.DOOR) !== DOOR.CLOSED) setAttention(memory);
}

function setAttention({ words }: QueueMemory): void {
  // Set already: the main thread has yet to clear it, and looks at the queue only then.
  if (Atomics.load(words, HEADER.ATTENTION) === 1) return;
  if (Atomics.exchange(words, HEADER.ATTENTION, 1) === 0) Atomics.notify(words, HEADER.ATTENTION);
}
