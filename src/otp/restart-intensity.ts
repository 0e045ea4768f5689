/**
 * How often a supervisor may restart children before it gives up: at most `maxRestarts` within `maxSeconds`, all
 * children together. Pure: the moments are kept by the caller.
 */
export interface Intensity {
  readonly maxRestarts: number;
  readonly maxSeconds: number;
}

export const DEFAULT_INTENSITY: Intensity = { maxRestarts: 3, maxSeconds: 5 };

/** The restarts that count at `nowMs`, this one included, and whether they are too many. */
export function countRestart(
  restarts: readonly number[],
  nowMs: number,
  intensity: Intensity,
): { readonly restarts: readonly number[]; readonly exceeded: boolean } {
  const oldest = nowMs - intensity.maxSeconds * 1000;
  const counted = [...restarts.filter((at) => at >= oldest), nowMs];
  return { restarts: counted, exceeded: counted.length > intensity.maxRestarts };
}

/** What is left of a supervisor's intensity. Plain data. */
export interface Budget {
  /** Restarts that count now. */
  readonly used: number;
  readonly max: number;
  readonly seconds: number;
}

/** The budget of the supervisor whose state this is, for those who inspect; undefined when it is no supervisor's. */
export function budgetOf(state: unknown, nowMs: number): Budget | undefined {
  const { intensity, restarts } = (state ?? {}) as {
    readonly intensity?: Intensity;
    readonly restarts?: readonly number[];
  };
  if (intensity === undefined || restarts === undefined) return undefined;
  const { maxRestarts, maxSeconds } = intensity;
  const oldest = nowMs - maxSeconds * 1000;
  return { used: restarts.filter((at) => at >= oldest).length, max: maxRestarts, seconds: maxSeconds };
}
