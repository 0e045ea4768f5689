/**
 * When what somebody waits for is in a hurry: it shall wait no longer for company that nobody brings. Not from the
 * beginning on: a long backlog has company enough, and its requests are to be full.
 *
 *     asked --the queue runs dry--> up to a claim --that one and all before it have begun--> told
 *
 * The rule: of what was recorded when the queue ran dry, nothing waits for company after that has been told, whether it
 * is claimed again, in parts, or late because it was held back to keep its order.
 */
import type { Clock } from '../../base/clock.ts';
import type { Claim } from '../../threads/queue/index.ts';

/** The queue has run dry for somebody: which claim was the newest, and at what time. */
interface Dry {
  readonly newest: number;
  readonly at: number;
}

export class Hurry {
  readonly #clock: Clock;
  readonly #tell: () => void;
  #isAsked = false;
  /** Claims whose handler has not been called, oldest first: a Set keeps the order of insertion. */
  readonly #ahead = new Set<Claim>();
  #newest = 0;
  /** What is waited for, and what comes next: the newest that was asked for meanwhile. */
  #dry: Dry | undefined;
  #next: Dry | undefined;
  #isLooking = false;
  /** What was recorded by this moment is in a hurry. */
  #to = Number.NEGATIVE_INFINITY;

  /** `tell` is called when what is under way is not to wait any longer. */
  constructor(clock: Clock, tell: () => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Somebody waits for all that is in the queue. */
  ask(): void {
    this.#isAsked = true;
  }

  claimed(claim: Claim): void {
    this.#ahead.add(claim);
    this.#newest = claim.id;
  }

  /** Its handler is called now; or never will be, in the name of this claim. */
  begun(claim: Claim): void {
    if (this.#ahead.delete(claim) && this.#dry !== undefined) this.#lookSoon();
  }

  /** Nothing can be claimed. `isFull`: there may be more behind what is held back to keep its order. */
  ranDry({ isFull }: { readonly isFull: boolean }): void {
    if (!this.#isAsked) return;
    this.#isAsked = isFull;
    const dry = { newest: this.#newest, at: this.#clock.wallTime() };
    // The one before is not put off: who asks all the time would wait for ever.
    if (this.#dry === undefined) this.#dry = dry;
    else this.#next = dry;
    this.#lookSoon();
  }

  isFor(claim: Claim): boolean {
    return claim.recordedAt <= this.#to;
  }

  /** In the next turn: what a handler sends when it is called has come to the adapter by then. */
  #lookSoon(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    setImmediate(() => {
      this.#isLooking = false;
      this.#look();
    });
  }

  #look(): void {
    const [oldest] = this.#ahead;
    while (this.#dry !== undefined && (oldest === undefined || oldest.id > this.#dry.newest)) {
      this.#to = this.#dry.at;
      this.#dry = this.#next;
      this.#next = undefined;
      this.#tell();
    }
  }
}
