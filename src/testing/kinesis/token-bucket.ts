/**
 * How much a shard still takes: tokens that come back evenly with time, up to one bucket full. Pure; the moment is
 * handed in and never goes back.
 */
export class TokenBucket {
  readonly #capacity: number;
  readonly #perMs: number;
  #tokens: number;
  #filledAt: number;

  /** Starts full: a shard that was idle takes a second's worth at once. */
  constructor(perSecond: number, now: number) {
    this.#capacity = perSecond;
    this.#perMs = perSecond / 1000;
    this.#tokens = perSecond;
    this.#filledAt = now;
  }

  /**
   * Whether `amount` is there at `now`. What is larger than the whole bucket is let through by a full one and
   * leaves it in debt: as a shard takes a large record in a burst and makes up for it afterwards.
   */
  has(amount: number, now: number): boolean {
    if (now > this.#filledAt) {
      this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#filledAt) * this.#perMs);
      this.#filledAt = now;
    }
    return this.#tokens >= Math.min(amount, this.#capacity);
  }

  take(amount: number): void {
    this.#tokens -= amount;
  }
}
