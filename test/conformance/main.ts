/**
 * Runs a folder of scenarios and says which the runtime does not behave as:
 *
 *     npm run conformance -- [DIR] [--filter TEXT] [--json] [--repeat N]
 *
 * The last line is `N passed, M failed`; the exit code is 1 if any failed.
 */
import { parseArgs } from 'node:util';
import { scenarioFiles } from './corpus.ts';
import { explain, judge, type Verdict } from './verdict.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    filter: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    repeat: { type: 'string', default: '1' },
  },
});
const [directory = 'test/conformance/scenarios'] = positionals;
const repeat = Number(values.repeat);
if (!Number.isInteger(repeat) || repeat < 1) {
  throw new RangeError(`--repeat must be a whole number of at least 1, got ${values.repeat}`);
}

const files = scenarioFiles(directory, values.filter);
if (files.length === 0) throw new Error(`no scenario in ${directory} matches '${values.filter}'`);

let passed = 0;
const failures: Exclude<Verdict, { type: 'passed' }>[] = [];
for (let round = 0; round < repeat; round++) {
  for (const file of files) {
    const verdict = await judge(file);
    if (verdict.type === 'passed') {
      passed++;
      continue;
    }
    failures.push(verdict);
    if (!values.json) console.log(`${explain(verdict)}\n`);
  }
}
if (values.json) {
  const failed = failures.map((failure) =>
    failure.type === 'broken' ? { ...failure, error: String(failure.error) } : failure,
  );
  console.log(JSON.stringify({ passed, failed }, null, 2));
}
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
