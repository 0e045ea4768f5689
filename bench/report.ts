/** The rows as a table in Markdown, which reads well enough in a terminal too. Pure. */
import { format, type Row } from './row.ts';

const HEAD = ['scenario', 'measured against', 'ours', 'theirs', 'unit', 'ratio', 'to reach', 'reached'];

export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ scenario, yardstick, ours, theirs, unit, ratio, target, met }) => [
    scenario,
    yardstick,
    format(ours),
    format(theirs),
    unit,
    format(ratio),
    target,
    met === null ? '' : met ? 'yes' : 'no',
  ]);
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...cells.map((row) => (row[column] as string).length)),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] as number)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(HEAD), rule, ...cells.map(line)].join('\n');
}
