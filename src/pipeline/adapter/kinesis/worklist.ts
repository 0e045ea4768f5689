/**
 * What of one send is not in the stream yet, in order, and which of it goes next. Pure: no I/O, no time.
 *
 *   suspects: [ . . x . ]          a run of records in which one is known to be invalid
 *   pending:  [ . . . . . . . ]    everything after it, in the order to be sent
 *
 * The rule: every record is in exactly one of `suspects`, `pending`, the one request that was taken with `take`
 * and not yet given back, or settled. Records that failed go back in front, so the order of a send is kept as
 * well as partial failures allow.
 *
 * Bisection: when a request is invalid, its first half is tried. If that is refused, the bad record is in it; if
 * not, it is in the second half, which is not tried as a whole again. Whatever is cleared of suspicion joins
 * `pending` and shares a request with the rest. A record is condemned only when it was refused alone: for one bad
 * record in a request of n that makes at most 2 + log2(n) requests until it is found.
 */
import { assert } from '../../../base/assert.ts';
import type { PreparedRecord } from './record.ts';
import { type RequestLimits, requestLength } from './request.ts';

export class Worklist {
  #pending: readonly PreparedRecord[];
  #suspects: readonly PreparedRecord[] = [];
  /** The request that was taken, and where from. */
  #taken: { readonly from: 'pending' | 'suspects'; readonly records: readonly PreparedRecord[] } | null =
    null;

  constructor(records: readonly PreparedRecord[]) {
    this.#pending = records;
  }

  /** Records that are neither delivered nor condemned. */
  get size(): number {
    return this.#pending.length + this.#suspects.length + (this.#taken?.records.length ?? 0);
  }

  /** The records of the next request; they must be given back by one of the methods below. */
  take(limits: RequestLimits): readonly PreparedRecord[] {
    assert(this.#taken === null, 'a worklist has one request under way');
    const from = this.#suspects.length > 0 ? 'suspects' : 'pending';
    const source = from === 'suspects' ? this.#suspects : this.#pending;
    const half = from === 'suspects' ? source.slice(0, Math.ceil(source.length / 2)) : source;
    const length = requestLength(half, limits);
    assert(length > 0, 'a request is taken from a worklist that is not empty');
    const records = source.slice(0, length);
    const rest = source.slice(length);
    if (from === 'suspects') this.#suspects = rest;
    else this.#pending = rest;
    this.#taken = { from, records };
    return records;
  }

  /** The request was answered: `failed` are those of it, in order, that must be sent again. */
  answered(failed: readonly PreparedRecord[]): void {
    this.#giveBack();
    // What failed here was valid, or the whole request would have been refused: it is not suspect.
    this.#pending = [...failed, ...this.#pending];
  }

  /** The request failed as a whole for a reason that has nothing to do with its records. */
  returned(): void {
    const { from, records } = this.#giveBack();
    if (from === 'suspects') this.#suspects = [...records, ...this.#suspects];
    else this.#pending = [...records, ...this.#pending];
  }

  /** The request was refused for one of its records. Gives that record when there was no other in the request. */
  refused(): PreparedRecord | null {
    const { records } = this.#giveBack();
    this.#pending = [...this.#suspects, ...this.#pending];
    const [only] = records;
    this.#suspects = records.length === 1 ? [] : records;
    return records.length === 1 ? (only ?? null) : null;
  }

  /** Takes out all that is left, in order. */
  empty(): readonly PreparedRecord[] {
    const records = [...this.#suspects, ...this.#pending];
    this.#suspects = [];
    this.#pending = [];
    return records;
  }

  #giveBack() {
    const taken = this.#taken;
    assert(taken !== null, 'only a request that was taken can be given back');
    this.#taken = null;
    return taken;
  }
}
