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
