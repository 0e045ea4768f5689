/**
 * An automatic consumer's account of one subscription. Pure. It cuts what it is sent into batches of at most
 * `max - min` events, and tells after which of them to ask for how much: when no more than `min` are outstanding,
 * up to `max` again.
 */
import type { Demand } from './messages.ts';

export interface BatchPlan<Event> {
  readonly events: readonly Event[];
  /** Ask for so many once the batch has been handled; 0 is nothing. */
  readonly askAfter: number;
}

export function planBatches<Event>(
  events: readonly Event[],
  outstanding: number,
  { max, min }: Demand,
): { readonly outstanding: number; readonly batches: readonly BatchPlan<Event>[] } {
  const batches: BatchPlan<Event>[] = [];
  let expected = outstanding;
  let left = outstanding;
  for (let from = 0; from < events.length; from += max - min) {
    const batch = events.slice(from, from + max - min);
    // A producer that sends more than was asked for does not make the account negative.
    const counted = Math.min(batch.length, expected);
    expected -= counted;
    left -= counted;
    const askAfter = left <= min ? max - left : 0;
    left += askAfter;
    batches.push({ events: batch, askAfter });
  }
  return { outstanding: left, batches };
}
