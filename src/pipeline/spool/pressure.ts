/**
 * When events leave the memory for the disk, and when they come back. Pure.
 *
 *     free segments   0 ...... low ............. half ............. all
 *                     put aside |   as it is       | take back
 */

export interface Room {
  readonly free: number;
  readonly total: number;
}

/** So few segments are free that whole ones are put aside. */
export function isUnderPressure({ free, total }: Room): boolean {
  return free <= low(total);
}

/**
 * Half of the queue is free, and more than would be put aside at once; or, in a queue so small that this never is,
 * nothing else is to be done.
 */
export function mayTakeBack({ free, total, idle }: Room & { readonly idle: boolean }): boolean {
  if (free === 0) return false;
  return idle || (free > low(total) && free * 2 >= total);
}

function low(total: number): number {
  return Math.max(1, total >> 2);
}
