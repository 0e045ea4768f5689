/**
 * How fast one shard is sent to. Pure; the moment is handed in.
 *
 * Nothing holds a shard back until it throttles for the first time. From then on it is sent a share of what a shard
 * takes (1,000 records and 1 MiB a second): less after each refusal, as much less as was refused; slowly more after
 * that. Producers that share a shard and know nothing of each other come to even shares in this way, because who has
 * more loses more and all gain the same.
 *
 *     share
 *       1 |\          __/            after a refusal in part:  share * (1 - refused part, at least 5 %)
 *         | \     ___/  \  __        then                      + 1 % of a shard a second (+ 10 % below a tenth)
 *         |  \___/       \/
 *         |
 *         |                |\        after total refusals: halved, down to 5 records a second; with the first
 *         |                | \ /     record taken again it doubles, up to where it was
 *         +----------------+--+----> time
 *
 * The rule: of the requests under way when the share was cut, none cuts it again.
 */

export interface Allowance {
  readonly records: number;
  readonly bytes: number;
}

/** What a shard takes: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html */
const RECORDS_PER_MS = 1;
const BYTES_PER_MS = (1024 * 1024) / 1_000;
/** How much of unused allowance is kept. More makes bursts that are refused, less makes small requests. */
const BURST_MS = 200;
/** Less than this is not worth a request. */
const QUANTUM_MS = 100;
/** What is missing by rounding alone is not missing. */
const ROUNDING = 1e-6;
const SHARE_MIN = 0.005;
/** A shard that never throttles again is let go when it is sent this many times what a shard takes. */
const SHARE_MAX = 8;
const INCREASE_PER_MS = 0.01 / 1_000;
const RELATIVE_INCREASE_PER_MS = 0.1 / 1_000;
const CUT_MIN = 0.05;
const CUT_MAX = 0.5;

const UNBOUNDED: Allowance = { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

export class ShardRate {
  /** `null` while nothing holds the shard back. */
  #share: number | null = null;
  /** Where the share was when it was last cut while records were still taken. */
  #known = 1;
  #records = 0;
  #bytes = 0;
  #refilledAt = 0;
  #epoch = 0;
  /** Cuts in a row at which nothing was taken. */
  #totalRefusals = 0;

  /** Handed back with the answer, so that a cut is made once for all requests that were under way. */
  get epoch(): number {
    return this.#epoch;
  }

  get share(): number | null {
    return this.#share;
  }

  /** How often in a row it has refused all that it was sent. */
  get totalRefusals(): number {
    return this.#totalRefusals;
  }

  allowance(now: number): Allowance {
    if (this.#share === null) return UNBOUNDED;
    this.#refill(now, this.#share);
    return { records: Math.max(0, Math.floor(this.#records + ROUNDING)), bytes: Math.max(0, this.#bytes) };
  }

  /** When there will be enough for a request worth sending, of at most so many records that wait. */
  readyAt(now: number, waiting: number): number {
    if (this.#share === null) return now;
    this.#refill(now, this.#share);
    const perMs = RECORDS_PER_MS * this.#share;
    const wanted = Math.max(1, Math.min(waiting, perMs * QUANTUM_MS));
    const recordsMs = (wanted - this.#records) / perMs;
    const bytesMs = (1 - this.#bytes) / (BYTES_PER_MS * this.#share);
    return now + Math.max(0, recordsMs, bytesMs);
  }

  /** How long it takes to send so much; 0 while nothing holds the shard back. */
  backlogMs(records: number, bytes: number): number {
    if (this.#share === null) return 0;
    return Math.max(records / RECORDS_PER_MS, bytes / BYTES_PER_MS) / this.#share;
  }

  /** A record larger than the allowance is taken from it all the same, and leaves it in debt. */
  take(records: number, bytes: number): void {
    if (this.#share === null) return;
    this.#records -= records;
    this.#bytes -= bytes;
  }

  /** A request of this epoch was answered: of `sent` records for this shard, `refused` were throttled. */
  answered(now: number, epoch: number, sent: number, refused: number): void {
    if (refused < sent) this.#totalRefusals = 0;
    if (refused === 0) this.#taken(now, epoch);
    else if (epoch === this.#epoch) this.#cut(now, refused / sent);
  }

  #taken(now: number, epoch: number): void {
    if (this.#share === null) return;
    this.#refill(now, this.#share);
    if (epoch === this.#epoch && this.#share < this.#known) {
      this.#share = Math.min(this.#known, this.#share * 2);
      this.#epoch++;
    }
    if (this.#share >= SHARE_MAX) this.#share = null;
  }

  #cut(now: number, part: number): void {
    this.#epoch++;
    if (part === 1) this.#totalRefusals++;
    if (this.#share === null) {
      // What it was sent until now was no rate, so how much of it was refused says nothing.
      this.#refilledAt = now;
      this.#share = 1;
      return;
    }
    this.#refill(now, this.#share);
    this.#share = Math.max(SHARE_MIN, this.#share * (1 - Math.min(CUT_MAX, Math.max(CUT_MIN, part))));
    // What is refused altogether says nothing about what the shard takes when it takes anything.
    if (part < 1) this.#known = this.#share;
    this.#records = Math.min(this.#records, 0);
    this.#bytes = Math.min(this.#bytes, 0);
  }

  #refill(now: number, share: number): void {
    const ms = now - this.#refilledAt;
    if (ms <= 0) return;
    this.#refilledAt = now;
    const perMs = RECORDS_PER_MS * share;
    this.#records = Math.min(Math.max(1, perMs * BURST_MS), this.#records + perMs * ms);
    this.#bytes = Math.min(BYTES_PER_MS * share * BURST_MS, this.#bytes + BYTES_PER_MS * share * ms);
    if (share >= this.#known) {
      this.#share = share + Math.min(INCREASE_PER_MS, RELATIVE_INCREASE_PER_MS * share) * ms;
      this.#known = this.#share;
    }
  }
}
