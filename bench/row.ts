/**
 * One line of the table, and how it is judged. Pure.
 *
 * The ratio is the median of the ratios of the rounds, each of which measured both sides one after the other: a machine
 * that is busy with something else for a while slows both. So it need not be the quotient of the two medians shown.
 */

export interface Row {
  readonly scenario: string;
  readonly yardstick: string;
  readonly ours: number;
  readonly theirs: number;
  readonly unit: string;
  /** Ours by theirs. */
  readonly ratio: number;
  readonly target: string;
  /** null: measured for the record, with nothing to reach. */
  readonly met: boolean | null;
}

export type Target =
  | { readonly type: 'ratio_at_most'; readonly ratio: number }
  | { readonly type: 'ratio_at_least'; readonly ratio: number }
  /** Ours, in the row's unit, and where that number comes from when it was measured too. */
  | { readonly type: 'at_most'; readonly value: number; readonly why?: string }
  | { readonly type: 'none' };

export interface Measured {
  readonly scenario: string;
  readonly yardstick: string;
  readonly unit: string;
  readonly target: Target;
  /** One number a round; those at the same place were measured one after the other. */
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

export function rowOf({ scenario, yardstick, unit, target, ours, theirs }: Measured): Row {
  const ratios = ours.map((value, round) => value / (theirs[round % theirs.length] as number));
  const row = {
    scenario,
    yardstick,
    ours: median(ours),
    theirs: median(theirs),
    unit,
    ratio: median(ratios),
  };
  return { ...row, target: targetText(target, unit), met: isMet(target, row) };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which that part of the values lies. */
export function quantile(values: readonly number[], part: number): number {
  if (values.length === 0) throw new RangeError('a quantile of no values');
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const low = sorted[Math.floor(place)] as number;
  const high = sorted[Math.ceil(place)] as number;
  return low + (high - low) * (place - Math.floor(place));
}

function isMet(target: Target, { ours, ratio }: Pick<Row, 'ours' | 'ratio'>): boolean | null {
  switch (target.type) {
    case 'ratio_at_most':
      return ratio <= target.ratio;
    case 'ratio_at_least':
      return ratio >= target.ratio;
    case 'at_most':
      return ours <= target.value;
    case 'none':
      return null;
  }
}

function targetText(target: Target, unit: string): string {
  switch (target.type) {
    case 'ratio_at_most':
      return `at most ${target.ratio} times`;
    case 'ratio_at_least':
      return `at least ${target.ratio} times`;
    case 'at_most':
      return `at most ${format(target.value)} ${unit}${target.why === undefined ? '' : ` (${target.why})`}`;
    case 'none':
      return 'none';
  }
}

/** Three digits that count. */
export function format(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString('en-US')
    : String(Number(value.toPrecision(3)));
}
