/**
 * Builds what is published, `dist/`, from `src/`: its modules become a few files, because Node needs half a millisecond
 * for each file that it loads, in every thread anew.
 *
 *     dist/index.js  otp.js  otel.js  testing.js  cli.js      what package.json names
 *     dist/thread-entry.js  kinesis/entry.js ...     what src names by new URL('./...', import.meta.url)
 *     dist/chunk-*.js                                what several of them need
 *     dist/page/                                     the observer's page
 *     dist/nanoid.LICENSE  comlink.LICENSE           of the packages that are built in
 *     dist/types/                                    the declarations, one for each module, mapped to src/
 *
 * The rule: a module that names another by its URL ends up in a file at the top of dist/, and what it names is found
 * from there. So one text, `new URL('./kinesis/entry.js', import.meta.url)`, holds for the sources and for the package.
 * Each build checks it.
 */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const source = join(root, 'src');
const compiled = join(root, 'build/src');
const target = join(root, 'dist');

/** What package.json names, by the name of the file in dist/. */
const PUBLIC: Readonly<Record<string, string>> = {
  index: 'index.ts',
  otp: 'otp/index.ts',
  otel: 'observer/otel/index.ts',
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
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const options: BuildOptions & { metafile: true } = {
    absWorkingDir: root,
    entryPoints: [...entries].map(([out, module]) => ({ in: join(source, module), out })),
    outdir: target,
    // In one folder, so that the URLs in them mean the same wherever a module ends up.
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    define: { BEAMLINE_VERSION: JSON.stringify(version) },
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  };
  const { metafile: apart } = await build({ ...options, write: false, plugins: [inside] });
  const { metafile } = await build({ ...options, plugins: [inside, together(apart)] });
  checkPlaces(metafile, named);
  for (const output of Object.keys(metafile.outputs)) await keepClassNames(join(root, output));
  await cp(join(compiled, 'observer/page'), join(target, 'page'), {
    recursive: true,
    filter: (path) => !/\.(ts|map)$/.test(path),
  });
  for (const name of Object.keys(INSIDE))
    await cp(join(packageOf(name), 'LICENSE'), join(target, `${name}.LICENSE`));
  await copyTypes();
}

/**
 * What is built in, a few kilobytes each, and the form of it that loads least. nanoid's for browsers asks for `crypto` when it
 * makes an id, where that for Node loads `node:crypto` at once, and so 5 ms longer. Comlink's main file is CommonJS: were it
 * imported, each thread would make the parser by which Node finds what such a module exports.
 */
const INSIDE: Readonly<Record<string, string>> = {
  nanoid: 'index.browser.js',
  comlink: 'dist/esm/comlink.mjs',
};

const packageOf = (name: string): string => join(root, 'node_modules', name);

const inside: Plugin = {
  name: 'inside',
  setup({ onResolve }) {
    for (const [name, file] of Object.entries(INSIDE))
      onResolve({ filter: new RegExp(`^${name}$`) }, () => ({
        path: join(packageOf(name), file),
        sideEffects: false,
      }));
  },
};

/**
 * Modules that are to share a file. Left to itself the bundler makes a file for each set of entry points that need the
 * same modules: two dozen, most of them tiny. Here each entry point that needs one module of a group needs them all.
 *
 *     front      all that `import 'beamline'` loads
 *     words      what that needs of the lower floors, and so do all others
 *     otp        the rest of those floors
 *     core       what an application loads when it starts, and its threads
 */
const GROUPS = ['words', 'front', 'otp', 'core'] as const;
type Group = (typeof GROUPS)[number];

const INDEX = 'src/index.ts';
/** What is loaded in a running application and its threads: what two of these need is in the group `core`. */
const RUNNING = [
  'src/pipeline/running.ts',
  'src/threads/thread-entry.ts',
  'src/pipeline/site/record-thread.ts',
  'src/pipeline/adapter/kinesis/entry.ts',
  'src/pipeline/adapter/memory/entry.ts',
  'src/pipeline/adapter/null/entry.ts',
];

