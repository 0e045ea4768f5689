/** What the package weighs with all that it depends on, and how long its entries take to import, beside the SDK's client. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../root.ts';
import { interleave } from '../rounds.ts';
import { rowOf, type Target } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';

const ROUNDS = 15;
const MB = 1e6;
/** The project's own key in its lock file. */
const PROJECT = '';

export const install: Scenario = {
  name: 'install',
  async run() {
    check(exportsOf('beamline').includes('Application'), 'beamline is not what is imported');
    const { beamline, otp, sdk } = await interleave(ROUNDS, {
      beamline: () => importTime('beamline'),
      otp: () => importTime('beamline/otp'),
      sdk: () => importTime('@aws-sdk/client-kinesis'),
    });
    const quarter: Target = { type: 'ratio_at_most', ratio: 0.25 };
    const row = (
      scenario: string,
      unit: string,
      target: Target,
      ours: readonly number[],
      theirs: readonly number[],
    ) => rowOf({ scenario, yardstick: '@aws-sdk/client-kinesis', unit, target, ours, theirs });
    const sdkFolders = folders(['node_modules/@aws-sdk/client-kinesis']);
    const ourFolders = folders([PROJECT]);
    return [
      row('install: import beamline', 'ms', quarter, beamline, sdk),
      row('install: import beamline/otp', 'ms', quarter, otp, sdk),
      row(
        'install: unpacked, with all dependencies',
        'MB',
        { type: 'none' },
        [(packedBytes() + bytesIn(ourFolders)) / MB],
        [bytesIn(sdkFolders) / MB],
      ),
    ];
  },
};

/** Milliseconds, in a process of its own. */
function importTime(name: string): number {
  const code = `const start = performance.now(); await import('${name}'); console.log(performance.now() - start);`;
  return Number(node(code));
}

function exportsOf(name: string): string[] {
  return node(`console.log(Object.keys(await import('${name}')).join())`).trim().split(',');
}

function node(code: string): string {
  return execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT, encoding: 'utf8' });
}

function packedBytes(): number {
  const told = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ unpackedSize }] = JSON.parse(told) as [{ unpackedSize: number }];
  return unpackedSize;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dependencies?: Readonly<Record<string, string>> }>>;
}

/** The folders of all that these packages need, themselves included unless it is the project: by the lock file. */
function folders(roots: readonly string[]): string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
  const found = new Set<string>();
  const add = (key: string): void => {
    if (found.has(key)) return;
    found.add(key);
    for (const name of Object.keys(packages[key]?.dependencies ?? {})) add(`node_modules/${name}`);
  };
  for (const root of roots) add(root);
  return [...found].filter((key) => key !== PROJECT).map((key) => join(ROOT, key));
}

/** Packages within others are counted with those. */
function bytesIn(packages: readonly string[]): number {
  let bytes = 0;
  for (const folder of packages) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
    }
  }
  return bytes;
}
