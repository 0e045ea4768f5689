/** Looks up every event in what Kinesis holds, and says whether anything is wrong. Pure. */
import type { Ledger } from '../../src/index.ts';
import { type ChaosEvent, eventOf, FORWARDED, typeOf } from './events.ts';

export interface Evidence {
  /** Every key that was ever to be recorded. */
  readonly planned: ReadonlySet<string>;
  /** By key: the id it was confirmed under. */
  readonly confirmed: ReadonlyMap<string, string>;
  /** Accepted by a process that was not killed, and waited for by nobody. */
  readonly accepted: ReadonlySet<string>;
  readonly planted: ReadonlySet<string>;
  readonly letters: readonly string[];
  /** What Kinesis holds, in any order. */
  readonly found: Iterable<Delivery>;
  /** What the last process said at its end. */
  readonly ledger: Ledger;
  /** How many events it had accepted, by those who recorded them. */
  readonly acceptedLast: number;
}

export interface Delivery {
  readonly event: ChaosEvent & { readonly id: string };
  readonly partitionKey: string;
  /** Since the last process was started, all that was sent before having arrived. */
  readonly isLast: boolean;
}

export interface Judgement {
  readonly accepted: number;
  readonly confirmed: number;
  /** Those of the accepted ones whose type has no handler. */
  readonly forwarded: number;
  readonly missing: number;
  readonly invented: number;
  readonly duplicates: number;
  /** Deliveries of an event under another id than the one it was confirmed or delivered under before. */
  readonly strangeIds: number;
  /** Deliveries of anything but the event, or under another key than its own. */
  readonly strangePayloads: number;
  readonly distinct: number;
  readonly letters: number;
  /** Letters that were not planted, and planted events that were accepted and are in no letter. */
  readonly wrongLetters: number;
  /** The last ledger against what Kinesis holds, and what was recorded. */
  readonly ledgerExact: boolean;
}

export function judge(evidence: Evidence): Judgement {
  const { planned, confirmed, accepted, planted, letters, found, ledger, acceptedLast } = evidence;
  const ids = new Map<string, string>();
  const last = new Set<string>();
  let [deliveries, strangeIds, strangePayloads] = [0, 0, 0];
  for (const { event, partitionKey, isLast } of found) {
    const { key, id } = event;
    deliveries++;
    const known = ids.get(key) ?? confirmed.get(key) ?? id;
    if (known !== id) strangeIds++;
    ids.set(key, id);
    if (isLast) last.add(id);
    const expected = eventOf(...placeOf(key));
    if (
      partitionKey !== String(expected.user) ||
      JSON.stringify(event) !== JSON.stringify({ id, ...expected })
    )
      strangePayloads++;
  }
  const promised = [...confirmed.keys(), ...accepted];
  const buried = new Set(letters);
  return {
    accepted: promised.length,
    confirmed: confirmed.size,
    forwarded: promised.filter((key) => typeOf(placeOf(key)[1]) === FORWARDED).length,
    missing: promised.filter((key) => !ids.has(key) && !planted.has(key)).length,
    invented: [...ids.keys()].filter((key) => !planned.has(key)).length,
    duplicates: deliveries - ids.size,
    strangeIds,
    strangePayloads,
    distinct: ids.size,
    letters: buried.size,
    wrongLetters:
      [...buried].filter((key) => !planted.has(key)).length +
      promised.filter((key) => planted.has(key) && !buried.has(key)).length,
    ledgerExact:
      ledger.pending === 0 &&
      ledger.accepted === acceptedLast &&
      ledger.delivered === last.size &&
      ledger.accepted + ledger.recovered === ledger.delivered + ledger.deadLettered,
  };
}

function placeOf(key: string): [writer: number, number: number] {
  const [writer, number] = key.split('-').map(Number);
  return [writer ?? Number.NaN, number ?? Number.NaN];
}

export function isClean(judgement: Judgement): boolean {
  const { missing, invented, strangeIds, strangePayloads, wrongLetters, ledgerExact } = judgement;
  return ledgerExact && missing + invented + strangeIds + strangePayloads + wrongLetters === 0;
}
