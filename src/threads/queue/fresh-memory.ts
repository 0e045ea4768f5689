/**
 * The first touch of a queue's memory. A page that was never used costs nothing until it is written to, and then a page
 * fault: a tenth of a microsecond or two on bare metal, fifteen on some virtual machines. A queue that fills up would have
 * those who record pay for it; instead the type's thread goes ahead of them.
 *
 *     segments  [ taken | taken | taken | touched | never used ... ]
 *                            a writer ^        ^ the type's thread, woken once a segment
 *
 * Bound: one segment ahead, and none while the queue does with the first two over and over again, as one that is drained
 * does. Nobody waits for it: who comes to a page first touches it.
 */
import type { Cancellation } from '../../base/cancellation.ts';
import { HEADER, PAGE_BYTES, type QueueHandle, QueueMemory } from './layout.ts';
import { controlOf, looksFree } from './segment.ts';
import { changed, type Watch } from './wait.ts';

/** Those that every queue uses are left to whoever records. */
const USUAL_SEGMENTS = 2;

/** A writer has taken a segment: has the next one touched, if this one was never used. */
export function callAhead({ words }: QueueMemory, segment: number, generation: number): void {
  if (generation !== 0 || segment < USUAL_SEGMENTS) return;
  Atomics.add(words, HEADER.FRESH, 1);
  Atomics.notify(words, HEADER.FRESH);
}

/** The type's thread: touches a segment for each call, until it is cancelled. */
export async function touchAhead(queue: QueueHandle, watch: Watch, end: Cancellation): Promise<void> {
  const memory = new QueueMemory(queue);
  const { words } = memory;
  // Who sleeps on a word keeps its memory for ever, if nobody wakes it.
  const cancel = () => Atomics.notify(words, HEADER.FRESH);
  end.onCancel(cancel);
  let touched = USUAL_SEGMENTS;
  for (let seen = 0; !end.cancelled; ) {
    const calls = Atomics.load(words, HEADER.FRESH);
    if (calls === seen) {
      await changed(words, HEADER.FRESH, seen, watch, () => Atomics.load(words, HEADER.FRESH) !== seen);
      continue;
    }
    seen = calls;
    const segment = firstUnused(memory, touched);
    if (segment === undefined) break;
    touchPages(memory, segment);
    touched = segment + 1;
  }
  end.offCancel(cancel);
}

/** The first that was never taken, from there on. */
function firstUnused(memory: QueueMemory, from: number): number | undefined {
  for (let segment = from; segment < memory.handle.queueSegments; segment++)
    if (looksFree(memory, segment) && controlOf(memory, segment).generation === 0) return segment;
  return undefined;
}

/**
 * A writer may have taken the segment meanwhile. An atomic operation on a word that leaves it as it is takes nothing from
 * what is written at the same time: the core has the cache line to itself from the read to the write.
 */
function touchPages(memory: QueueMemory, segment: number): void {
  const from = memory.segmentAt(segment);
  for (let at = from; at < from + memory.handle.segmentBytes; at += PAGE_BYTES)
    Atomics.or(memory.words, at >> 2, 0);
}
