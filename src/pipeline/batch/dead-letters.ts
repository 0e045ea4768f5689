/**
 * The dead letters of one site, on their way to their sink on the main thread. A letter is settled when the sink has
 * taken it; a sink that fails keeps it pending, and is tried again with backoff, for as long as it takes.
 *
 * Bound: letters lie in the queue as events do, and are handed over one after the other. The error of a letter is
 * kept in memory; of one that a dead thread has left only the fact is known.
 */
import { type Backoff, backoffDelay } from '../../base/backoff.ts';
import type { Claim } from '../../threads/queue/index.ts';
import type { RecordSite } from '../site/record-site.ts';
import type { FailedAttempt } from './attempt-history.ts';

const SINK_BACKOFF: Backoff = { initialMs: 200, maxMs: 30_000, factor: 2, jitter: 1 };

export interface DeadReason {
  readonly error: unknown;
  readonly attempts: number;
  readonly history: readonly FailedAttempt[];
}

export class DeadLetters {
  readonly #site: RecordSite;
  readonly #reasons = new Map<string, DeadReason>();
  #working = false;

  constructor(site: RecordSite) {
    this.#site = site;
  }

  /** Makes the events of a claim dead letters. */
  add(claim: Claim, reason: DeadReason): void {
    for (const { id } of claim.events) this.#reasons.set(id, reason);
    this.#site.settle(claim, 'dead');
    this.start();
  }

  /** Hands over what is there; called again when more comes. */
  start(): void {
    if (this.#working) return;
    this.#working = true;
    void this.#work().finally(() => {
      this.#working = false;
    });
  }

  async #work(): Promise<void> {
    const { table, main, runtime } = this.#site;
    for (let failures = 0; ; ) {
      const claim = table.claim({ maxEvents: 1, maxBytes: 1, kind: 'dead', owner: 'dead letters' });
      const event = claim?.events[0];
      if (claim === undefined || event === undefined) return;
      const { id } = event;
      const known = this.#reasons.get(id);
      try {
        await main.deadLetter({
          id,
          data: event.decode(),
          error: known?.error ?? new Error('the thread that knew why this event failed has ended'),
          attempts: known?.attempts ?? event.attempts,
          history: known?.history ?? [],
        });
      } catch {
        // Told by the main thread, whose sink it is.
        table.release(claim);
        failures++;
        await this.#site.sleep(backoffDelay(SINK_BACKOFF, failures, runtime.random), this.#site.closed);
        if (this.#site.closed.cancelled) return;
        continue;
      }
      failures = 0;
      table.settle(claim, 'buried');
      this.#reasons.delete(id);
      this.#site.afterSettling();
    }
  }
}
