/**
 * Death at a chosen write. Every write to shared memory that another thread can see, and every wake-up, goes through
 * `Atomics`; here the n-th of them throws instead of happening. So the code under test needs no seam, and the plain
 * writes in between count as done or not done alike: nobody reads them before the next atomic one. Plain reads need no place
 * of their own: what was read is compared by the next atomic operation, or it was as well read a moment later.
 */
const WRITES = ['store', 'add', 'sub', 'exchange', 'compareExchange', 'notify'] as const;

export class Death extends Error {}

/** Runs `life` and lets it die before its n-th write, counted from 1. Answers how many writes were done. */
export function liveUntil(n: number, life: () => void): { readonly died: boolean; readonly writes: number } {
  const atomics = Atomics as unknown as Record<string, (...args: unknown[]) => unknown>;
  const originals = WRITES.map((name) => [name, atomics[name]!] as const);
  let writes = 0;
  for (const [name, original] of originals) {
    atomics[name] = (...args) => {
      // The dead write nothing: neither in a `finally` nor in a `catch`.
      if (writes + 1 >= n) throw new Death(`at write ${n}, ${name}`);
      writes++;
      return original.apply(Atomics, args);
    };
  }
  try {
    life();
    return { died: false, writes };
  } catch (thrown) {
    if (thrown instanceof Death) return { died: true, writes };
    throw thrown;
  } finally {
    for (const [name, original] of originals) atomics[name] = original;
  }
}

/**
 * Runs `life`, and before its n-th atomic operation, be it a read, all of `interlude`: what others do while this
 * thread is held up there.
 */
export function heldUpAt(n: number, life: () => void, interlude: () => void): { readonly heldUp: boolean } {
  const atomics = Atomics as unknown as Record<string, (...args: unknown[]) => unknown>;
  const originals = [...WRITES, 'load'].map((name) => [name, atomics[name]!] as const);
  const restore = () => {
    for (const [name, original] of originals) atomics[name] = original;
  };
  let operations = 0;
  for (const [name, original] of originals) {
    atomics[name] = (...args) => {
      if (++operations === n) {
        restore();
        interlude();
      }
      return original.apply(Atomics, args);
    };
  }
  try {
    life();
  } finally {
    restore();
  }
  return { heldUp: operations >= n };
}

/** Repeats `story` with a death at write 1, 2, 3 ... until it outlives its own end. Answers with the number of deaths. */
export function atEveryWrite(story: (n: number) => boolean): number {
  for (let n = 1; ; n++) if (!story(n)) return n - 1;
}
