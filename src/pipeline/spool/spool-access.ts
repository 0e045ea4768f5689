/**
 * What a user can see of the spool, take out of it, and throw away.
 *
 *     for (const letter of await app.spool.deadLetters()) console.log(letter.id, letter.error.message);
 */
import type { Hold } from '../../threads/hold.ts';
import type { SpooledEvent, SpoolState, StoredLetter } from './protocol.ts';
import type { SpoolSite } from './spool-site.ts';

export interface SpoolPage {
  /** The id after which to go on. */
  readonly after?: string;
  /** At most so many; 100 unless given. */
  readonly limit?: number;
}

const LIMIT = 100;

export class SpoolAccess {
  readonly #site: SpoolSite;
  readonly #hold: Hold;

  constructor(site: SpoolSite, hold: Hold) {
    this.#site = site;
    this.#hold = hold;
  }

  /** What is in it; undefined while it is not open. */
  state(): Promise<SpoolState | undefined> {
    return this.#hold.during(this.#site.state());
  }

  /** Dead letters, by id. */
  deadLetters(page: SpoolPage = {}): Promise<StoredLetter[]> {
    return this.#hold.during(this.#site.control.letters(rangeOf(page)));
  }

  /** Throws dead letters away, by id. */
  removeDeadLetters(ids: readonly string[]): Promise<void> {
    return this.#hold.during(this.#site.control.removeLetters(ids));
  }

  /** Events that an earlier run has left, of a type that this application does not define. */
  leftovers(recordType: string, page: SpoolPage = {}): Promise<SpooledEvent[]> {
    return this.#hold.during(this.#site.control.leftovers(recordType, rangeOf(page)));
  }

  /** Throws the events of such a type away. Answers how many they were. */
  removeLeftovers(recordType: string): Promise<number> {
    return this.#hold.during(this.#site.control.removeLeftovers(recordType));
  }
}

function rangeOf({ after = '', limit = LIMIT }: SpoolPage): {
  readonly after: string;
  readonly limit: number;
} {
  return { after, limit };
}
