/** A stranger's first steps, with the package and its README alone: each has two minutes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { marked } from '../../test/docs/readme.ts';
import { programOf, run, writeFiles } from './place.ts';

export interface Stranger {
  /** A folder that has installed the package. */
  readonly place: string;
  readonly node: string;
}

/** Each step by its name, with what went wrong. */
export async function* journey({ place, node }: Stranger): AsyncGenerator<[string, string | undefined]> {
  // As it was installed: the README in the package is the one that a stranger reads.
  const blocks = marked(await readFile(join(place, 'node_modules/beamline/README.md'), 'utf8'));
  const files = blocks.filter((block) => block.type === 'file' && block.name.endsWith('.mjs'));
  await writeFiles(
    place,
    Object.fromEntries(files.map((block) => ('name' in block ? [block.name, block.text] : []))),
  );
  const env = { PATH: `${dirname(node)}:${process.env.PATH}` };
  const started = (args: readonly string[]) => run(args, { cwd: place, program: node, env });

  const first = await started(['first.mjs']);
  const told = blocks.find((block) => block.type === 'prints' && block.command === 'node first.mjs');
  const right = told?.type === 'prints' && first.out === told.text;
  yield ['the first program prints what the README says', right ? undefined : `${first.out}${first.err}`];

  const server = await started(['server.mjs']);
  const hasTree = server.code === 0 && /^delivered: .+\nApplication +\[/.test(server.out);
  yield [
    'an event is delivered in its own thread, and the tree printed',
    hasTree ? undefined : `${server.out}${server.err}`,
  ];

  const test = await started(['--test', 'sign-up.test.mjs']);
  yield ['the test of a record type passes', test.code === 0 ? undefined : `${test.out}${test.err}`];

  yield* demo({ place, node });
}

/** `npx beamline demo`: events go to the Kinesis that the package brings; the page and the command line look at them. */
async function* demo({ place, node }: Stranger): AsyncGenerator<[string, string | undefined]> {
  const cli = await programOf(place, 'beamline');
  const child = spawn(node, [cli, 'demo', '--port', '0', '--no-open', '--every', '0'], {
    cwd: place,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  try {
    const lines: string[] = [];
    let url: string | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      url ??= /the page +(http:\S+)/.exec(line)?.[1];
      if (line.includes('Ctrl+C')) break;
    }
    const out = createInterface({ input: child.stdout });
    out.on('line', (line) => lines.push(line));
    const page = await fetch(`${url}/`);
    const html = await page.text();
    const script = await fetch(`${url}/page.js`);
    const opened = page.status === 200 && html.includes('page.js') && script.status === 200;
    yield ['the page opens', opened ? undefined : `${url}: ${page.status}\n${html}`];

    const tree = await run([cli, 'tree', '--url', `${url}`], { cwd: place, program: node });
    const drawn = tree.code === 0 && tree.out.includes('RecordsSupervisor');
    yield ['npx beamline tree draws it', drawn ? undefined : `${tree.out}${tree.err}`];

    child.kill('SIGINT');
    await ended;
    const [, accepted, delivered] = /accepted (\d+) = delivered (\d+)/.exec(lines.join('\n')) ?? [];
    const all = accepted !== undefined && accepted === delivered && accepted !== '0';
    yield [
      'npx beamline demo delivers to its Kinesis, and loses nothing',
      all ? undefined : lines.join('\n'),
    ];
  } finally {
    child.kill('SIGKILL');
  }
}
