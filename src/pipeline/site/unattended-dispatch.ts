/**
 * Dispatches a type's events without a Producer: while that one waits for its restart, DispatchServer has the site do
 * it; and when the process is on its way out, and nobody is left to supervise anything. Batches come from the same table of claims, and are run by the same function; so no event is in two hands, and
 * the Producer takes over at any moment.
 *
 * Bound: `CONCURRENCY` batches at a time.
 */
import { Cancellation } from '../../base/cancellation.ts';
import type { RecordSite } from './record-site.ts';

const CONCURRENCY = 4;
/** How often it looks for events while there are none; it stops looking when the Producer is back. */
const LOOK_MS = 100;

export class UnattendedDispatch {
  readonly #site: RecordSite;
  #until: Cancellation | undefined;

  constructor(site: RecordSite) {
    this.#site = site;
  }

  get active(): boolean {
    return this.#until !== undefined;
  }

  begin(): void {
    if (this.#until !== undefined) return;
    const until = new Cancellation();
    this.#until = until;
    // Its few places are not to be held by what waits.
    this.#site.parking.want(Number.POSITIVE_INFINITY);
    for (let lane = 0; lane < CONCURRENCY; lane++) void this.#work(until);
  }

  /** Takes no more; what runs is run to its end. */
  end(): void {
    if (this.#until !== undefined) this.#site.parking.want(0);
    this.#until?.cancel();
    this.#until = undefined;
  }

  async #work(until: Cancellation): Promise<void> {
    while (!until.cancelled) {
      const batch = this.#site.claim(undefined);
      if (batch === undefined) await this.#site.sleep(LOOK_MS, until);
      else await this.#site.run(batch);
    }
  }
}
