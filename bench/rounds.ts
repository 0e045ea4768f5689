/**
 * Measures two or more sides in turns, so that whatever else the machine does meets all of them alike.
 *
 *     const { ours, theirs } = await interleave(9, { ours: () => ..., theirs: () => ... });
 */

export type Side = () => number | Promise<number>;

/** One number a side and a round; the sides change places every round, and a first round is thrown away. */
export async function interleave<Name extends string>(
  rounds: number,
  sides: { readonly [N in Name]: Side },
): Promise<{ readonly [N in Name]: readonly number[] }> {
  const names = Object.keys(sides) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as {
    [N in Name]: number[];
  };
  for (let round = -1; round < rounds; round++) {
    const order = round % 2 === 0 ? names : [...names].reverse();
    for (const name of order) {
      const value = await sides[name]();
      if (round >= 0) measured[name].push(value);
    }
  }
  return measured;
}
