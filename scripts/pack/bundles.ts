/** The bundles in which an application may take the package along, or leave it outside. */
import type { Case } from './case.ts';
import * as sources from './sources.ts';

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

/** Their chunks name one another, so they are split; the application's own files are not. */
const entriesFolder = `await build({ bundle: true, splitting: true, format: 'esm', platform: 'node', outdir: 'out/beamline', logLevel: 'warning',
  entryPoints: [${KINESIS_ENTRIES.map((entry) => `{ in: 'beamline/entries/${entry}.js', out: '${entry}' }`).join(', ')}],
  banner: { js: ${JSON.stringify(REQUIRE)} } });
await cp('../node_modules/beamline/dist/page', 'out/beamline/page', { recursive: true });
await writeFile('out/beamline/package.json', '{ "type": "module" }');
`;

/** Runs a file of the bundle in a folder from where no package is found. */
const apart = (file: string) => `import { cp } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
const place = resolve('../..', basename(process.cwd()));
await cp('out', place, { recursive: true });
await import(pathToFileURL(join(place, '${file}')));
`;

/** A bundle that is not split: application and record type with a copy of beamline each, its entries in a folder. */
function wholeBundle(
  name: string,
  files: Case['files'],
  build: string,
  file: string,
  expected: Case['expected'] = 'report',
): Case {
  return {
    name: `a bundle by ${name}, not split, nothing outside of it, its entries in a folder`,
    place: 'plain',
    files: {
      ...files,
      'build.mjs': `import { cp, writeFile } from 'node:fs/promises';\n${build}${entriesFolder}`,
      'apart.mjs': apart(file),
    },
    commands: [['build.mjs'], ['apart.mjs']],
    expected,
  };
}

const WHOLE = {
  'sign-up.mjs': sources.signUpIn("new URL('./sign-up.js', import.meta.url)"),
  'app.mjs': sources.kinesisApplication('./sign-up.mjs', "new URL('./beamline/', import.meta.url)"),
};
const WHOLE_COMMON = {
  'sign-up.cjs': sources.signUpCommonIn("pathToFileURL(__dirname + '/sign-up.cjs')"),
  'app.cjs': sources.kinesisApplicationCommon('./sign-up.cjs', "__dirname + '/beamline'"),
};
/** As for a Lambda function: one file, and handlers on the main thread. */
const LAMBDA = { 'app.cjs': sources.inlineKinesisCommon("__dirname + '/beamline'") };
const webpack = `import { build } from 'esbuild';
import webpack from 'webpack';
import { resolve } from 'node:path';
await new Promise((done, failed) => webpack({
  mode: 'production', target: 'node20', devtool: false, experiments: { outputModule: true },
  entry: { app: './app.mjs', 'sign-up': './sign-up.mjs' },
  externals: ['@opentelemetry/api'], externalsType: 'module',
  module: { parser: { javascript: { importMeta: false, url: false } } },
  output: { path: resolve('out'), module: true, filename: '[name].js', chunkFormat: 'module', library: { type: 'module' } },
}, (error, stats) => error ?? stats.hasErrors() ? failed(error ?? new Error(stats.toString('errors-only'))) : done()));
await writeFile('out/package.json', '{ "type": "module" }');
`;

export const bundles: readonly Case[] = [
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
  wholeBundle(
    'esbuild',
    WHOLE,
    `${esbuild(`entryPoints: ['app.mjs', 'sign-up.mjs'], external: ['@opentelemetry/api'], banner: { js: ${JSON.stringify(REQUIRE)} }`)}
await writeFile('out/package.json', '{ "type": "module" }');
`,
    'app.js',
  ),
  wholeBundle(
    'esbuild, as CommonJS',
    WHOLE_COMMON,
    esbuild(
      `entryPoints: ['app.cjs', 'sign-up.cjs'], format: 'cjs', outExtension: { '.js': '.cjs' }, external: ['@opentelemetry/api']`,
    ),
    'app.cjs',
  ),
  wholeBundle(
    'esbuild, as CommonJS, in one file with isolation inline',
    LAMBDA,
    esbuild(
      `entryPoints: ['app.cjs'], format: 'cjs', outExtension: { '.js': '.cjs' }, external: ['@opentelemetry/api']`,
    ),
    'app.cjs',
    new RegExp(sources.INLINE_REPORT),
  ),
  wholeBundle('webpack', WHOLE, webpack, 'app.js'),
];
