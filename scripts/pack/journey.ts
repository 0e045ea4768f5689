/**
 * A newcomer's first steps, with the package and its README alone: the README is read from top to bottom, its files are
 * written where they stand, and its commands typed, each in the shell of an empty folder. Each step has two minutes.
 */
import { once } from 'node:events';
import { copyFile, mkdir } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { type Marked, marked, withoutNumbers } from '../../test/docs/readme.ts';
import { chromiumOf, openBrowser } from '../../test/observer/browser/chromium.ts';
import { must, writeFiles } from './place.ts';
import { Shell } from './shell.ts';

const LIMIT_MS = 120_000;

/** What the README has to have a step for, and what is seen when it has been done. */
const STEPS: ReadonlyMap<string, RegExp> = new Map([
  ['install', /added \d+ packages/],
  ['the first program', /^1 delivered$/m],
  ['an event in the embedded Kinesis, and the tree', /^delivered: [\s\S]*─ RecordsSupervisor/],
  ['the page', /the page +(http:\S+)[\s\S]*Ctrl\+C/],
  ['the tree of what runs', /─ RecordsSupervisor/],
  ['a test of your own', /pass 1\b/],
]);

export interface Newcomer {
  /** Does not exist yet. */
  readonly folder: string;
  readonly tarball: string;
  readonly node: string;
}

export interface Step {
  readonly name: string;
  readonly seconds: number;
  readonly problem: string | undefined;
}

export async function* journey({ folder, tarball, node }: Newcomer): AsyncGenerator<Step> {
  const readme = await must(['-xzOf', tarball, 'package/README.md'], {
    cwd: dirname(tarball),
    program: 'tar',
  });
  const blocks = marked(readme);
  const place = join(folder, 'app');
  await mkdir(place, { recursive: true });
  // The clone that the README tells of, with the package that was made in it.
  await mkdir(join(folder, 'beamline'));
  await copyFile(tarball, join(folder, 'beamline', basename(tarball)));
  const env = {
    PATH: `${dirname(node)}:${process.env.PATH}`,
    BEAMLINE_OBSERVER_PORT: String(await freePort()),
  };
  const serving: Shell[] = [];
  const missing = new Set(STEPS.keys());
  try {
    for (const block of blocks) {
      if (block.type === 'file' && missing.size > 0) await writeFiles(place, { [block.name]: block.text });
      if (block.type !== 'step' && block.type !== 'serves') continue;
      missing.delete(block.name);
      const shell = new Shell(block.commands, place, env);
      if (block.type === 'serves') serving.push(shell);
      yield await timed(block.name, () =>
        block.type === 'step' ? done(shell, block, blocks) : opened(shell, block),
      );
    }
    for (const shell of serving)
      yield await timed('Ctrl+C: what was recorded is delivered', () => left(shell));
  } finally {
    for (const shell of serving) shell.signal('SIGKILL');
  }
  for (const name of missing) yield { name, seconds: 0, problem: 'the README has no such step' };
}

async function timed(name: string, take: () => Promise<string | undefined>): Promise<Step> {
  const began = performance.now();
  const problem = await take().catch((error: unknown) => String(error));
  return { name, seconds: (performance.now() - began) / 1000, problem };
}

type Commands = Extract<Marked, { readonly commands: string }>;

/** It ends well and shows what it has to, and what the README says that it prints. */
async function done(
  shell: Shell,
  { name, commands }: Commands,
  blocks: readonly Marked[],
): Promise<string | undefined> {
  const { code, signal, out, err } = await shell.end(LIMIT_MS);
  const printed = `${out}${err}`;
  if (signal !== null) return `not done within ${LIMIT_MS / 1000} s\n${printed}`;
  if (code !== 0) return `ended with ${code}\n${printed}`;
  const expected = STEPS.get(name);
  if (expected?.test(out) !== true) return `expected ${expected}\n${printed}`;
  const told = blocks.find((block) => block.type === 'prints' && block.command === commands);
  if (told?.type !== 'prints' || withoutNumbers(told.text) === withoutNumbers(out)) return undefined;
  return `the README says that it prints\n${told.text}and it was\n${printed}`;
}

/** The page is there, and live in a browser where this machine has one. */
async function opened(shell: Shell, { name }: Commands): Promise<string | undefined> {
  const [, url = ''] = await shell.printed(STEPS.get(name) as RegExp, LIMIT_MS);
  const executable = chromiumOf(process.env);
  if (executable === undefined) {
    const page = await fetch(url);
    return page.ok && (await page.text()).includes('page.js') ? undefined : `${url}: ${page.status}`;
  }
  const browser = await openBrowser(executable);
  try {
    const page = await browser.context.newPage();
    await page.goto(url);
    await page.getByRole('status').getByText('live').waitFor({ timeout: LIMIT_MS });
    await page.getByText('RecordsSupervisor').first().waitFor({ timeout: LIMIT_MS });
    return undefined;
  } finally {
    await browser.close();
  }
}

async function left(shell: Shell): Promise<string | undefined> {
  shell.signal('SIGINT');
  const { out, err } = await shell.end(LIMIT_MS);
  const ledger = /accepted (\d+) = delivered \d+ \+ dead-lettered \d+ \+ pending 0; refused 0/.exec(out);
  return ledger !== null && Number(ledger[1]) > 0 ? undefined : `${out}${err}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
