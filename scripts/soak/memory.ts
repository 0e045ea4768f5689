/**
 * Memory over a run, and whether it has stayed flat. Two figures say it: the heaps of the main thread and of the record
 * types', and the process's resident size, both after a full collection at the end of each quarter. A third is shown: the
 * resident size all the time, while nobody forces a collection. Most of that is garbage for which V8 has had no time yet, and it goes
 * up and down by a tenth and more with what else the machine does.
 */
import { setImmediate as turn } from 'node:timers/promises';

/** What one thread holds, in bytes, when all that is garbage is gone. */
export interface HeldMemory {
  readonly heapUsed: number;
  /** Outside the heap, and held by it; array buffers are part of it. */
  readonly external: number;
}

/** The same of all threads, with the resident size of their process. */
export interface CollectedMemory extends HeldMemory {
  readonly resident: number;
}

/** Medians of a quarter. */
export interface Quarter {
  readonly heapMiB: number;
  readonly externalMiB: number;
  /** The resident size, after a collection. */
  readonly collectedMiB: number;
  /** The resident size, at any time. */
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

export function quarterOf(held: readonly CollectedMemory[], resident: readonly number[]): Quarter {
  return {
    heapMiB: median(held.map(({ heapUsed }) => heapUsed)) / MIB,
    externalMiB: median(held.map(({ external }) => external)) / MIB,
    collectedMiB: median(held.map(({ resident }) => resident)) / MIB,
    residentMiB: median(resident) / MIB,
  };
}

/** In share of the second quarter; NaN when there was none. */
export interface Growth {
  readonly heap: number;
  readonly collected: number;
  readonly resident: number;
}

export function growthOf([, second, , last]: readonly Quarter[]): Growth {
  const growth = (figure: keyof Quarter): number =>
    (last?.[figure] ?? Number.NaN) / (second?.[figure] ?? Number.NaN) - 1;
  return { heap: growth('heapMiB'), collected: growth('collectedMiB'), resident: growth('residentMiB') };
}

export function isFlat(quarters: readonly Quarter[]): boolean {
  const { heap, collected } = growthOf(quarters);
  return heap <= GROWTH_MAX - 1 && collected <= GROWTH_MAX - 1;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}
