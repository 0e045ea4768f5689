/**
 * Runs a folder of scenarios and says which the runtime does not behave as:
 *
 *     npm run conformance -- [DIR] [--remote | --remote-leaves] [--filter TEXT] [--json] [--repeat N]
 *
 * With `--remote` the children of supervisors run in a worker thread, with `--remote-leaves` all processes but
 * supervisors and registries.
 * The last line is `N passed, M failed`; with `--json` the line before it is the whole outcome. The exit code is 1 if
 * any failed, 2 if there was nothing to run.
 */
import { parseArgs } from 'node:util';
import { scenarioFiles } from './corpus.ts';
import { ONE_THREAD, type Remote, TwoThreads } from './placement.ts';
import { explain, judge, type Verdict } from './verdict.ts';

type Failure = Exclude<Verdict, { type: 'passed' }>;

interface Options {
  readonly directory: string;
  readonly filter: string;
  readonly remote: Remote | undefined;
  readonly json: boolean;
  readonly repeat: number;
}

try {
  process.exitCode = await run(parseOptions());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

function parseOptions(): Options {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      filter: { type: 'string', default: '' },
      remote: { type: 'boolean', default: false },
      'remote-leaves': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      repeat: { type: 'string', default: '1' },
    },
  });
  const { filter, json } = values;
  const remote = values['remote-leaves'] ? 'leaves' : values.remote ? 'children' : undefined;
  const [directory = 'test/conformance/scenarios'] = positionals;
  const repeat = Number(values.repeat);
  if (!Number.isInteger(repeat) || repeat < 1) {
    throw new RangeError(`--repeat must be a whole number of at least 1, got ${values.repeat}`);
  }
  return { directory, filter, json, remote, repeat };
}

async function run({ directory, filter, json, remote, repeat }: Options): Promise<number> {
  const files = scenarioFiles(directory, filter);
  if (files.length === 0) throw new Error(`no scenario in ${directory} matches '${filter}'`);
  let passed = 0;
  const failed: Failure[] = [];
  const placement = remote === undefined ? ONE_THREAD : await TwoThreads.start(remote);
  for (let round = 0; round < repeat; round++) {
    for (const file of files) {
      const verdict = await judge(file, placement);
      if (verdict.type === 'passed') passed++;
      else {
        failed.push(verdict);
        if (!json) console.log(`${explain(verdict)}\n`);
      }
    }
  }
  await placement.end();
  if (json) console.log(JSON.stringify({ passed, failed: failed.map(plain) }));
  console.log(`${passed} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

function plain(failure: Failure): object {
  return failure.type === 'broken' ? { ...failure, error: String(failure.error) } : failure;
}
