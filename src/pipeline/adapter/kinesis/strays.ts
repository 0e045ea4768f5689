/**
 * Aggregates that were put into another shard than was meant, because the shards had changed: readers drop what is not
 * of the shard's range, without a word. Finds out which of their records that is.
 */
import type { PreparedRecord } from './record.ts';
import type { ShardMap } from './shard-map.ts';
import type { ShardMapKeeper } from './shard-map-keeper.ts';
import { recordsOf, type Unit } from './unit.ts';

/** An aggregate that was put into another shard than the map said. */
export interface Stray {
  readonly unit: Unit;
  readonly shardId: string;
}

export interface SortedStrays {
  /** Where they belong all the same. */
  readonly delivered: readonly PreparedRecord[];
  /** To be sent again: no reader will see them where they are, or nobody can say whether one will. */
  readonly again: readonly PreparedRecord[];
}

/** So often the map is read again for a shard that it does not know; then its records are sent again. */
const STRAY_TRIES = 3;

export async function sortStrays(keeper: ShardMapKeeper, strays: readonly Stray[]): Promise<SortedStrays> {
  let map = await keeper.settled();
  // The map may have been read just before the shard was there.
  for (let tries = 0; tries < STRAY_TRIES && map !== null && !knowsAll(map, strays); tries++) {
    keeper.doubt();
    map = await keeper.settled();
  }
  const delivered: PreparedRecord[] = [];
  const again: PreparedRecord[] = [];
  for (const { unit, shardId } of strays) {
    for (const record of recordsOf(unit)) {
      if (map?.isOf(shardId, record) === true) delivered.push(record);
      else again.push(record);
    }
  }
  return { delivered, again };
}

function knowsAll(map: ShardMap, strays: readonly Stray[]): boolean {
  return strays.every(({ shardId }) => map.knows(shardId));
}
