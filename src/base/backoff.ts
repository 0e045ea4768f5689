/**
 * How long to wait before the next attempt: exponential, bounded, with jitter. Pure; the caller owns the timer.
 */
import type { Random } from './random.ts';

export interface Backoff {
  /** The delay before the first repeated attempt, in milliseconds. */
  readonly initialMs: number;
  /** No delay is longer than this, in milliseconds. */
  readonly maxMs: number;
  /** Each delay is this many times the one before. */
  readonly factor: number;
  /**
   * The share of the delay that is left to chance, 0 to 1: with 1 ("full jitter") a delay is anything between
   * 0 and its full length, with 0 it is always its full length.
   */
  readonly jitter: number;
}

/** The delay in milliseconds before attempt number `attempt` is repeated; the first repetition is attempt 1. */
export function backoffDelay(backoff: Backoff, attempt: number, random: Random): number {
  const full = Math.min(backoff.maxMs, backoff.initialMs * backoff.factor ** Math.max(0, attempt - 1));
  return full * (1 - backoff.jitter * random());
}
