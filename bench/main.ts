/**
 * `npm run bench [-- NAME ...] [--node MAJOR] [--json | --markdown]`: runs scenarios, all or those named, each in a process of
 * its own, and prints their rows. `--markdown` writes them into bench/README.md. `--node` runs them on another Node, which npx
 * fetches. Nothing fails on a figure; a scenario that finds a result wrong ends the command with code 1.
 */
import { execFileSync, fork } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { table } from './report.ts';
import { ROOT } from './root.ts';
import type { Row } from './row.ts';
import { scenarios } from './scenarios/index.ts';

const README = join(ROOT, 'bench/README.md');
const BEGIN = '<!-- table -->';
const END = '<!-- end of the table -->';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, markdown: { type: 'boolean' }, node: { type: 'string' } },
});
const names = scenarios.map(({ name }) => name);
const unknown = positionals.filter((name) => !names.includes(name));

if (unknown.length > 0) {
  console.error(`no scenario ${unknown.join(', ')}; there are: ${names.join(', ')}`);
  process.exitCode = 2;
} else {
  installPeers();
  const rows: Row[] = [];
  for (const { name, node } of chosen()) {
    console.error(`${name}${node === undefined ? '' : ` on Node ${node}`} ...`);
    rows.push(...(await run(name, node)));
  }
  if (values.json) console.log(JSON.stringify(rows, null, 2));
  else console.log(table(rows));
  if (values.markdown) writeTable(rows);
}

interface Run {
  readonly name: string;
  /** Undefined: the one that this command runs on. */
  readonly node?: string;
}

/** The whole table has `record` on Node 24 too, where what it is measured against is another matter. */
function chosen(): readonly Run[] {
  const { node } = values;
  const own = positionals.length === 0 ? names : names.filter((name) => positionals.includes(name));
  if (node !== undefined) return own.map((name) => ({ name, node }));
  const runs = own.map((name) => ({ name }));
  const isOlder = Number(process.versions.node.split('.')[0]) < 24;
  return positionals.length === 0 && isOlder ? [...runs, { name: 'record', node: '24' }] : runs;
}

/** Where npx has put it. */
function nodeOf(major: string): string {
  const args = ['-y', '-p', `node@${major}`, 'node', '-p', 'process.execPath'];
  return execFileSync('npx', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

/** What beamline is compared with is installed here, and nowhere else. */
function installPeers(): void {
  if (existsSync(join(ROOT, 'bench/node_modules/pino'))) return;
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--silent'], {
    cwd: join(ROOT, 'bench'),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** No rows: it has said why on stderr. */
function run(name: string, node?: string): Promise<readonly Row[]> {
  const child = fork(fileURLToPath(new URL('./scenario-process.js', import.meta.url)), [name], {
    execArgv: ['--expose-gc', '--no-warnings'],
    ...(node === undefined ? {} : { execPath: nodeOf(node) }),
  });
  let rows: readonly Row[] = [];
  child.on('message', (message) => {
    const told = message as Row[];
    rows =
      node === undefined
        ? told
        : told.map((row) => ({ ...row, scenario: `${row.scenario}, on Node ${node}` }));
  });
  return new Promise((resolve) => {
    child.on('exit', (code) => {
      if (code !== 0) process.exitCode = 1;
      resolve(rows);
    });
  });
}

function writeTable(rows: readonly Row[]): void {
  const text = readFileSync(README, 'utf8');
  const [before] = text.split(BEGIN);
  const after = text.split(END)[1];
  const load = loadavg()[2]?.toFixed(0);
  const made = `Node ${process.versions.node}, ${availableParallelism()} cores, load average ${load} (15 minutes).`;
  writeFileSync(README, `${before}${BEGIN}\n\n${made}\n\n${table(rows)}\n\n${END}${after}`);
}
