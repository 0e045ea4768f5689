/**
 * The parts of the papers that are made from the code: file by file, the sections between `<!-- name -->` and
 * `<!-- /name -->`.
 */
import { environmentVariables } from '../../src/pipeline/options/environment-variables.ts';
import { describeOptions, type OptionRow } from '../../src/pipeline/options/options.ts';
import { benchFigures } from './bench-figures.ts';
import { chaosRuns, chaosSentence } from './chaos-runs.ts';
import { beamlineErrors, type ErrorGuide, otherErrors } from './error-guide.ts';

export interface Generated {
  readonly file: string;
  readonly section: string;
  readonly text: string;
}

/** Those that a first application is likely to touch. */
const FIRST: readonly string[] = [
  'adapter',
  'batchSize',
  'flushIntervalMs',
  'queueBytes',
  'maxAttempts',
  'isolation',
  'spool',
  'deadLetter',
  'handleSignals',
  'logger',
];

export function generated(): readonly Generated[] {
  const options = describeOptions();
  return [
    {
      file: 'README.md',
      section: 'options',
      text: optionsTable(options.filter(({ name }) => FIRST.includes(name))),
    },
    { file: 'README.md', section: 'chaos', text: chaosSentence() },
    { file: 'README.md', section: 'figures', text: table(...benchFigures()) },
    { file: 'docs/guarantees.md', section: 'chaos', text: table(...chaosRuns()) },
    { file: 'docs/options.md', section: 'options', text: optionsTable(options) },
    { file: 'docs/options.md', section: 'environment', text: environmentTable() },
    { file: 'docs/errors.md', section: 'beamline errors', text: errorsTable(beamlineErrors) },
    { file: 'docs/errors.md', section: 'other errors', text: errorsTable(otherErrors) },
  ];
}

/** A paper with that part in it. */
export function withSection(paper: string, { file, section, text }: Generated): string {
  const [begin, end] = [`<!-- ${section} -->\n`, `\n<!-- /${section} -->`];
  const from = paper.indexOf(begin);
  const to = paper.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`${file} has no section '${section}'`);
  return paper.slice(0, from + begin.length) + text + paper.slice(to);
}

function optionsTable(rows: readonly OptionRow[]): string {
  return table(
    ['option', 'type', 'default', 'unit', 'bounds', 'what it is', 'per type'],
    rows.map((row) => [
      `\`${row.name}\``,
      code(row.type),
      row.default,
      row.unit,
      row.bounds,
      row.doc,
      row.perType === 'only' ? 'only' : row.perType ? 'yes' : '',
    ]),
  );
}

function environmentTable(): string {
  return table(
    ['variable', 'what it sets', 'what it holds'],
    Object.entries(environmentVariables).map(([name, { option, expected }]) => [
      `\`${name}\``,
      option,
      expected,
    ]),
  );
}

function errorsTable(errors: Readonly<Record<string, ErrorGuide>>): string {
  return table(
    ['code', 'cause', 'what to do'],
    Object.entries(errors)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { cause, mend }]) => [`\`${name}\``, cause, mend]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`.replaceAll(/ {2,}/g, ' ');
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** A type that is written with signs of TypeScript is shown as code. */
function code(type: string): string {
  return /['{|]/.test(type) ? `\`${type}\`` : type;
}
