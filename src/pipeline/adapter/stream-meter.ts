/**
 * The counters of one stream. They only ever rise; whatever can be derived (what waits, what is in flight) is not
 * here. A snapshot is a copy.
 */
import type { Clock } from '../../base/clock.ts';
import type { ShardSnapshot, StreamError, StreamSnapshot, StreamState } from './adapter.ts';
import { Quantiles } from './quantiles.ts';

/** What the owner of the sends under way knows and the meter does not. */
export interface Underway {
  readonly state: StreamState;
  readonly inFlight: number;
  readonly waiting: number;
  readonly oldestWaitingMs: number | null;
  /** None where the destination has none. */
  readonly shards?: readonly ShardSnapshot[];
}

export class StreamMeter {
  readonly stream: string;
  readonly target: string;
  readonly #clock: Clock;
  readonly #errors = new Map<string, number>();
  readonly #throttledShards = new Map<string, number>();
  readonly #requestMs = new Quantiles();
  readonly #bufferedMs = new Quantiles();
  #recordsSent = 0;
  #unitsSent = 0;
  #bytesSent = 0;
  #recordsRejected = 0;
  #requests = 0;
  #retries = 0;
  #throttles = 0;
  #lastError: StreamError | null = null;

  constructor(stream: string, target: string, clock: Clock) {
    this.stream = stream;
    this.target = target;
    this.#clock = clock;
  }

  /** A request leaves; `retries` of its records have failed before. */
  request(retries: number): void {
    this.#requests++;
    this.#retries += retries;
  }

  answered(durationMs: number): void {
    this.#requestMs.add(durationMs);
  }

  /** Records of a send have waited so long for their request. */
  buffered(ms: number): void {
    this.#bufferedMs.add(ms);
  }

  /** `units` is what the destination took the records as: one each, or fewer. */
  sent(records: number, bytes: number, units = records): void {
    this.#recordsSent += records;
    this.#bytesSent += bytes;
    this.#unitsSent += units;
  }

  rejected(records: number): void {
    this.#recordsRejected += records;
  }

  throttled(shardId: string | null): void {
    this.#throttles++;
    if (shardId !== null) this.#throttledShards.set(shardId, (this.#throttledShards.get(shardId) ?? 0) + 1);
  }

  error(code: string, message: string): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
    this.#lastError = { code, message, at: this.#clock.wallTime() };
  }

  /** A record that is sent again has failed once more. */
  #successRate(): number | null {
    const tries = this.#recordsSent + this.#retries + this.#recordsRejected;
    return tries === 0 ? null : this.#recordsSent / tries;
  }

  snapshot(underway: Underway): StreamSnapshot {
    return {
      stream: this.stream,
      target: this.target,
      state: underway.state,
      recordsSent: this.#recordsSent,
      bytesSent: this.#bytesSent,
      recordsRejected: this.#recordsRejected,
      requests: this.#requests,
      retries: this.#retries,
      throttles: this.#throttles,
      throttledShards: Object.fromEntries(this.#throttledShards),
      inFlight: underway.inFlight,
      waiting: underway.waiting,
      oldestWaitingMs: underway.oldestWaitingMs,
      unitsSent: this.#unitsSent,
      successRate: this.#successRate(),
      requestMs: this.#requestMs.summary(),
      bufferedMs: this.#bufferedMs.summary(),
      shards: underway.shards ?? [],
      errors: Object.fromEntries(this.#errors),
      lastError: this.#lastError,
    };
  }
}
