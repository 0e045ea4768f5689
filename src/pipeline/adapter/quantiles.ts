/**
 * How durations are distributed, in a fixed number of counters: each counts what lies within 9 % of its middle.
 * Counts since it was made; a summary is a copy.
 */
import type { DurationSummary } from './adapter.ts';

/** Eight to each doubling. */
const STEPS = 8;
/** Up to 2^20 ms, about 17 minutes; what is longer counts as that long. */
const BUCKETS = 20 * STEPS;

export class Quantiles {
  readonly #counts = new Uint32Array(BUCKETS + 1);
  #total = 0;
  #max = 0;

  add(ms: number): void {
    const bucket = ms <= 1 ? 0 : Math.min(BUCKETS, Math.ceil(Math.log2(ms) * STEPS));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total++;
    this.#max = Math.max(this.#max, ms);
  }

  /** `null` while there is nothing to summarize. */
  summary(): DurationSummary | null {
    if (this.#total === 0) return null;
    return { p50: this.#at(0.5), p90: this.#at(0.9), p99: this.#at(0.99), max: this.#max };
  }

  #at(part: number): number {
    let left = Math.ceil(this.#total * part);
    for (let bucket = 0; bucket <= BUCKETS; bucket++) {
      left -= this.#counts[bucket] ?? 0;
      if (left <= 0) return Math.min(this.#max, Math.round(2 ** (bucket / STEPS) * 10) / 10);
    }
    return this.#max;
  }
}
