/** What the papers tell of the chaos runs whose outcome is kept in `docs/chaos.json`. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isGood } from '../chaos/report.ts';
import type { Verdict } from '../chaos/run.ts';

const FILE = join(resolve(dirname(fileURLToPath(import.meta.url)), '../../..'), 'docs/chaos.json');

const NONE_FORWARDED = { forwarded: 0, forwarding: 0 };

function runs(): readonly Verdict[] {
  const kept = JSON.parse(readFileSync(FILE, 'utf8')) as Verdict[];
  // Older runs say nothing of it: none of their types forwarded.
  return kept.map((run) => ({ ...NONE_FORWARDED, ...run }));
}

/** All runs together, in a few lines. */
export function chaosSentence(): string {
  const all = runs();
  const sum = (field: (run: Verdict) => number): string =>
    shown(all.reduce((sum, run) => sum + field(run), 0));
  const strange = sum((run) => run.strangeIds + run.strangePayloads);
  return [
    `${all.length} runs; ${sum((run) => run.accepted)} events that were confirmed, or accepted by a process that lived on,`,
    `${sum((run) => run.forwarded)} of them of a type that forwards:`,
    `**${sum((run) => run.missing)} missing, ${sum((run) => run.invented)} invented**, ${strange} with another id or`,
    `payload, ${sum((run) => run.duplicates)} delivered again under their own id. ${sum((run) => run.letters)} dead letters, of`,
    `which ${sum((run) => run.wrongLetters)} were not planted or did not come. On the way ${sum((run) => run.threads)} threads and`,
    `${sum((run) => run.processes)} processes of the tree were killed, ${sum((run) => run.hangs)} handlers blocked their thread,`,
    `${sum((run) => run.memory)} exhausted its heap, and the Node process was ended by \`kill -9\` ${sum((run) => run.kills)} times;`,
    `the ledger was exact in ${all.filter(isGood).length} runs of ${all.length}.`,
  ].join('\n');
}

/** Each run, as the head and the rows of a table. */
export function chaosRuns(): [head: readonly string[], rows: readonly (readonly string[])[]] {
  const columns: readonly (readonly [string, (run: Verdict) => number | string])[] = [
    ['seed', (run) => run.seed],
    ['events', (run) => run.events],
    ['promised', (run) => run.accepted],
    ['forwarded', (run) => run.forwarded],
    ['missing', (run) => run.missing],
    ['invented', (run) => run.invented],
    ['another id or payload', (run) => run.strangeIds + run.strangePayloads],
    ['again', (run) => run.duplicates],
    ['letters', (run) => run.letters],
    ['wrong letters', (run) => run.wrongLetters],
    ['threads killed', (run) => run.threads],
    ['that forward', (run) => run.forwarding],
    ['with parked batches', (run) => run.parked],
    ['processes killed', (run) => run.processes],
    ['hangs', (run) => run.hangs],
    ['heaps exhausted', (run) => run.memory],
    ['`kill -9`', (run) => run.kills],
    ['recovered', (run) => run.recovered],
    ['ledger', (run) => (isGood(run) ? 'exact' : 'NOT exact')],
    ['seconds', (run) => run.seconds],
  ];
  return [
    columns.map(([name]) => name),
    runs().map((run) =>
      columns.map(([, field]) => {
        const value = field(run);
        return typeof value === 'number' ? shown(value) : value;
      }),
    ),
  ];
}

function shown(count: number): string {
  return count.toLocaleString('en-US');
}
