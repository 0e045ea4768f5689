/** What a chaos run does: its arguments, and the faults that they name. */
import { parseArgs } from 'node:util';
import type { FaultRule } from '../../src/testing/index.ts';

export interface Plan {
  readonly events: number;
  /** Recorded in a second, by all writers. */
  readonly rate: number;
  readonly seed: number;
  readonly faults: ReadonlySet<Fault>;
  readonly json: boolean;
  /** A file of runs, in which this one is written down. */
  readonly out: string | undefined;
}

/** Faults of Kinesis, then those that the run makes itself. */
const FAULTS = [
  'partial',
  'before',
  'after',
  'outage',
  'shard',
  'threads',
  'hang',
  'memory',
  'poison',
  'kill',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Longer than any run. */
const RUN_MS = 3_600_000;

const REQUEST_FAULTS: Readonly<Partial<Record<Fault, readonly FaultRule[]>>> = {
  partial: [{ fault: { type: 'partial' }, rate: 0.05 }],
  before: [{ fault: { type: 'error', code: 'InternalFailure', commit: 'before' }, rate: 0.05 }],
  after: [{ fault: { type: 'reset', commit: 'after' }, rate: 0.03 }],
  outage: again({ everyMs: 30_000, fromMs: 3000, untilMs: 6000 }, (timeMs) => ({
    fault: { type: 'error', code: 'ServiceUnavailable', commit: 'before' },
    timeMs,
  })),
  shard: again({ everyMs: 20_000, fromMs: 6000, untilMs: 14_000 }, (timeMs) => ({
    fault: { type: 'throttle-shard', shardId: 'shardId-000000000002' },
    timeMs,
  })),
};

/** @throws RangeError that says what is wrong with an argument. */
export function planOf(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      events: { type: 'string', default: '30000' },
      seed: { type: 'string', default: '1' },
      rate: { type: 'string', default: '1500' },
      faults: { type: 'string', default: FAULTS.join(',') },
      json: { type: 'boolean', default: false },
      out: { type: 'string' },
    },
  });
  return {
    events: positive('events', values.events),
    seed: positive('seed', values.seed),
    rate: positive('rate', values.rate),
    faults: new Set(values.faults.split(',').map(faultNamed)),
    json: values.json,
    out: values.out,
  };
}

export function rulesOf({ faults }: Plan): FaultRule[] {
  return [...faults].flatMap((fault) => REQUEST_FAULTS[fault] ?? []);
}

function again(
  {
    everyMs,
    fromMs,
    untilMs,
  }: { readonly everyMs: number; readonly fromMs: number; readonly untilMs: number },
  rule: (timeMs: readonly [number, number]) => FaultRule,
): FaultRule[] {
  return Array.from({ length: RUN_MS / everyMs }, (_, n) =>
    rule([n * everyMs + fromMs, n * everyMs + untilMs]),
  );
}

function faultNamed(text: string): Fault {
  const fault = FAULTS.find((each) => each === text);
  if (fault === undefined) throw new RangeError(`--faults: ${text} is none of ${FAULTS.join(', ')}`);
  return fault;
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`--${option}: expected a whole number from 1 on, got ${text}`);
  return value;
}
