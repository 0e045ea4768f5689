/** What the package declares compiles for whoever uses it: strictly, for Node alone, and down to what it imports. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const types = join(root, 'dist/types');

const PROGRAM = `
export * from '${types}/index.js';
export * as otp from '${types}/otp/index.js';
export * as testing from '${types}/testing/index.js';
`;

describe('The declarations of the package', () => {
  // In the project's own folder, so that what they import is found.
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(root, 'build/declarations-'));
    await writeFile(join(folder, 'program.mts'), PROGRAM);
  });

  after(() => rm(folder, { recursive: true, force: true }));

  for (const [module, resolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const)
    it(`need no browser's: ${resolution}`, async () => {
      const options = [
        '--ignoreConfig',
        '--noEmit',
        '--strict',
        '--exactOptionalPropertyTypes',
        '--skipLibCheck',
        'false',
      ];
      const surroundings = ['--target', 'es2022', '--lib', 'es2023', '--types', 'node'];
      const how = ['--module', module, '--moduleResolution', resolution];
      const tsc = [join(root, 'node_modules/typescript/bin/tsc'), ...options, ...surroundings, ...how];
      const run = promisify(execFile)(process.execPath, [...tsc, join(folder, 'program.mts')]);
      const { stdout } = await run.catch((error: { readonly stdout: string }) => error);
      expect(stdout).to.equal('');
    });
});
