/**
 * Builds what is published, `dist/`, from `src/`: its modules become a few files, because Node needs half a millisecond
 * for each file that it loads, in every thread anew.
 *
 *     dist/index.js  otp.js  testing.js  cli.js      what package.json names
 *     dist/thread-entry.js  kinesis/entry.js ...     what src names by new URL('./...', import.meta.url)
 *     dist/chunk-*.js                                what several of them need
 *     dist/page/                                     the observer's page
 *     dist/types/                                    the declarations, one for each module, mapped to src/
 *
 * The rule: a module that names another by its URL ends up in a file at the top of dist/, and what it names is found
 * from there. So one text, `new URL('./kinesis/entry.js', import.meta.url)`, holds for the sources and for the package.
 * Each build checks it.
 */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const source = join(root, 'src');
const compiled = join(root, 'build/src');
const target = join(root, 'dist');

/** What package.json names, by the name of the file in dist/. */
const PUBLIC: Readonly<Record<string, string>> = {
  index: 'index.ts',
  otp: 'otp/index.ts',
  testing: 'testing/index.ts',
  cli: 'cli/main.ts',
};

/** A module that another one names by its URL. */
interface Named {
  /** The naming module and the named one, from src/, with slashes. */
  readonly by: string;
  readonly module: string;
  /** The URL's text without `./` and `.js`: where the module is in dist/. */
  readonly out: string;
}

async function main(): Promise<void> {
  await rm(target, { recursive: true, force: true });
  const named = await findNamed();
  const entries = new Map(Object.entries(PUBLIC));
  for (const { out, module, by } of named) {
    const other = entries.get(out);
    if (other !== undefined && other !== module)
      throw new Error(
        `${by} names ${module} by './${out}.js', which is ${other} in dist/: rename one of them`,
      );
    entries.set(out, module);
  }
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...entries].map(([out, module]) => ({ in: join(source, module), out })),
    outdir: target,
    // In one folder, so that the URLs in them mean the same wherever a module ends up.
    chunkNames: 'chunk-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  });
  checkPlaces(metafile, named);
  await cp(join(compiled, 'observer/page'), join(target, 'page'), {
    recursive: true,
    filter: (path) => !/\.(ts|map)$/.test(path),
  });
  await copyTypes();
}

async function findNamed(): Promise<Named[]> {
  const found: Named[] = [];
  for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
    const path = join(entry.parentPath, entry.name);
    // Comments, and texts that tell a user what to write, name nothing.
    const code = (await readFile(path, 'utf8')).replace(/\/\*[\s\S]*?\*\/|\/\/.*$|"[^"\n]*"/gm, '');
    for (const [, out = ''] of code.matchAll(/new URL\('\.\/([^']+)\.js', import\.meta\.url\)/g)) {
      const by = relative(source, path).split(sep).join('/');
      found.push({ by, out, module: join(dirname(by), `${out}.ts`).split(sep).join('/') });
    }
  }
  return found;
}

function checkPlaces({ outputs }: Metafile, named: readonly Named[]): void {
  const naming = new Set(named.map(({ by }) => `src/${by}`));
  for (const [output, { inputs }] of Object.entries(outputs)) {
    if (dirname(output) === 'dist') continue;
    const wrong = Object.keys(inputs).filter((input) => naming.has(input));
    if (wrong.length > 0)
      throw new Error(
        `${wrong.join(', ')} is in ${output}, from where its URLs lead nowhere: move them out of the entry`,
      );
  }
}

/** The declarations that the public ones need, each as far below dist/types/ as its module is below src/. */
async function copyTypes(): Promise<void> {
  const copied = new Set<string>();
  const copy = async (module: string): Promise<void> => {
    if (copied.has(module)) return;
    copied.add(module);
    const from = join(compiled, module).replace(/\.ts$/, '.d.ts');
    const to = join(target, 'types', module).replace(/\.ts$/, '.d.ts');
    const text = await readFile(from, 'utf8');
    await mkdir(dirname(to), { recursive: true });
    // A declaration is found beside the file that it declares, and that is the .js file.
    await writeFile(to, text.replaceAll(/(['"]\.{1,2}\/[^'"\n]+)\.ts(['"])/g, '$1.js$2'));
    await cp(`${from}.map`, `${to}.map`);
    for (const [, target = ''] of text.matchAll(/(?:from|import\()\s*['"](\.{1,2}\/[^'"]+\.ts)['"]/g)) {
      await copy(join(dirname(module), target));
    }
  };
  for (const module of ['index.ts', 'otp/index.ts', 'testing/index.ts']) await copy(module);
}

await main();
