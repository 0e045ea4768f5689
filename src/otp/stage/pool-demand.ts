/**
 * A consumer supervisor's account of one subscription. Pure. It asks for `max` at the start; each child that ends
 * counts one, and when `min` have ended so many are asked for. Not the rule of an automatic consumer.
 */
import type { Demand } from './messages.ts';

/** The new count of ended children, and how many to ask for now; 0 is nothing. */
export function childrenEnded(
  pending: number,
  ended: number,
  { min }: Demand,
): { readonly pending: number; readonly ask: number } {
  const total = pending + ended;
  return total >= min ? { pending: 0, ask: total } : { pending: total, ask: 0 };
}
