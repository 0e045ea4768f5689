/** The rules of the house, as a test: who may import whom, and what stands in one place only. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

interface Source {
  /** From the root of the project, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Without comments. */
  readonly code: string;
}

function sourcesIn(folder: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => {
      const path = relative(root, join(entry.parentPath, entry.name)).split(sep).join('/');
      const text = readFileSync(join(root, path), 'utf8');
      return { path, text, code: text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '') };
    });
}

/** What a file imports, by path from the root or by package name. */
function importsOf({ path, code }: Source): string[] {
  const found = [...code.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, target]) => target ?? '');
  return found.map((target) =>
    target.startsWith('.')
      ? relative(root, resolve(root, dirname(path), target))
          .split(sep)
          .join('/')
      : target,
  );
}

/** From the bottom up; each may import itself and those before it. */
const FLOORS = ['base', 'otp', 'threads', 'pipeline', 'observer', 'cli'] as const;

function floorOf(path: string): number {
  const [, floor] = path.split('/');
  return (FLOORS as readonly string[]).indexOf(floor ?? '');
}

const sources = sourcesIn('src');
const outside = (allowed: (path: string) => boolean, pattern: RegExp): string[] =>
  sources.filter(({ path, code }) => !allowed(path) && pattern.test(code)).map(({ path }) => path);

describe('The house', () => {
  it('has imports that point down only', () => {
    const wrong: string[] = [];
    for (const source of sources) {
      const floor = floorOf(source.path);
      for (const target of importsOf(source)) {
        if (!target.startsWith('src/')) continue;
        const isTesting = source.path.startsWith('src/testing/') || source.path === 'src/index.ts';
        // The demo of the command line runs on the simulator.
        const mayTest = /^src\/(testing|cli\/demo)\//.test(source.path);
        if (target.startsWith('src/testing/') && !mayTest) wrong.push(`${source.path} -> ${target}`);
        else if (!isTesting && floorOf(target) > floor) wrong.push(`${source.path} -> ${target}`);
      }
    }
    expect(
      wrong,
      `hand in what the lower floor needs; floors from the bottom: ${FLOORS.join(', ')}`,
    ).to.deep.equal([]);
  });

  it('keeps base free of imports from outside of it', () => {
    const wrong = sources
      .filter(({ path }) => path.startsWith('src/base/'))
      .flatMap((source) =>
        importsOf(source)
          .filter((target) => !target.startsWith('src/base/'))
          .map((target) => `${source.path} -> ${target}`),
      );
    expect(wrong, 'base imports nothing').to.deep.equal([]);
  });

  it('lets otp know neither threads, nor I/O, nor packages', () => {
    const wrong = sources
      .filter(({ path }) => path.startsWith('src/otp/'))
      .flatMap((source) =>
        importsOf(source)
          .filter((target) => !target.startsWith('src/'))
          .map((target) => `${source.path} -> ${target}`),
      );
    expect(wrong, 'otp leaves its thread through the Transport port, which threads implements').to.deep.equal(
      [],
    );
  });

  it('uses Atomics and shared memory in threads only', () => {
    const wrong = outside((path) => path.startsWith('src/threads/'), /\b(Atomics|SharedArrayBuffer)\b/);
    expect(wrong, 'move what touches shared memory to src/threads and hand it in').to.deep.equal([]);
  });

  it('names worker_threads in threads only', () => {
    const wrong = outside((path) => path.startsWith('src/threads/'), /node:worker_threads/);
    expect(wrong, 'use Thread, NodeLink or the Directory of src/threads').to.deep.equal([]);
  });

  it('imports the AWS SDK in one file', () => {
    const files = sources.filter((source) =>
      importsOf(source).some((target) => target.startsWith('@aws-sdk/') || target.startsWith('@smithy/')),
    );
    expect(files.map(({ path }) => path)).to.deep.equal(['src/pipeline/adapter/kinesis/sdk-exports.ts']);
  });

  it('reads clocks and sets timers in base/clock.ts only, and takes chance from base/random.ts', () => {
    expect(
      outside(
        (path) => path === 'src/base/clock.ts' || path === 'src/observer/page/time.ts',
        /\b(setTimeout|setInterval|Date\.now|performance\.now)\(|new Date\(\)/,
      ),
      'take a Clock',
    ).to.deep.equal([]);
    expect(
      outside((path) => path === 'src/base/random.ts', /Math\.random\(/),
      'take a Random',
    ).to.deep.equal([]);
  });

  it('speaks to the console and ends the process in cli only', () => {
    // A process that looks at a store; the end by a signal, where the kernel spares the process its own ones.
    const mayExit = ['src/pipeline/spool/check-store.ts', 'src/pipeline/ending/shutdown-signals.ts'];
    expect(
      outside(
        (path) => path.startsWith('src/cli/') || mayExit.includes(path),
        /\bconsole\.|process\.(argv|exit\()/,
      ),
      'log through the Logger',
    ).to.deep.equal([]);
  });

  it('has every box of the documented tree as a file under its own name', () => {
    const paths = new Set(sources.map(({ path }) => path));
    const boxes = [
      ...[
        'application',
        'server-supervisor',
        'dispatch-server',
        'records-supervisor',
        'records',
        'producer-supervisor',
      ],
      ...[
        'producer',
        'consumer-dynamic-supervisor',
        'consumer-supervisor',
        'consumer',
        'event-context',
        'message',
      ],
      ...['adapter/adapter', 'adapter/kinesis', 'adapter/null', 'adapter/memory'],
    ].map((box) => `src/pipeline/${box}.ts`);
    expect(boxes.filter((box) => !paths.has(box))).to.deep.equal([]);
  });

  it('opens each file with what it owns', () => {
    const wrong = sources.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text)).map(({ path }) => path);
    expect(wrong, 'begin with a comment: what it owns and the rule that must hold').to.deep.equal([]);
  });

  it('has no file that nobody imports', () => {
    const entries = new Set([
      'src/index.ts',
      'src/otp/index.ts',
      'src/testing/index.ts',
      'src/observer/otel/index.ts',
      'src/cli/main.ts',
      'src/threads/thread-entry.ts',
      'src/pipeline/site/record-thread.ts',
      // Bundled for the browser, and into it only.
      'src/observer/page/main.tsx',
    ]);
    const imported = new Set(sources.flatMap(importsOf));
    // An adapter's module is named by its URL, with the ending of the compiled file.
    for (const { path, code } of sources) {
      for (const [, target] of code.matchAll(/new URL\('([^']+)\.js'/g)) {
        imported.add(
          relative(root, resolve(root, dirname(path), `${target}.ts`))
            .split(sep)
            .join('/'),
        );
      }
    }
    const dead = sources.map(({ path }) => path).filter((path) => !entries.has(path) && !imported.has(path));
    expect(dead, 'import it or delete it').to.deep.equal([]);
  });

  it('leaves out no test', () => {
    const tests = sourcesIn('test').filter(
      ({ path, code }) => path !== 'test/tidy.test.ts' && /\b(describe|it)\.(only|skip)\(/.test(code),
    );
    expect(
      tests.map(({ path }) => path),
      'run every test',
    ).to.deep.equal([]);
  });

  it('has no top-level await, which would keep require() from loading the package', () => {
    const wrong = sources
      .filter(({ code }) => /^await\b|^(const|let)[^=]*=\s*await\b|^for await\b/m.test(code))
      .map(({ path }) => path);
    expect(wrong, 'do it in a function').to.deep.equal([]);
  });
});
