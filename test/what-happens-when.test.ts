/** The README's table of what happens when: every row is held by tests, and these are they. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { rows } from './docs/readme.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** How a row begins; then files below test/, and what the names of their tests say. */
const HELD: readonly (readonly [row: string, ...tests: (readonly [file: string, name: string])[]])[] = [
  [
    'Kinesis is down',
    ['adapter/kinesis/temporary-errors', 'rides out an outage of an hour'],
    ['pipeline/batch/settlement', 'time inside sendData counts against no timeout'],
    ['pipeline/batch/settlement', 'loses nothing when the stream is down for a while'],
  ],
  [
    'the queue is full',
    ['pipeline/batch/batching', 'refuses visibly, counts what it refused'],
    ['pipeline/telemetry/refusals', 'are told in the log at once, and then once a second'],
    ['observer/telemetry', 'tell of refused events'],
  ],
  [
    'records are throttled',
    ['adapter/kinesis/sending', 'sends only the failed records again'],
    ['observer/telemetry', 'tell of throttled shards'],
  ],
  [
    'credentials expire',
    ['adapter/kinesis/pause', 'keeps its records, probes with one request, and resumes'],
    ['adapter/kinesis/pause', 'so that other streams go on'],
  ],
  [
    'a record can never be delivered',
    ['adapter/kinesis/rejections', 'rejects only when all others of the send are in the stream'],
    ['adapter/kinesis/rejections', 'isolates a poison record among 500'],
  ],
  [
    'the handler throws',
    ['pipeline/batch/settlement', 'a handler that throws is tried again with backoff'],
    ['pipeline/batch/settlement', 'is isolated by halving and dead-lettered'],
  ],
  [
    'the handler forgets',
    ['pipeline/batch/settlement', 'a handler that awaits no send loses nothing'],
    ['pipeline/batch/settlement', 'a rejection that nobody awaited fails the batch'],
  ],
  ['the handler never returns', ['pipeline/batch/settlement', 'a handler that takes too long is given up']],
  ['the handler blocks', ['pipeline/isolation', 'is ended after hangTimeoutMs']],
  ['the handler is stuck', ['pipeline/ending/script-end', 'a thread is stuck in native code']],
  [
    'the thread ends',
    ['pipeline/isolation', 'its event is delivered by the next one'],
    ['pipeline/isolation', 'charges a batch that was alone in it, and no batch that was not'],
    ['pipeline/crashes', 'no other type notices'],
    ['pipeline/batch/poison', 'is isolated and goes to the dead letters; all others are delivered'],
  ],
  ['the module of a type', ['pipeline/records', 'that throws on its import is tried again with backoff']],
  ['the dead-letter function', ['pipeline/batch/settlement', 'stays where it is while its sink fails']],
  ['Registry or a shared', ['pipeline/crashes', 'all types come back and deliver what was pending']],
  ['the whole tree', ['pipeline/crashes', 'of the whole tree end in a new tree']],
  [
    'a script records',
    ['pipeline/ending/script-end', 'waits for what it has recorded'],
    ['pipeline/ending/script-end', 'waits no longer than exitTimeoutMs'],
    ['pipeline/ending/script-end', 'is not held up by an application that is idle'],
  ],
  [
    'SIGTERM or SIGINT',
    ['pipeline/ending/signals', 'and then lets the process end of it'],
    ['pipeline/ending/signals', 'a second signal ends the process at once'],
  ],
  ['`stop()` is out of time', ['pipeline/application', 'waits no longer than it is told']],
  [
    '`process.exit()`',
    ['pipeline/ending/script-end', 'delivers what is queued though the process ends at once'],
  ],
  [
    'the queue is full, and there is a `spool`',
    ['pipeline/spool/spool', 'takes what the memory has no room for, and gives it back, each event once'],
  ],
  // Its steps are faults of the disk too.
  ['the disk is full', ['pipeline/spool/keeper', 'agree with a model under any interleaving']],
  [
    '`kill -9`',
    ['pipeline/spool/processes', 'everything that was confirmed is delivered, under its id'],
    ['pipeline/ending/script-end', 'loses what is queued when the process is killed'],
  ],
];

/** A row that begins like another is held by those that know it best. */
function holdersOf(when: string): string[] {
  const candidates = HELD.map(([row]) => row).filter((row) => when.startsWith(row));
  const longest = Math.max(...candidates.map((row) => row.length));
  return candidates.filter((row) => row.length === longest);
}

describe('What happens when', () => {
  const readme = read('README.md');
  const part = /^## What happens when\n([\s\S]*?)^## /m.exec(readme)?.[1] ?? '';
  const [table = '', others = ''] = part.trim().split(/\n\n(?=\| )/);
  const told = rows(table).map(([when = '']) => when);

  it('is held by tests, row by row', () => {
    const held = told.map((when) => [when, ...holdersOf(when)]);
    for (const [when, ...holders] of held) expect(holders, `${when}: which tests hold it?`).to.have.length(1);
    const holding = new Set(held.flatMap(([, ...holders]) => holders));
    expect(HELD.map(([row]) => row).filter((row) => !holding.has(row))).to.deep.equal([]);
  });

  for (const [row, ...tests] of HELD) {
    it(`${row} ...: the tests that hold it are there`, () => {
      for (const [file, name] of tests) {
        const titles = [...read(`test/${file}.test.ts`).matchAll(/\bit\(\s*(['"`])([\s\S]*?)\1,/g)];
        expect(
          titles.some(([, , title]) => title?.includes(name)),
          `${file}: ${name}`,
        ).to.equal(true);
      }
    });
  }

  it('is told of others for rows that are in the table', () => {
    const compared = rows(others).map(([when = '']) => when);
    expect(compared).to.have.length.above(2);
    expect(compared.filter((when) => !told.some((row) => row.startsWith(when)))).to.deep.equal([]);
  });
});
