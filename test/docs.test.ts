/** The papers tell what is so: their examples run, their tables are complete, their links lead somewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Meter } from '@opentelemetry/api';
import { expect } from 'chai';
import { beamlineErrors, otherErrors } from '../scripts/docs/error-guide.ts';
import { generated, withSection } from '../scripts/docs/generated.ts';
import { type EmbeddedKinesis, startEmbeddedKinesis } from '../scripts/embedded-kinesis.ts';
import type { Output } from '../scripts/output-of.ts';
import { kinesis } from '../src/index.ts';
import { measure } from '../src/observer/otel/metrics.ts';
import { observeLedger } from '../src/observer/otel/observed.ts';
import { errorClasses, isBeamlineError, type UnknownOption } from '../src/pipeline/errors.ts';
import { channels } from '../src/pipeline/telemetry/telemetry.ts';
import {
  anchors,
  firstBlock,
  type Marked,
  marked,
  relativeLinks,
  rows,
  section,
  withoutNumbers,
} from './docs/readme.ts';
import { Workshop } from './docs/workshop.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const PAPERS = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const readme = read('README.md');

describe('The README', () => {
  it('begins with a program of at most 12 lines', () => {
    const lines = firstBlock(readme).trimEnd().split('\n');
    expect(lines.length).to.be.within(5, 12);
    const [first] = marked(readme);
    expect(first, 'and that one is run').to.deep.include({ type: 'file', text: firstBlock(readme) });
  });

  it('has the options of kinesis(), with their defaults', () => {
    const told = rows(section(read('docs/options.md'), 'kinesis')).map(([name = '', fallback = '']) => [
      name.replaceAll('`', ''),
      fallback,
    ]);
    expect(told.map(([name]) => name)).to.have.members(kinesisOptionNames());
    for (const [name = '', fallback = ''] of told) {
      expect(fallback, name).to.equal(shownDefault(kinesisDefault(name)));
    }
  });

  describe('its examples', () => {
    // Those of the other papers stand in the same folder.
    const blocks = PAPERS.flatMap((paper) => marked(read(paper)));
    let workshop: Workshop;
    let server: EmbeddedKinesis;
    let results: Map<string, Output>;

    before(async function () {
      this.timeout(60_000);
      const files = blocks.filter((block) => block.type === 'file');
      workshop = await Workshop.open(root, new Map(files.map(({ name, text }) => [name, text])));
      const [compiled] = await Promise.all([workshop.compile(), startKinesis()]);
      expect(compiled.out, 'its TypeScript compiles').to.equal('');
      const env = {
        AWS_ENDPOINT_URL_KINESIS: server.endpoint,
        AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
      };
      const commands = blocks.flatMap((block) => ('command' in block ? [block.command] : []));
      results = new Map();
      // A few at a time: one that waits long for its turn would show its threads as hung.
      const lines = Array.from({ length: 3 }, async () => {
        for (let command = commands.shift(); command !== undefined; command = commands.shift())
          results.set(command, await workshop.run(command, env));
      });
      await Promise.all(lines);
    });
    after(async () => {
      await Promise.all([workshop?.close(), server?.stop()]);
    });

    async function startKinesis(): Promise<void> {
      server = await startEmbeddedKinesis();
      await Promise.all(['prod-signup', 'prod-master'].map((stream) => server.createStream(stream, 1)));
    }

    const outcomeOf = (command: string): Output => {
      const outcome = results.get(command);
      if (outcome === undefined) throw new Error(`not run: ${command}`);
      return outcome;
    };

    for (const block of blocks) {
      if (block.type === 'file' || block.type === 'step' || block.type === 'serves') continue;
      it(title(block), async () => {
        switch (block.type) {
          case 'prints': {
            const { out, err } = outcomeOf(block.command);
            const shown = block.numbersVary ? withoutNumbers : (text: string) => text;
            expect(shown(out), err).to.equal(shown(block.text));
            return;
          }
          case 'runs': {
            const { code, out, err } = outcomeOf(block.command);
            expect(code, `${out}${err}`).to.equal(0);
            return;
          }
          case 'record': {
            const [record, ...others] = await server.readAll(block.stream);
            expect(others).to.have.length(0);
            expect(withoutNumbers(`${record?.data}\n`)).to.equal(withoutNumbers(block.text));
            return;
          }
        }
      });
    }
  });
});

describe('The page on telemetry', () => {
  const page = read('docs/observability.md');
  const named = (name: string): string[] =>
    rows(section(page, name)).flatMap(([cell = '']) =>
      [...cell.matchAll(/`([\w.:-]+)`/g)].map(([, found]) => found ?? ''),
    );

  it('has every channel, and no other', () => {
    const known = Object.values(channels).map(({ name }) => String(name));
    expect(named('channels')).to.have.members(known);
  });

  it('has every metric, and no other', () => {
    const made: string[] = [];
    const make = (name: string): object => {
      made.push(name);
      return {};
    };
    const meter = new Proxy(
      {},
      { get: (_, method) => (String(method).startsWith('create') ? make : () => {}) },
    );
    observeLedger({ inspect: () => Promise.reject(new Error('not asked')) }, meter as Meter)();
    measure(meter as Meter)();
    expect(named('metrics')).to.have.members(made);
  });
});

describe('The papers', () => {
  for (const part of generated()) {
    it(`${part.file} has the ${part.section} that the code has`, () => {
      const paper = read(part.file);
      expect(paper === withSection(paper, part), 'bring it up to date: npm run docs').to.equal(true);
    });
  }

  it('tell every error that the library throws, each once, and no other', () => {
    const thrown = thrownCodes();
    const told = [...Object.keys(beamlineErrors), ...Object.keys(otherErrors)];
    expect(thrown.filter((code) => !told.includes(code))).to.deep.equal([]);
    expect(told.filter((code) => !thrown.includes(code) && !errorClasses.has(code))).to.deep.equal([]);
    expect(new Set(told).size).to.equal(told.length);
  });

  it('tell why each dependency is there, and of no other', () => {
    const { dependencies, devDependencies, peerDependencies } = JSON.parse(read('package.json')) as Record<
      string,
      Readonly<Record<string, string>>
    >;
    const [, part = ''] = read('ARCHITECTURE.md').split(/^## Dependencies$/m);
    const told = part
      .split(/^## /m)[0]
      ?.split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    expect([...new Set(told)]).to.have.members(
      Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies }),
    );
  });

  it('have files of different names in their examples', () => {
    const names = PAPERS.flatMap((paper) => marked(read(paper))).flatMap((block) =>
      block.type === 'file' ? [block.name] : [],
    );
    expect(names.filter((name, at) => names.indexOf(name) !== at)).to.deep.equal([]);
  });

  for (const paper of PAPERS) {
    it(`${paper} links only to what is there`, () => {
      const broken = relativeLinks(read(paper)).filter((target) => !leadsSomewhere(paper, target));
      expect(broken).to.deep.equal([]);
    });

    it(`${paper} names only files that are there`, () => {
      const named = [...read(paper).matchAll(/`((?:src|test|scripts|\.ci)\/[\w./-]*)`/g)].map(
        ([, path]) => path ?? '',
      );
      expect(named.filter((path) => !existsSync(join(root, path)))).to.deep.equal([]);
    });
  }

  it('map every folder of the sources, and no file that is not there', () => {
    const map = section(read('ARCHITECTURE.md'), 'code map');
    const folders = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${join(entry.parentPath, entry.name).slice(root.length + 1)}/`);
    const mapped: string[] = [];
    const missing: string[] = [];
    for (const part of map.split(/^(?=\*\*`)/m)) {
      const [, folder = ''] = /^\*\*`([\w/-]+)`/.exec(part) ?? [];
      mapped.push(folder);
      for (const [, file] of part.matchAll(/`([\w-]+\.ts)`/g))
        if (!existsSync(join(root, folder, file ?? ''))) missing.push(`${folder}${file}`);
    }
    expect(mapped).to.have.members(folders);
    expect(missing).to.deep.equal([]);
  });
});

function title(block: Exclude<Marked, { type: 'file' } | { type: 'step' } | { type: 'serves' }>): string {
  switch (block.type) {
    case 'prints':
      return `${block.command} prints what is told`;
    case 'runs':
      return `${block.command} passes`;
    case 'record':
      return `the record in ${block.stream} is the one that is told`;
  }
}

function leadsSomewhere(paper: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? paper : join(dirname(paper), path);
  if (!existsSync(join(root, file))) return false;
  return anchor === undefined || anchors(read(file)).has(anchor);
}

/** The codes that the sources give to an error, not those that they only name. */
function thrownCodes(): string[] {
  const codes = new Set<string>();
  for (const entry of readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    for (const [, code] of text.matchAll(/(?:Error\(\s*|super\(\s*|\bcode = )'(ERR_\w+)'/g))
      codes.add(code ?? '');
  }
  return [...codes].sort();
}

/** All options, those of `http` by their path; the others that have parts are one option each. */
function kinesisOptionNames(): string[] {
  const valid = (call: () => unknown): string[] => {
    try {
      call();
    } catch (error) {
      return unknownOption(error)?.valid.map((name) => name.replace(/^.*\./, '')) ?? [];
    }
    return [];
  };
  const unknown = { there_is_no_such: 1 };
  const names = valid(() => kinesis(unknown as object));
  const http = valid(() => kinesis({ http: unknown as object }));
  return names.flatMap((name) => (name === 'http' ? http.map((part) => `http.${part}`) : [name]));
}

function unknownOption(error: unknown): UnknownOption | undefined {
  if (!isBeamlineError(error) || error.code !== 'ERR_OPTIONS') return undefined;
  const [problem] = error.fields.problems;
  return problem?.type === 'unknown' ? problem : undefined;
}

function kinesisDefault(name: string): unknown {
  const options = kinesis().options as Readonly<Record<string, unknown>>;
  return name
    .split('.')
    .reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>>)[key], options);
}

function shownDefault(value: unknown): string {
  const mib = typeof value === 'number' && value >= 2 ** 20 && value % 2 ** 20 === 0;
  if (typeof value === 'number') return mib ? `${value / 2 ** 20} MiB` : grouped(value);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'object' && value !== null && 'initialMs' in value) {
    const { initialMs, maxMs, factor, jitter } = value as unknown as Record<string, number>;
    return `${grouped(initialMs)} ms × ${factor} up to ${grouped(maxMs)} ms, jitter ${jitter}`;
  }
  return 'none';
}

function grouped(value: number | undefined): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
