/** What a user gets with the package, walked as it is installed: plain JavaScript, and nothing that runs beside it. */

import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';

interface Manifest {
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly gypfile?: boolean;
}

/** The spool's store. Only its own thread loads it, and Kinesis has no part in it. */
const STORES: ReadonlySet<string> = new Set(['lmdb']);
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];

const root = resolve(import.meta.dirname, '../..');
const manifestIn = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** Where a package that this folder asks for is, as Node looks for it. */
function installed(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const there = join(folder, 'node_modules', name);
    if (existsSync(join(there, 'package.json'))) return realpathSync(there);
    if (dirname(folder) === folder) return undefined;
  }
}

/** The folders of the production dependencies, those of dependencies too. */
function production(): ReadonlyMap<string, Manifest> {
  const found = new Map<string, Manifest>();
  const visit = (folder: string): void => {
    const { dependencies = {}, optionalDependencies = {} } = manifestIn(folder);
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      if (STORES.has(name)) continue;
      const there = installed(name, folder);
      if (there === undefined) {
        expect(optionalDependencies, `${name} is not installed`).to.have.property(name);
        continue;
      }
      if (found.has(there)) continue;
      found.set(there, manifestIn(there));
      visit(there);
    }
  };
  visit(root);
  return found;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    // What is installed inside of it is a package of its own.
    if (entry.name === 'node_modules') return [];
    return entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)];
  });
}

describe('The production dependencies', () => {
  const packages = production();

  it('are found, the AWS SDK among them', () => {
    const names = [...packages.values()].map(({ name }) => name);
    expect(names).to.include.members(['@aws-sdk/client-kinesis', '@smithy/node-http-handler', 'valibot']);
    expect(names.length).to.be.above(20);
  });

  it('have no native module, no JVM and no other program', () => {
    const binaries = [...packages.keys()]
      .flatMap(filesIn)
      .filter((file) => /\.(node|so|dylib|dll|exe|jar|class|wasm|gyp)$/.test(file));
    expect(binaries).to.deep.equal([]);
    expect([...packages.values()].map(({ name }) => name)).to.not.include('aws-crt');
  });

  it('run nothing when they are installed', () => {
    const scripts = [...packages.values()].flatMap(({ name, scripts = {}, gypfile }) =>
      INSTALL_SCRIPTS.filter((script) => scripts[script] !== undefined || gypfile === true).map(
        (script) => `${name}: ${script}`,
      ),
    );
    expect(scripts).to.deep.equal([]);
  });

  it('have no company in the library: it starts no process, but to open a browser, and to read a store that may be damaged', () => {
    const starters = filesIn(join(root, 'src'))
      .filter((file) => /from '(node:)?(child_process|cluster)'/.test(readFileSync(file, 'utf8')))
      .map((file) => file.slice(root.length + 1));
    expect(starters).to.deep.equal(['src/cli/open-page.ts', 'src/pipeline/spool/damage.ts']);
  });
});
