/**
 * The presence of a batch while its handler runs: inside the gate, or parked, when all that it sends is held up by
 * throttled shards. Parked, it has given up its place in the demand and the memory of the queue; its sends go on, and
 * before its handler does, it comes inside again.
 *
 *                  park                 a send is answered
 *     inside -----------------> parked --------------------> returning --the gate lets it in--> inside
 *        |                        |                              |
 *        +------------------------+------- the run ends ---------+--> over
 */
import type { Cancellation } from '../../base/cancellation.ts';
import type { Claim } from '../../threads/queue/index.ts';
import type { Hold } from '../adapter/adapter.ts';
import type { RecordSite } from '../site/record-site.ts';
import type { Pass } from './gate.ts';
import type { Sends } from './sends.ts';

export class Presence {
  readonly claim: Claim;
  readonly #site: RecordSite;
  readonly #pass: Pass;
  readonly #lost: Cancellation;
  #state: 'inside' | 'parked' | 'returning' | 'over' = 'inside';
  #sends: Sends | undefined;
  #returning: Promise<void> | undefined;

  /** Resolves when the gate has let it in. */
  static async enter(site: RecordSite, claim: Claim, lost: Cancellation): Promise<Presence> {
    const pass = claim.suspect ? 'alone' : 'shared';
    await site.gate.enter(pass);
    return new Presence(site, claim, pass, lost);
  }

  private constructor(site: RecordSite, claim: Claim, pass: Pass, lost: Cancellation) {
    this.#site = site;
    this.claim = claim;
    this.#pass = pass;
    this.#lost = lost;
  }

  /** The claim is run. */
  launch(): void {
    this.#site.table.launch(this.claim);
    this.#site.hurry.begun(this.claim);
    this.#site.parking.enter(this);
  }

  /** These are what its handler sends. */
  sending(sends: Sends): void {
    this.#sends = sends;
  }

  /** The throttled shards that it waits for, when it waits for nothing else. */
  heldBy(): readonly Hold[] {
    // Then the claim is no longer this one's.
    return this.#lost.cancelled ? [] : (this.#sends?.heldBy() ?? []);
  }

  /**
   * False: there is no room for its events. Or their order is to be kept: a copy stands behind what was recorded after
   * it, and the successor of a thread that died would let it be overtaken.
   */
  park(): boolean {
    if (this.#site.partition !== undefined || !this.#site.table.park(this.claim)) return false;
    this.#state = 'parked';
    this.#sends?.park(() => this.#comeBack());
    this.#site.gate.leave();
    this.#site.giveUpPlace(this.claim);
    return true;
  }

  /** The run is over, and has not settled the claim; it no longer runs. */
  land(): void {
    if (this.#state === 'inside') this.#site.table.land(this.claim);
  }

  /** The run is over. */
  leave(): void {
    this.#site.parking.leave(this);
    if (this.#state === 'inside') this.#site.gate.leave();
    this.#state = 'over';
  }

  #comeBack(): Promise<void> {
    if (this.#state === 'inside') return Promise.resolve();
    this.#returning ??= this.#return();
    return this.#returning;
  }

  async #return(): Promise<void> {
    if (this.#state === 'parked') this.#state = 'returning';
    await this.#site.gate.enter(this.#pass);
    this.#returning = undefined;
    // It was given up in the meantime.
    if (this.#state === 'over' || this.#lost.cancelled) {
      this.#state = 'over';
      this.#site.gate.leave();
      return;
    }
    this.#state = 'inside';
    this.launch();
  }
}