function groupOf(module: string, users: ReadonlySet<string>): Group | undefined {
  const isLow = /^src\/(base|otp)\//.test(module);
  if (users.has(INDEX)) return isLow ? 'words' : 'front';
  if (isLow) return 'otp';
  return RUNNING.filter((entry) => users.has(entry)).length > 1 ? 'core' : undefined;
}

/** Has each entry point import whole groups, by what it needs when the bundler is left to itself. */
function together({ outputs }: Metafile): Plugin {
  const users = new Map<string, Set<string>>();
  for (const [output, { entryPoint }] of Object.entries(outputs)) {
    if (entryPoint === undefined) continue;
    for (const reached of reachedFrom(output, outputs)) {
      for (const module of Object.keys(outputs[reached]?.inputs ?? {}))
        users.set(module, (users.get(module) ?? new Set()).add(entryPoint));
    }
  }
  const groups: Record<Group, string[]> = { words: [], front: [], otp: [], core: [] };
  const groupsOf = new Map<string, Set<Group>>();
  const grouped = new Set<string>();
  for (const [module, entries] of users) {
    const group = entries.size > 1 && module.startsWith('src/') ? groupOf(module, entries) : undefined;
    if (group === undefined) continue;
    groups[group].push(module);
    grouped.add(join(root, module));
    for (const entry of entries)
      groupsOf.set(join(root, entry), (groupsOf.get(join(root, entry)) ?? new Set()).add(group));
  }
  // What needs some of `core` runs in an application or in its threads, where the others are loaded anyway.
  for (const wanted of groupsOf.values())
    if (wanted.has('core')) for (const group of GROUPS) wanted.add(group);
  return {
    name: 'together',
    setup({ onResolve, onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const wanted = groupsOf.get(path);
        if (wanted === undefined) return undefined;
        const imports = GROUPS.filter((group) => wanted.has(group)).flatMap((group) =>
          groups[group].map((module) => `import ${JSON.stringify(join(root, module))};`),
        );
        // At the end: the lines before keep their numbers.
        return { contents: `${await readFile(path, 'utf8')}${imports.join(' ')}`, loader: 'ts' };
      });
      // `sideEffects: false` in package.json has the bundler leave out an import that nothing is taken from.
      onResolve({ filter: /\.ts$/ }, ({ path, resolveDir }) => {
        const module = resolve(resolveDir, path);
        return { path: module, sideEffects: grouped.has(module) };
      });
    },
  };
}

/** The files that are loaded with this one. */
function reachedFrom(output: string, outputs: Metafile['outputs'], found = new Set<string>()): Set<string> {
  if (found.has(output)) return found;
  found.add(output);
  for (const { path, kind } of outputs[output]?.imports ?? []) {
    if (kind === 'import-statement' && path in outputs) reachedFrom(path, outputs, found);
  }
  return found;
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

/**
 * A class that names itself in its body is `var X = class _X` in a bundle, and `_X` in every stack trace and wherever an
 * object is printed. Inside of the class its own name may be that of the variable. A space takes the place of the line
 * below: the source map counts columns.
 */
async function keepClassNames(output: string): Promise<void> {
  if (!output.endsWith('.js')) return;
  const text = await readFile(output, 'utf8');
  const names = [...text.matchAll(/\bvar (\w+) = class _\1\b/g)].map(([, name = '']) => name);
  const kept = names.reduce(
    (code, name) => code.replaceAll(new RegExp(`(?<![\\w$.#])_${name}\\b`, 'g'), ` ${name}`),
    text,
  );
  if (/\bclass _/.test(kept)) throw new Error(`a class of ${output} has another name than in its source`);
  if (kept !== text) await writeFile(output, kept);
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
  for (const module of Object.values(PUBLIC).filter((module) => !module.startsWith('cli/')))
    await copy(module);
}

await main();
