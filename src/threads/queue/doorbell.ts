/**
 * Waking the reader. Owns the protocol on WANTED, TICKET and FLUSH; costs a writer one load while the reader is awake.
 *
 *     reader                                writer
 *     ticket = TICKET                       publish                         (store)
 *     WANTED = n           (store)          WANTED > 0?                     (load)
 *     enough there?  -> awake               WANTED - 1 was the last?        (sub)
 *     sleep until TICKET is not ticket      TICKET + 1, notify
 *
 * The invariant (Dekker's): the reader says that it sleeps before it looks, the writer publishes before it looks
 * whether the reader sleeps; so at least one of them sees the other. The reader sleeps for n events and is woken by
 * the one that completes them, not by each: n is 1 when the queue is empty, and what is missing to a full batch
 * while the Producer's timer runs.
 *
 * A writer that ends between publishing and counting leaves the count one too high; sealing its segment rings.
 */
import { HEADER, type QueueMemory } from './layout.ts';
import { changed, type Watch } from './wait.ts';

/** `fenced`: another reader has the queue; this one ends. */
export type Wake = 'events' | 'flush' | 'cancelled' | 'fenced';

/** A writer has published an event. */
export function countEvent(memory: QueueMemory): void {
  const { words } = memory;
  if (Atomics.load(words, HEADER.WANTED) > 0 && Atomics.sub(words, HEADER.WANTED, 1) === 1) ring(memory);
}

/** Wakes the reader if it sleeps, for it to look for itself. */
export function ringIfAsleep(memory: QueueMemory): void {
  if (Atomics.load(memory.words, HEADER.WANTED) > 0) ring(memory);
}

/** What is there shall be fetched now, full batch or not. */
export function requestFlush(memory: QueueMemory): void {
  Atomics.store(memory.words, HEADER.FLUSH, 1);
  ringIfAsleep(memory);
}

export interface Awaited {
  /** How many unclaimed events end the wait; at least 1. */
  readonly events: number;
  /** True when so many are there. Is called after WANTED has been stored. */
  readonly areThere: (events: number) => boolean;
  /** False when this reader has been replaced: the words are its successor's then. */
  readonly isCurrent: () => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Sleeps until there are events enough, a flush is asked for, or the signal cancels. One sleeper a queue. */
export async function awaitEvents(memory: QueueMemory, awaited: Awaited, watch: Watch): Promise<Wake> {
  const { words } = memory;
  const { events, areThere, isCurrent, signal } = awaited;
  const due = (): Wake | undefined => {
    if (signal?.aborted) return 'cancelled';
    if (Atomics.load(words, HEADER.FLUSH) === 1) return 'flush';
    return areThere(events) ? 'events' : undefined;
  };
  const cancel = () => ring(memory);
  signal?.addEventListener('abort', cancel);
  try {
    for (;;) {
      if (!isCurrent()) return 'fenced';
      const ticket = Atomics.load(words, HEADER.TICKET);
      Atomics.store(words, HEADER.WANTED, events);
      const wake = due();
      if (wake !== undefined) {
        Atomics.store(words, HEADER.WANTED, 0);
        if (wake === 'flush') Atomics.store(words, HEADER.FLUSH, 0);
        return wake;
      }
      await changed(words, HEADER.TICKET, ticket, watch, () => !isCurrent() || due() !== undefined);
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

function ring(memory: QueueMemory): void {
  Atomics.add(memory.words, HEADER.TICKET, 1);
  Atomics.notify(memory.words, HEADER.TICKET);
}
