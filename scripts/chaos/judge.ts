/** Looks up every event in what Kinesis holds, and says whether anything is wrong. Pure. */
import { type ChaosEvent, textOf } from './events.ts';

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
  readonly found: readonly (ChaosEvent & { readonly id: string })[];
}

export interface Judgement {
  readonly accepted: number;
  readonly confirmed: number;
  readonly missing: number;
  readonly invented: number;
  readonly duplicates: number;
  /** Deliveries of an event under another id than the one it was confirmed or delivered under before. */
  readonly strangeIds: number;
  readonly strangePayloads: number;
  readonly distinct: number;
  readonly letters: number;
  /** Letters that were not planted, and planted events that were accepted and are in no letter. */
  readonly wrongLetters: number;
}

export function judge({ planned, confirmed, accepted, planted, letters, found }: Evidence): Judgement {
  const ids = new Map<string, string>();
  let strangeIds = 0;
  let strangePayloads = 0;
  for (const { key, id, text } of found) {
    const known = ids.get(key) ?? confirmed.get(key) ?? id;
    if (known !== id) strangeIds++;
    ids.set(key, id);
    if (text !== textOf(Number(key.split('-')[1]))) strangePayloads++;
  }
  const promised = [...confirmed.keys(), ...accepted];
  const buried = new Set(letters);
  return {
    accepted: promised.length,
    confirmed: confirmed.size,
    missing: promised.filter((key) => !ids.has(key) && !planted.has(key)).length,
    invented: [...ids.keys()].filter((key) => !planned.has(key)).length,
    duplicates: found.length - ids.size,
    strangeIds,
    strangePayloads,
    distinct: ids.size,
    letters: buried.size,
    wrongLetters:
      [...buried].filter((key) => !planted.has(key)).length +
      promised.filter((key) => planted.has(key) && !buried.has(key)).length,
  };
}

export function isClean(judgement: Judgement): boolean {
  const { missing, invented, strangeIds, strangePayloads, wrongLetters } = judgement;
  return missing + invented + strangeIds + strangePayloads + wrongLetters === 0;
}
