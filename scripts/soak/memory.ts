/** Memory over a run: samples by quarter, and whether it has stayed flat. */
export interface Sample {
  /** Of the main thread and of the threads that answered. */
  readonly heapBytes: number;
  readonly rssBytes: number;
}

export interface Quarter {
  readonly heapMiB: number;
  readonly rssMiB: number;
}

/** How much larger the last quarter may be than the second. */
const GROWTH_MAX = 1.05;

/**
 * What a quarter holds when it holds little, its lower quartile: a collector lets a heap grow before it collects, so the
 * peaks say when it ran and not what is kept.
 */
export function quartersOf(samples: readonly Sample[]): readonly Quarter[] {
  return [0, 1, 2, 3].map((quarter) => {
    const own = samples.slice((quarter * samples.length) / 4, ((quarter + 1) * samples.length) / 4);
    return {
      heapMiB: lowerQuartile(own.map(({ heapBytes }) => heapBytes)) / 2 ** 20,
      rssMiB: lowerQuartile(own.map(({ rssBytes }) => rssBytes)) / 2 ** 20,
    };
  });
}

export function isFlat([, second, , last]: readonly Quarter[]): boolean {
  if (second === undefined || last === undefined) return false;
  return last.heapMiB <= second.heapMiB * GROWTH_MAX && last.rssMiB <= second.rssMiB * GROWTH_MAX;
}

function lowerQuartile(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 4)] ?? Number.NaN;
}
