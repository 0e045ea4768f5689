/** The ways in which an application may load the package and its record types; each is tried with the packed tarball. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundles } from './bundles.ts';
import type { Case } from './case.ts';
import * as sources from './sources.ts';

const app = (from: string) => sources.application(from);

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
  ...bundles,
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
