/** What is asked of the package as a whole: what two checkers of packages say, what it weighs, how many packages it brings. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Places, run } from './place.ts';

/** Each check by its name, with what is wrong. */
export async function checkPackage(root: string, places: Places): Promise<[string, string | undefined][]> {
  const checker = async (name: string, args: readonly string[]): Promise<[string, string | undefined]> => {
    const { code, out, err } = await run(['-y', ...args], { cwd: root, program: 'npx' });
    return [name, code === 0 ? undefined : `${out}${err}`];
  };
  const place = await places.install('alone');
  const packages = await packagesIn(join(place, 'node_modules'));
  const bytes = await bytesIn(join(place, 'node_modules'));
  const own = await bytesIn(join(place, 'node_modules/beamline'));
  const megabytes = (count: number): string => `${(count / 1e6).toFixed(1)} MB`;
  console.log(
    `installed: ${megabytes(bytes)} in ${packages} packages, itself and its dependencies; ${megabytes(own)} are its own`,
  );
  return [
    await checker('publint', ['publint@latest', places.tarball, '--strict']),
    await checker('attw --profile esm-only', [
      '@arethetypeswrong/cli@latest',
      places.tarball,
      '--profile',
      'esm-only',
      '--exclude-entrypoints',
      'package.json',
    ]),
  ];
}

async function packagesIn(modules: string): Promise<number> {
  let count = 0;
  for (const entry of await readdir(modules, { recursive: true, withFileTypes: true })) {
    if (entry.name === 'package.json' && /node_modules\/(@[^/]+\/)?[^/@]+$/.test(entry.parentPath)) count++;
  }
  return count;
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}
