/**
 * Plays what the Kinesis adapter is to withstand, on a simulated Kinesis and a clock that does not wait:
 *
 *     npm run simulate                      all rows
 *     npm run simulate -- --row overload-1  one of them
 *     npm run simulate -- --json            for a machine
 *
 * Ends with 1 when a row does not reach its target.
 */
import { parseArgs } from 'node:util';
import { rows } from './simulate/rows.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, row: { type: 'string', multiple: true } },
});

const asked = values.row === undefined ? rows : rows.filter(({ name }) => values.row?.includes(name));
if (asked.length === 0) {
  console.error(`no such row; there are ${rows.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const played = [];
for (const { name, what, target, play } of asked) {
  const startedAt = performance.now();
  const { reached, result, figures } = await play();
  const tookMs = Math.round(performance.now() - startedAt);
  played.push({ name, what, target, reached, result, figures, tookMs });
  if (!values.json) {
    console.log(`${reached ? 'reached' : 'MISSED '}  ${name}: ${what}`);
    console.log(`         target: ${target}`);
    console.log(`         result: ${result}  (played in ${(tookMs / 1_000).toFixed(1)} s)\n`);
  }
}
if (values.json) console.log(JSON.stringify(played, null, 2));
process.exitCode = played.every(({ reached }) => reached) ? 0 : 1;
