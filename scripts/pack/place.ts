/** Folders outside of the project in which the packed package is installed, and what is run in them. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Output, outputOf } from '../output-of.ts';
import { signUp } from './sources.ts';

/** One that hangs is ended, and fails. */
const LIMIT_MS = 120_000;
/** What bundles, loads and tests the applications, and what the examples of tests use. */
export const TOOLS = [
  ...['esbuild', 'vite', 'webpack', 'tsx', 'mocha', 'vitest', 'typescript', '@types/node@20'],
  ...['zod', 'chai', 'sinon'],
];

export interface Run {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The program; left out, the Node that runs this. */
  readonly program?: string;
}

export async function run(
  args: readonly string[],
  { cwd, env, program = process.execPath }: Run,
): Promise<Output> {
  const child = spawn(program, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
  });
  return outputOf(child);
}

/** As `run`; rejects when the command fails. */
export async function must(args: readonly string[], options: Run): Promise<string> {
  const { code, out, err } = await run(args, options);
  if (code !== 0) throw new Error(`${options.program ?? 'node'} ${args.join(' ')} failed:\n${out}${err}`);
  return out;
}

export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

const npm = (args: readonly string[], cwd: string): Promise<string> =>
  must([...args, '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], { cwd, program: 'npm' });

/** The packed package, and folders that have installed it. */
export class Places {
  readonly folder: string;
  readonly tarball: string;

  private constructor(folder: string, tarball: string) {
    this.folder = folder;
    this.tarball = tarball;
  }

  /** Packs what has been built. */
  static async open(root: string): Promise<Places> {
    const folder = await mkdtemp(join(tmpdir(), 'beamline-pack-'));
    const told = await must(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
      program: 'npm',
    });
    const [{ filename }] = JSON.parse(told) as [{ filename: string }];
    return new Places(folder, join(folder, filename));
  }

  /** A folder of an application that has installed the package, and with it what is named. */
  async install(name: string, others: readonly string[] = []): Promise<string> {
    const place = join(this.folder, name);
    await writeFiles(place, { 'package.json': '{ "private": true, "type": "module" }' });
    await npm(['install', this.tarball, ...others], place);
    return place;
  }

  /** npm workspaces: the record type in one package, the application in another. Gives the latter's folder. */
  async installWorkspaces(name: string): Promise<string> {
    const place = join(this.folder, name);
    const dependencies = { beamline: `file:${this.tarball}` };
    await writeFiles(place, {
      'package.json': JSON.stringify({ private: true, workspaces: ['packages/*'], dependencies }),
      'packages/events/package.json': JSON.stringify({
        name: '@shop/events',
        version: '1.0.0',
        type: 'module',
        exports: './sign-up.mjs',
      }),
      'packages/events/sign-up.mjs': signUp,
      'packages/server/package.json': JSON.stringify({
        name: '@shop/server',
        version: '1.0.0',
        type: 'module',
        dependencies: { '@shop/events': '1.0.0' },
      }),
    });
    await npm(['install'], place);
    return join(place, 'packages/server');
  }

  close(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** The program of an installed package, by its own package.json. */
export async function programOf(place: string, name: string): Promise<string> {
  const folder = join(place, 'node_modules', name);
  const { bin } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    bin: string | Record<string, string>;
  };
  return resolve(folder, typeof bin === 'string' ? bin : (bin[name] ?? ''));
}
