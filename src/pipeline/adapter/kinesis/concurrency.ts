/**
 * How many requests of one stream may be under way. Pure. One more after each round in which as many were under way
 * as may be and the answers came no later than usual; a tenth fewer when answers come clearly later; half when the
 * service says that it is too much, or does not answer at all.
 *
 * "Usual" is the mean of the answer times, weighted to the recent ones, and their mean deviation.
 */
export interface ConcurrencyLimits {
  readonly initial: number;
  readonly max: number;
}

const WEIGHT = 0.2;
const DEVIATIONS = 2.5;
const SLOWER = 0.9;

export class Concurrency {
  readonly #max: number;
  #limit: number;
  #mean: number | null = null;
  #deviation = 0;
  /** Answers since the limit last changed: a round is as many as the limit. */
  #answers = 0;
  #reached = false;
  #slow = false;
  /** Counts cuts: what was under way at the last one does not cut again. */
  #epoch = 0;

  constructor({ initial, max }: ConcurrencyLimits) {
    this.#max = max;
    this.#limit = Math.min(initial, max);
  }

  get limit(): number {
    return Math.max(1, Math.floor(this.#limit));
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** A request was answered after `durationMs`; `inFlight` were under way, itself included. */
  answered(durationMs: number, inFlight: number): void {
    if (inFlight >= this.limit) this.#reached = true;
    const mean = this.#mean ?? durationMs;
    if (this.#mean !== null && durationMs > mean + DEVIATIONS * this.#deviation + 1) this.#slow = true;
    this.#mean = mean + WEIGHT * (durationMs - mean);
    this.#deviation += WEIGHT * (Math.abs(durationMs - mean) - this.#deviation);
    this.#answers++;
    if (this.#answers < this.limit) return;
    if (this.#slow) this.#limit = Math.max(1, this.#limit * SLOWER);
    else if (this.#reached) this.#limit = Math.min(this.#max, this.#limit + 1);
    this.#newRound();
  }

  /** A request of this epoch was too much for the service, or got no answer. */
  overloaded(epoch: number): void {
    if (epoch !== this.#epoch) return;
    this.#epoch++;
    this.#limit = Math.max(1, this.#limit / 2);
    this.#newRound();
  }

  #newRound(): void {
    this.#answers = 0;
    this.#reached = false;
    this.#slow = false;
  }
}
