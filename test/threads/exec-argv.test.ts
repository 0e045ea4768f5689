import { expect } from 'chai';
import { threadExecArgv } from '../../src/threads/exec-argv.ts';

describe('threadExecArgv', () => {
  const cases: readonly (readonly [what: string, given: readonly string[], kept: readonly string[]])[] = [
    ['keeps loaders for TypeScript', ['--import', 'tsx'], ['--import', 'tsx']],
    [
      'keeps them in the other spelling',
      ['--import=/x/node_modules/tsx/dist/loader.mjs'],
      ['--import=/x/node_modules/tsx/dist/loader.mjs'],
    ],
    [
      'keeps a loader as a file URL',
      ['--require', '/x/tsx/preflight.cjs', '--import', 'file:///x/node_modules/tsx/dist/loader.mjs'],
      ['--require', '/x/tsx/preflight.cjs', '--import', 'file:///x/node_modules/tsx/dist/loader.mjs'],
    ],
    [
      'drops what would start the application again',
      ['--import', './server.js', '-r', './instrument.cjs'],
      [],
    ],
    ['drops a preload whose name merely resembles a loader', ['--import', './my-tsx-setup.js'], []],
    [
      'keeps conditions',
      ['-C', 'development', '--conditions=worker'],
      ['-C', 'development', '--conditions=worker'],
    ],
    [
      'keeps type stripping and source maps',
      ['--experimental-strip-types', '--enable-source-maps'],
      ['--experimental-strip-types', '--enable-source-maps'],
    ],
    [
      'drops what is for the process as a whole',
      ['--inspect=0', '--max-old-space-size=4096', '--watch', '-e', 'code'],
      [],
    ],
  ];
  for (const [what, given, kept] of cases) {
    it(what, () => {
      expect(threadExecArgv(given)).to.deep.equal(kept);
    });
  }
});
