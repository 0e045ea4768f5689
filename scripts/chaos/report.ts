/** What is said of a chaos run: a line, JSON, and a file that keeps one run for each seed. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isClean } from './judge.ts';
import type { Verdict } from './run.ts';

/** Nothing is lost, invented or counted wrongly. */
export function isGood(verdict: Verdict): boolean {
  return isClean(verdict) && verdict.recoveredExact;
}

export function lineOf(verdict: Verdict): string {
  const { accepted, confirmed, forwarded, refused, missing, invented, duplicates, letters, seconds } =
    verdict;
  const strange = verdict.strangeIds + verdict.strangePayloads;
  return (
    `${accepted} accepted, ${forwarded} of them to be forwarded, ${confirmed} confirmed, ${refused} refused, ` +
    `${missing} missing, ${invented} invented, ` +
    `${duplicates} duplicates (${strange === 0 ? 'all with their id' : `${strange} STRANGE`}), ` +
    `${letters} dead letters (${verdict.wrongLetters === 0 ? 'all' : 'NOT all'} of ${verdict.planted} planted poison), ` +
    `${verdict.kills} kill -9 with ${verdict.recovered} recovered ` +
    `(${verdict.recoveredExact ? 'exactly what the disk held' : 'NOT what the disk held'}), ` +
    `${verdict.threads} threads (${verdict.forwarding} that forward, ${verdict.parked} with parked batches) and ` +
    `${verdict.processes} processes killed, ` +
    `${verdict.hangs} hangs, ${verdict.memory} heaps exhausted; the ledger ` +
    `${verdict.ledgerExact ? 'is exact' : 'is NOT exact'}, ${seconds} s`
  );
}

/** Writes a run down in place of the one of its seed; a line each, in the order of their seeds. */
export function keep(file: string, verdict: Verdict): void {
  const runs = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Verdict[]) : [];
  const kept = [...runs.filter(({ seed }) => seed !== verdict.seed), verdict].sort((a, b) => a.seed - b.seed);
  writeFileSync(file, `[\n${kept.map((run) => JSON.stringify(run)).join(',\n')}\n]\n`);
}
