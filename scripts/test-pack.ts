/**
 * `npm run test:pack [-- --node 20,22 --case PATTERN --keep]`: packs the package, installs it in fresh folders outside of the
 * project, and tries it there as its users would, on each version of Node: every way to load it, and a newcomer's first
 * steps with the README alone. Needs the npm registry. Ends with 1 when anything does not do what it should.
 */
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Case } from './pack/case.ts';
import { cases } from './pack/cases.ts';
import { checkPackage } from './pack/figures.ts';
import { journey } from './pack/journey.ts';
import { must, Places, programOf, run, TOOLS, writeFiles } from './pack/place.ts';
import { REPORT } from './pack/sources.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const { values } = parseArgs({
  options: {
    node: { type: 'string', default: '20,22,24,26' },
    case: { type: 'string', default: '' },
    keep: { type: 'boolean', default: false },
  },
});

const INSTALL: Readonly<Record<Case['place'], (places: Places) => Promise<string>>> = {
  plain: (places) => places.install('plain', TOOLS),
  'odd path': (places) => places.install('Größe & más 日本 (1)'),
  workspaces: (places) => places.installWorkspaces('workspaces'),
};

async function main(): Promise<void> {
  const places = await Places.open(root);
  let failures = 0;
  const tell = (name: string, problem: string | undefined): void => {
    if (problem !== undefined) failures++;
    console.log(`${problem === undefined ? 'ok    ' : 'FAILED'}  ${name}`);
    if (problem !== undefined) console.log(problem.replaceAll(/^/gm, '          '));
  };
  try {
    const pattern = new RegExp(values.case);
    const chosen = cases.filter(({ name }) => pattern.test(name));
    const folders = new Map<Case['place'], string>();
    for (const place of new Set(chosen.map((one) => one.place)))
      folders.set(place, await INSTALL[place](places));
    if (pattern.test('publint and attw'))
      for (const [name, problem] of await checkPackage(root, places)) tell(name, problem);
    for (const version of values.node.split(',')) {
      const node = await nodeOf(version, places.folder);
      for (const [index, one] of chosen.entries()) {
        const tools = folders.get(one.place) ?? '';
        const folder = join(tools, `case-${index}-node-${version}`);
        const problem = await problemOf(one, { folder, node, tools, major: Number(version) });
        tell(`Node ${version}: ${one.name}`, problem);
      }
      if (pattern.test('a newcomer')) {
        const folder = join(places.folder, `newcomer-${version}`);
        for await (const { name, seconds, problem } of journey({ folder, node, tarball: places.tarball }))
          tell(`Node ${version}: a newcomer: ${name} (${seconds.toFixed(1)} s of 120)`, problem);
      }
    }
  } finally {
    if (values.keep) console.log(`kept: ${places.folder}`);
    else await places.close();
  }
  console.log(failures === 0 ? 'all is well' : `${failures} failed`);
  process.exitCode = failures === 0 ? 0 : 1;
}

/** The executable of that version, from the npm registry. */
async function nodeOf(version: string, cwd: string): Promise<string> {
  const out = await must(['-y', '-p', `node@${version}`, 'node', '-p', 'process.execPath'], {
    cwd,
    program: 'npx',
  });
  return out.trim();
}

interface Tried {
  readonly folder: string;
  readonly node: string;
  readonly major: number;
  /** Where the tools are installed. */
  readonly tools: string;
}

/** Undefined when it does what is expected. */
async function problemOf(one: Case, { folder, node, major, tools }: Tried): Promise<string | undefined> {
  const { since } = one;
  const expected = since !== undefined && major < since.major ? since.before : one.expected;
  await writeFiles(folder, one.files);
  const env = { PATH: `${dirname(node)}:${process.env.PATH}` };
  const last = one.commands.length - 1;
  for (const [index, command] of one.commands.entries()) {
    const args = await Promise.all(
      command.map((word) => (word.startsWith('bin:') ? programOf(tools, word.slice('bin:'.length)) : word)),
    );
    const { code, out, err } = await run(args, { cwd: folder, program: node, env });
    const told = `node ${command.join(' ')} ended with ${code} in ${folder}\n${out}${err}`;
    if (index < last || expected === 'passes') {
      if (code !== 0) return told;
    } else if (expected === 'report') {
      if (code !== 0 || out.trim() !== JSON.stringify(REPORT)) return told;
    } else if (!expected.test(`${out}${err}`)) return `expected ${expected}\n${told}`;
  }
  return undefined;
}

await main();
