/**
 * The README's table of options, made from the options themselves. Prints it:
 *
 *     npm run build && node build/test/docs/options-table.js
 */
import { fileURLToPath } from 'node:url';
import { describeOptions, type OptionRow } from '../../src/pipeline/options.ts';

const HEAD =
  '| option | type | default | unit | bounds | what it is | per type |\n|---|---|---|---|---|---|---|';

export function optionsTable(): string {
  return [HEAD, ...describeOptions().map(line)].join('\n');
}

function line(row: OptionRow): string {
  const cells = [
    `\`${row.name}\``,
    code(row.type),
    row.default,
    row.unit,
    row.bounds,
    row.doc,
    row.perType === 'only' ? 'only' : row.perType ? 'yes' : '',
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`.replaceAll(/ {2,}/g, ' ');
}

/** A type that is written with signs of TypeScript is shown as code. */
function code(type: string): string {
  return /['{|]/.test(type) ? `\`${type}\`` : type;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(optionsTable());
