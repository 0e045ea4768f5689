/** What the demo is told on its command line. Parsed once; a word that cannot be used is answered with the valid ones. */
import { parseArgs } from 'node:util';

export interface DemoPlan {
  /** Sign-ups to record. */
  readonly events: number;
  /** Sign-ups recorded a second. */
  readonly rate: number;
  /** End the record type's thread in mid-flow. */
  readonly crash: boolean;
}

export type DemoArguments =
  | ({ readonly type: 'run' } & DemoPlan)
  | { readonly type: 'help' }
  | { readonly type: 'invalid'; readonly problems: readonly string[] };

export const HELP = `npm start -- [options]

Records sign-ups, delivers them to a Kinesis in a child process on this machine, and reads them back.
Exit code 1 if one of them is missing.

  --events N   sign-ups to record, 1 to 1000000 (default 20000)
  --rate N     sign-ups recorded a second, 1 to 1000000 (default 2000)
  --crash      end the record type's worker thread in mid-flow
  --help       show this`;

const OPTIONS = {
  events: { type: 'string', default: '20000' },
  rate: { type: 'string', default: '2000' },
  crash: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;
const NUMBER_MAX = 1_000_000;

export function parseDemoArguments(args: readonly string[]): DemoArguments {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    return { type: 'invalid', problems: [(error as Error).message] };
  }
  const { crash, help } = values;
  if (help) return { type: 'help' };
  const events = wholeNumber(values.events);
  const rate = wholeNumber(values.rate);
  const problems: string[] = [];
  if (events === undefined) problems.push(numberProblem('--events', values.events));
  if (rate === undefined) problems.push(numberProblem('--rate', values.rate));
  // One is recorded before the thread is told to end, and one is on its way when it does.
  if (crash && events === 1) problems.push('--crash needs at least 2 events: it is for a thread in mid-flow');
  if (events === undefined || rate === undefined || problems.length > 0) return { type: 'invalid', problems };
  return { type: 'run', events, rate, crash };
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false }).values;
}

function wholeNumber(text: string): number | undefined {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= 1 && value <= NUMBER_MAX ? value : undefined;
}

function numberProblem(option: string, came: string): string {
  return `${option} takes a whole number from 1 to ${NUMBER_MAX}; what came is "${came}"`;
}
