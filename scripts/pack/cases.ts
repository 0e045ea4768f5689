/** The ways in which an application may load the package and its record types; each is tried with the packed tarball. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
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

/** What a bundler has to be told when it takes beamline in: where threads begin, and what the adapter begins with. */
const ENTRIES = ['thread-entry', 'record-thread', 'memory/entry'];
const KINESIS_ENTRIES = ['thread-entry', 'record-thread', 'kinesis/entry'];
const SDK = `'@aws-sdk/client-kinesis', '@smithy/node-http-handler'`;
/** The SDK is CommonJS in part. */
const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

function esbuild(options: string): string {
  return `import { build } from 'esbuild';
await build({ bundle: true, format: 'esm', platform: 'node', outdir: 'out', logLevel: 'warning', ${options} });
`;
}

const split = `entryPoints: ['app.mjs', 'sign-up.mjs'], splitting: true`;

/** With beamline in the bundle. */
function splitWith(entries: readonly string[]): string {
  const inside = entries.map((entry) => `{ in: 'beamline/entries/${entry}.js', out: '${entry}' }`).join(', ');
  return `entryPoints: [{ in: 'app.mjs', out: 'app' }, { in: 'sign-up.mjs', out: 'sign-up' }, ${inside}], splitting: true`;
}

function vite(ssr: string, entries: readonly string[] = []): string {
  const input = [
    `app: 'app.mjs'`,
    `'sign-up': 'sign-up.mjs'`,
    ...entries.map((entry) => `'${entry}': 'beamline/entries/${entry}.js'`),
  ].join(', ');
  return `import { build } from 'vite';
await build({ logLevel: 'warn', ssr: { ${ssr} },
  build: { ssr: true, outDir: 'out', rollupOptions: { external: ['@opentelemetry/api'], input: { ${input} },
    output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' } } } });
`;
}

/** A bundle of the application with `kinesis()`, in front of a Kinesis in its own process. */
function kinesisBundle(name: string, build: string): Case {
  return {
    name: `a bundle by ${name}, with kinesis()`,
    place: 'plain',
    files: {
      'sign-up.mjs': sources.signUp,
      'app.mjs': sources.kinesisApplication('./sign-up.mjs'),
      'build.mjs': build,
    },
    commands: [['build.mjs'], ['out/app.js']],
    expected: 'report',
  };
}

const examples = resolve(dirname(fileURLToPath(import.meta.url)), '../../../examples/testing');

function example(name: string): string {
  return readFileSync(join(examples, name), 'utf8');
}

/** An example of the project, as it stands: its record type has a schema of zod. */
function exampleCase(name: string, file: string, command: readonly string[]): Case {
  return {
    name: `the example of a test under ${name}, with a schema of zod`,
    place: 'plain',
    files: Object.fromEntries([file, 'sign-up.mjs', 'shard-key.mjs'].map((each) => [each, example(each)])),
    commands: [[...command, file]],
    expected: 'passes',
  };
}

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
      'build.mjs': esbuild(`${splitWith(ENTRIES)}, external: ['@opentelemetry/api']`),
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
      'build.mjs': vite(`external: ['beamline']`),
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
      'build.mjs': vite(`noExternal: ['beamline']`, ENTRIES),
    },
    commands: [['build.mjs'], ['out/app.js']],
    expected: 'report',
  },
  kinesisBundle('esbuild, beamline external', esbuild(`${split}, external: ['beamline']`)),
  kinesisBundle(
    'esbuild, beamline in it, the SDK external',
    esbuild(`${splitWith(KINESIS_ENTRIES)}, external: ['@opentelemetry/api', ${SDK}]`),
  ),
  kinesisBundle(
    'esbuild, beamline and the SDK in it',
    esbuild(
      `${splitWith(KINESIS_ENTRIES)}, external: ['@opentelemetry/api'], banner: { js: ${JSON.stringify(REQUIRE)} }`,
    ),
  ),
  kinesisBundle('Vite and Rollup, beamline external', vite(`external: ['beamline']`)),
  kinesisBundle(
    'Vite and Rollup, beamline in it, the SDK external',
    vite(`noExternal: ['beamline'], external: [${SDK}]`, KINESIS_ENTRIES),
  ),
  kinesisBundle('Vite and Rollup, beamline and the SDK in it', vite('noExternal: true', KINESIS_ENTRIES)),
  exampleCase('mocha', 'mocha.test.mjs', ['bin:mocha']),
  exampleCase('vitest', 'vitest.test.mjs', ['bin:vitest', 'run', '--root', '.']),
  exampleCase('node:test', 'node-test.test.mjs', ['--test']),
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
