/**
 * By the place of the shard: which of the records with these keys go to it. All to one place while there is no map.
 */
import type { KeyBytes } from './key-bytes.ts';
import type { ShardMap } from './shard-map.ts';

export function placesByShard(map: ShardMap | null, keys: KeyBytes): Uint32Array[] {
  const length = map?.shards.length ?? 1;
  if (map === null || length === 1) return [allOf(keys)];
  const shardOf = map.placesOf(keys);
  const counts = new Uint32Array(length);
  for (let i = 0; i < shardOf.length; i++) counts[shardOf[i] as number]!++;
  // One array, in parts; `next` is where the next one of a shard goes.
  const all = new Uint32Array(keys.size);
  const next = new Uint32Array(length);
  const parts: Uint32Array[] = [];
  let end = 0;
  for (let shard = 0; shard < length; shard++) {
    next[shard] = end;
    end += counts[shard] as number;
    parts.push(all.subarray(next[shard], end));
  }
  for (let i = 0; i < shardOf.length; i++) {
    const shard = shardOf[i] as number;
    const at = next[shard] as number;
    all[at] = i;
    next[shard] = at + 1;
  }
  return parts;
}

function allOf({ size }: KeyBytes): Uint32Array {
  const places = new Uint32Array(size);
  for (let i = 0; i < size; i++) places[i] = i;
  return places;
}
