/**
 * A table on a terminal: columns as wide as what is in them, numbers to the right; the last column is cut where the
 * terminal ends, and on what is no terminal it is not.
 */
import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import { type Colours, paint } from './paint.ts';

export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
}

export interface Screen {
  readonly colours: Colours;
  /** Columns of the terminal; undefined for what is none. */
  readonly width: number | undefined;
}

const GAP = 2;
const LAST_LEAST = 20;
/** No frame: what is printed can be cut into columns by other programs. */
const FRAME = [
  ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
  ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
];
const CHARS = Object.fromEntries([...FRAME.map((part) => [part, '']), ['middle', ' '.repeat(GAP)]]);

export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { colours, width }: Screen,
): string {
  const drawn = new Table({
    chars: CHARS,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colAligns: columns.map(({ align = 'left' }) => align),
    head: columns.map(({ head }) => paint(head, 'faint', colours)),
    ...(width === undefined ? {} : { colWidths: widths(columns, rows, width) }),
  });
  drawn.push(...rows.map((row) => [...row]));
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** All but the last are left to the table; the last gets what they leave. */
function widths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): (number | null)[] {
  const others = columns
    .slice(0, -1)
    .map(({ head }, column) =>
      Math.max(head.length, ...rows.map((row) => stripVTControlCharacters(row[column] ?? '').length)),
    );
  const left = width - others.reduce((sum, each) => sum + each + GAP, 0);
  return [...others.map(() => null), Math.max(LAST_LEAST, left)];
}
