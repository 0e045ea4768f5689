/**
 * Memory over a run, and whether it has stayed flat. Two figures: the heaps after a full collection, of the main thread
 * and of the record types', taken at the end of each quarter; and the process's resident size, taken all the time while
 * nobody forces a collection.
 */
import { setImmediate as turn } from 'node:timers/promises';

/** What one thread holds, in bytes, when all that is garbage is gone. */
export interface HeldMemory {
  readonly heapUsed: number;
  /** Outside the heap, and held by it; array buffers are part of it. */
  readonly external: number;
}

/** Medians of a quarter. */
export interface Quarter {
  readonly heapMiB: number;
  readonly externalMiB: number;
  readonly residentMiB: number;
}

/** How much larger the last quarter may be than the second. */
const GROWTH_MAX = 1.05;
const MIB = 2 ** 20;

/** Of the calling thread. Node has to be started with `--expose-gc`. */
export async function collectedMemory(): Promise<HeldMemory> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('Node was started without --expose-gc');
  gc();
  // What is let go by a finalizer, or by a port that has closed, is garbage only now.
  await turn();
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return { heapUsed, external };
}

export function quarterOf(held: readonly HeldMemory[], resident: readonly number[]): Quarter {
  return {
    heapMiB: median(held.map(({ heapUsed }) => heapUsed)) / MIB,
    externalMiB: median(held.map(({ external }) => external)) / MIB,
    residentMiB: median(resident) / MIB,
  };
}

/** In share of the second quarter; NaN when there was none. */
export function growthOf([, second, , last]: readonly Quarter[]): {
  readonly heap: number;
  readonly resident: number;
} {
  return {
    heap: (last?.heapMiB ?? Number.NaN) / (second?.heapMiB ?? Number.NaN) - 1,
    resident: (last?.residentMiB ?? Number.NaN) / (second?.residentMiB ?? Number.NaN) - 1,
  };
}

export function isFlat(quarters: readonly Quarter[]): boolean {
  const { heap, resident } = growthOf(quarters);
  return heap <= GROWTH_MAX - 1 && resident <= GROWTH_MAX - 1;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}
