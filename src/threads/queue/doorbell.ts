/**
 * Waking the reader. Owns the protocol on WANTED, TICKET and FLUSH; costs a writer one load while the reader is awake.
 *
 *     reader                                writer
 *     ticket = TICKET                       publish                         (store)
 *     WANTED = n           (store)          WANTED > 0?                     (load)
 *     count them: n?       -> awake         WANTED - 1: was it the last?    (sub)
 *     WANTED - counted     (sub)            TICKET + 1, notify
 *       none left?         -> count again
 *     sleep until TICKET is not ticket
 *
 * The invariant (Dekker's): the reader says that it sleeps before it looks, the writer publishes before it looks
 * whether the reader sleeps; so at least one of them sees the other. The reader sleeps for n events and is woken by
 * the one that completes them, not by each: n is 1 when the queue is empty, and a full batch while the Producer's
 * timer runs. An event may be counted by both sides, the reader is then woken too early and counts again; none is
 * counted by neither.
 *
 * A writer that ends between publishing and counting leaves the count one too high; sealing its segment rings.
 */
import type { Cancellation } from '../../base/cancellation.ts';
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
  /** How many are there; may stop counting at `limit`. Is called after WANTED has been stored. */
  readonly there: (limit: number) => number;
  /** False when this reader has been replaced: the words are its successor's then. */
  readonly isCurrent: () => boolean;
  readonly cancellation?: Cancellation | undefined;
}

/**
 * Sleeps until there are events enough, a flush is asked for, or it is cancelled. One sleeper a queue; one that was
 * cancelled may still be on its way up when the next one lies down.
 */
export async function awaitEvents(memory: QueueMemory, awaited: Awaited, watch: Watch): Promise<Wake> {
  const { words } = memory;
  const { events, there, isCurrent, cancellation } = awaited;
  const calledFor = (): Wake | undefined => {
    if (!isCurrent()) return 'fenced';
    if (cancellation?.cancelled) return 'cancelled';
    return Atomics.load(words, HEADER.FLUSH) === 1 ? 'flush' : undefined;
  };
  const isDue = () => calledFor() !== undefined || there(events) >= events;
  const cancel = () => ring(memory);
  cancellation?.onCancel(cancel);
  try {
    for (;;) {
      if (!isCurrent()) return 'fenced';
      // WANTED is left alone: it may be the next sleeper's by now, and if it is not, it costs a writer one ring.
      if (cancellation?.cancelled) return 'cancelled';
      const ticket = Atomics.load(words, HEADER.TICKET);
      Atomics.store(words, HEADER.WANTED, events);
      let wake = calledFor();
      if (wake === 'fenced') return wake;
      const waiting = wake === undefined ? there(events) : 0;
      if (waiting >= events) wake = 'events';
      if (wake !== undefined) {
        Atomics.store(words, HEADER.WANTED, 0);
        if (wake === 'flush') Atomics.store(words, HEADER.FLUSH, 0);
        return wake;
      }
      if (waiting > 0 && Atomics.sub(words, HEADER.WANTED, waiting) <= waiting) continue;
      await changed(words, HEADER.TICKET, ticket, watch, isDue);
    }
  } finally {
    cancellation?.offCancel(cancel);
  }
}

function ring(memory: QueueMemory): void {
  Atomics.add(memory.words, HEADER.TICKET, 1);
  Atomics.notify(memory.words, HEADER.TICKET);
}
