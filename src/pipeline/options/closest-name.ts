/** The name that somebody probably meant, for the errors that refuse an unknown one. */

/** Longer than any name that has candidates: the comparison takes time by the product of the two lengths. */
const NAME_MAX = 64;

/**
 * The candidate nearest to `name`, capital letters aside, if it takes at most a third of the name's letters to
 * change one into the other, or if one begins with the other; null if none is that near.
 */
export function closestName(name: string, candidates: readonly string[]): string | null {
  if (name.length > NAME_MAX) return null;
  const wanted = name.toLowerCase();
  let closest: string | null = null;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      closest = candidate;
    }
  }
  return closest ?? candidates.find((candidate) => isBeginning(wanted, candidate.toLowerCase())) ?? null;
}

const BEGINNING_MIN = 4;

function isBeginning(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= BEGINNING_MIN && (a.startsWith(b) || b.startsWith(a));
}

/** How many letters must be put in, left out, changed or swapped with their neighbour to get from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const changed = last[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      let least = Math.min(changed, last[column]! + 1, current[column - 1]! + 1);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        least = Math.min(least, beforeLast[column - 2]! + 1);
      }
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
