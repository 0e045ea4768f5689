/**
 * How values are spread, in constant memory: counts in buckets that grow by a quarter of an octave, so that a quantile
 * is right to within 19 %. Values are at least 0; everything below `LEAST` falls into the first bucket.
 */
const LEAST = 1 / 1024;
const PER_OCTAVE = 4;
const BUCKETS = 44 * PER_OCTAVE;

/** Plain data. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #count = 0;
  #max = 0;

  add(value: number): void {
    const octaves = value <= LEAST ? 0 : Math.log2(value / LEAST);
    const bucket = Math.min(BUCKETS - 1, Math.ceil(octaves * PER_OCTAVE));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count++;
    if (value > this.#max) this.#max = value;
  }

  /** `undefined` when there is nothing to tell. */
  spread(): Spread | undefined {
    if (this.#count === 0) return undefined;
    return { count: this.#count, p50: this.#quantile(0.5), p99: this.#quantile(0.99), max: this.#max };
  }

  /** The upper end of the bucket that holds it, and no more than the greatest value there was. */
  #quantile(share: number): number {
    let left = Math.ceil(this.#count * share);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket] ?? 0;
      if (left <= 0) return Math.min(this.#max, LEAST * 2 ** (bucket / PER_OCTAVE));
    }
    return this.#max;
  }
}
