/**
 * `npm run bench [-- NAME ...] [--json | --markdown]`: runs scenarios, all or those named, each in a process of its own, and
 * prints their rows. `--markdown` writes them into bench/README.md. Nothing fails on a figure; a scenario that finds a
 * result wrong ends the command with code 1.
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
  options: { json: { type: 'boolean' }, markdown: { type: 'boolean' } },
});
const names = scenarios.map(({ name }) => name);
const unknown = positionals.filter((name) => !names.includes(name));

if (unknown.length > 0) {
  console.error(`no scenario ${unknown.join(', ')}; there are: ${names.join(', ')}`);
  process.exitCode = 2;
} else {
  installPeers();
  const chosen = positionals.length === 0 ? names : names.filter((name) => positionals.includes(name));
  const rows: Row[] = [];
  for (const name of chosen) {
    console.error(`${name} ...`);
    rows.push(...(await run(name)));
  }
  if (values.json) console.log(JSON.stringify(rows, null, 2));
  else console.log(table(rows));
  if (values.markdown) writeTable(rows);
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
function run(name: string): Promise<readonly Row[]> {
  const child = fork(fileURLToPath(new URL('./scenario-process.js', import.meta.url)), [name], {
    execArgv: ['--expose-gc', '--no-warnings'],
  });
  let rows: readonly Row[] = [];
  child.on('message', (message) => {
    rows = message as Row[];
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
