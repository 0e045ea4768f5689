/** What the README tells of the benchmarks: some rows of the table in `bench/README.md`. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const FILE = join(resolve(dirname(fileURLToPath(import.meta.url)), '../../..'), 'bench/README.md');

/** By scenario, and what it is measured against; with what that means to a reader. */
const ROWS: readonly (readonly [scenario: string, against: string, what: string])[] = [
  ['record, 213 bytes', 'JSON.stringify', '`record()` of a sign-up, the whole cost for the caller'],
  ['record, 213 bytes', 'pino, worker transport', 'the same'],
  ['record, 213 bytes', '@segment/analytics-node', 'the same'],
  ['deliver, json', 'SDK loop, one thread', 'delivered by one record type, on two cores'],
  ["deliver, json: the main thread's share", 'SDK loop, one thread', 'of that the main thread'],
  [
    'deliver-aggregated, 100 bytes',
    'SDK loop, a record an event',
    "100-byte events, `forwardTo` and `aggregation: 'shard'`",
  ],
  ['deliver-aggregated: billing units', 'SDK loop, a record an event', 'billing units for a million of them'],
  ['loop-delay, p99', 'SDK batching on the main thread', "delay of the application's event loop, p99"],
  ['latency, recordAndConfirm: p50', 'one request', '`recordAndConfirm()`, p50'],
  ['recovery, median', 'a bare worker, start to end', 'a thread that has ended delivers again'],
  ['install: import beamline', '@aws-sdk/client-kinesis', "`import 'beamline'`"],
];

/** The head and the rows of a table. */
export function benchFigures(): [head: readonly string[], rows: readonly (readonly string[])[]] {
  const measured = readFileSync(FILE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  return [
    ['what', 'beamline', 'beside it', 'unit'],
    ROWS.map(([scenario, against, what]) => {
      const row = measured.find((cells) => cells[1] === scenario && cells[2] === against);
      if (row === undefined) throw new Error(`bench/README.md has no row '${scenario}' against '${against}'`);
      const [, , , ours = '', theirs = '', unit = ''] = row;
      return [what, ours, `${theirs} (${against})`, unit];
    }),
  ];
}
