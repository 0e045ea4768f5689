/** The ways in which an application may load the package and its record types; each is tried with the packed tarball. */
import * as sources from './sources.ts';

export interface Case {
  readonly name: string;
  /** Where it is tried: a plain folder, one with spaces and other letters in its path, npm workspaces with symlinks. */
  readonly place: 'plain' | 'odd path' | 'workspaces';
  /** In a folder of the case's own. */
  readonly files: Readonly<Record<string, string>>;
  /** Arguments of `node`, one command after the other. `bin:mocha` stands for the program of that name. */
  readonly commands: readonly (readonly string[])[];
  /** `report`: the last command prints that all is delivered. `passes`: it ends with 0. A pattern: it fails, and says so. */
  readonly expected: 'report' | 'passes' | RegExp;
  /** From which version of Node on it can work, if not on all; what is said on one before. */
  readonly since?: { readonly major: number; readonly before: RegExp };
}

const app = (from: string) => sources.application(from);

/** What a bundler has to be told when it takes beamline in. */
const ENTRIES = ['thread-entry', 'record-thread', 'memory/entry'];

function esbuild(options: string): string {
  return `import { build } from 'esbuild';
await build({ bundle: true, format: 'esm', platform: 'node', outdir: 'out', logLevel: 'warning', ${options} });
`;
}

const split = `entryPoints: ['app.mjs', 'sign-up.mjs'], splitting: true`;
const inside = ENTRIES.map((entry) => `{ in: 'beamline/entries/${entry}.js', out: '${entry}' }`).join(', ');

function vite(ssr: string, input: readonly string[]): string {
  const pairs = input.map((pair) => `${pair}`).join(', ');
  return `import { build } from 'vite';
await build({ logLevel: 'warn', ${ssr}
  build: { ssr: true, outDir: 'out', rollupOptions: { input: { ${pairs} },
    output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' } } } });
`;
}

const viteInput = [`app: 'app.mjs'`, `'sign-up': 'sign-up.mjs'`];

export const cases: readonly Case[] = [
  {
    name: 'JavaScript',
    place: 'plain',
    files: { 'sign-up.mjs': sources.signUp, 'app.mjs': app('./sign-up.mjs') },
    commands: [['app.mjs']],
    expected: 'report',
  },
  {
    name: 'a path with spaces and other letters',
    place: 'odd path',
    files: { 'sign-up.mjs': sources.signUp, 'app.mjs': app('./sign-up.mjs') },
    commands: [['app.mjs']],
    expected: 'report',
  },
  {
    name: 'workspaces, with symlinks',
    place: 'workspaces',
    files: { 'app.mjs': app('@shop/events') },
    commands: [['app.mjs']],
    expected: 'report',
  },
  {
    name: "TypeScript by Node's type stripping",
    place: 'plain',
    files: { 'sign-up.ts': sources.signUpTyped, 'app.ts': app('./sign-up.ts') },
    commands: [['--no-warnings', 'app.ts']],
    expected: 'report',
    since: { major: 22, before: /Unknown file extension/ },
  },
  {
    name: 'TypeScript by tsx',
    place: 'plain',
    files: { 'sign-up.ts': sources.signUpTyped, 'app.ts': app('./sign-up.ts') },
    commands: [['--import', 'tsx', 'app.ts']],
    expected: 'report',
    since: { major: 22, before: /ERR_RECORD_MODULE.*not under tsx on Node 20/s },
  },
  {
    name: 'CommonJS',
    place: 'plain',
    files: { 'sign-up.cjs': sources.signUpCommon, 'app.cjs': sources.applicationCommon('./sign-up.cjs') },
    commands: [['--no-warnings', 'app.cjs']],
    expected: 'report',
  },
  {
    name: 'a bundle by esbuild, beamline external',
    place: 'plain',
    files: {
      'sign-up.mjs': sources.signUp,
      'app.mjs': app('./sign-up.mjs'),
      'build.mjs': esbuild(`${split}, external: ['beamline']`),
    },
    commands: [['build.mjs'], ['out/app.js']],
    expected: 'report',
  },
  {
    name: 'a bundle by esbuild, beamline in it',
    place: 'plain',
    files: {
      'sign-up.mjs': sources.signUp,
      'app.mjs': app('./sign-up.mjs'),
      'build.mjs': esbuild(
        `entryPoints: [{ in: 'app.mjs', out: 'app' }, { in: 'sign-up.mjs', out: 'sign-up' }, ${inside}], splitting: true, external: ['@opentelemetry/api']`,
      ),
    },
    commands: [['build.mjs'], ['out/app.js']],
    expected: 'report',
  },
  {
    name: 'a bundle by esbuild, beamline in it, without its entries',
    place: 'plain',
    files: {
      'sign-up.mjs': sources.signUp,
      'app.mjs': app('./sign-up.mjs'),
      'build.mjs': esbuild(`${split}, external: ['@opentelemetry/api']`),
    },
    commands: [['build.mjs'], ['out/app.js']],
    expected: /ERR_THREAD_ENTRY.*external/s,
  },
  {
    name: 'a bundle that is not split: the record type is in the file of the application',
    place: 'plain',
    files: { 'app.mjs': sources.inOneFile },
    commands: [['app.mjs']],
    expected: /ERR_IN_RECORD_THREAD/,
  },
  {
    name: 'a bundle by Vite and Rollup, beamline external',
    place: 'plain',
    files: {
      'sign-up.mjs': sources.signUp,
      'app.mjs': app('./sign-up.mjs'),
      'build.mjs': vite(`ssr: { external: ['beamline'] },`, viteInput),
    },
    commands: [['build.mjs'], ['out/app.js']],
    expected: 'report',
  },
  {
    name: 'a bundle by Vite and Rollup, beamline in it',
    place: 'plain',
    files: {
      'sign-up.mjs': sources.signUp,
      'app.mjs': app('./sign-up.mjs'),
      'build.mjs': vite(`ssr: { noExternal: ['beamline'] },`, [
        ...viteInput,
        ...ENTRIES.map((entry) => `'${entry}': 'beamline/entries/${entry}.js'`),
      ]),
    },
    commands: [['build.mjs'], ['out/app.js']],
    expected: 'report',
  },
  {
    name: 'under mocha',
    place: 'plain',
    files: {
      'sign-up.mjs': sources.signUp,
      'a.test.mjs': sources.runnerTest("import { it as test } from 'mocha';"),
    },
    commands: [['bin:mocha', 'a.test.mjs']],
    expected: 'passes',
  },
  {
    name: 'under vitest',
    place: 'plain',
    files: {
      'sign-up.mjs': sources.signUp,
      'a.test.mjs': sources.runnerTest("import { test } from 'vitest';"),
    },
    commands: [['bin:vitest', 'run', '--root', '.']],
    expected: 'passes',
  },
  {
    name: 'under node:test',
    place: 'plain',
    files: {
      'sign-up.mjs': sources.signUp,
      'a.test.mjs': sources.runnerTest("import { test } from 'node:test';"),
    },
    commands: [['--test', 'a.test.mjs']],
    expected: 'passes',
  },
];
