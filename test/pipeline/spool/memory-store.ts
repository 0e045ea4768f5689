/** A store in memory, which outlives the keepers that use it, as a disk does. It can be told to refuse writes. */
import type { EntryKey, SpoolStore, StoreBatch, StoredType } from '../../../src/pipeline/spool/store.ts';

export interface MemoryDisk {
  readonly types: Map<number, StoredType>;
  readonly entries: Map<number, readonly [EntryKey, Uint8Array]>;
  readonly aside: Set<number>;
  readonly letters: Map<string, Uint8Array>;
  run: number;
  /** Why the next writes fail. */
  fault: Error | undefined;
  /** Called before and after each write. */
  onWrite: (() => void) | undefined;
}

export function memoryDisk(): MemoryDisk {
  return {
    types: new Map(),
    entries: new Map(),
    aside: new Set(),
    letters: new Map(),
    run: 0,
    fault: undefined,
    onWrite: undefined,
  };
}

export function openMemoryStore(disk: MemoryDisk, resumed?: number): SpoolStore {
  disk.run = resumed ?? disk.run + 1;
  const { run } = disk;
  return {
    run,
    types: () => [...disk.types.values()],
    entries: () =>
      [...disk.entries.values()].map(([key]) => key).sort((a, b) => a.type - b.type || a.seq - b.seq),
    isAside: ({ seq }) => disk.aside.has(seq),
    read: ({ seq }) => disk.entries.get(seq)?.[1],
    letters: (after, limit) =>
      [...disk.letters]
        .filter(([id]) => id > after)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit),
    get letterCount() {
      return disk.letters.size;
    },
    write(batch: StoreBatch) {
      if (disk.fault !== undefined) throw disk.fault;
      disk.onWrite?.();
      for (const type of batch.types ?? []) disk.types.set(type.type, type);
      for (const [key, value] of batch.put ?? []) disk.entries.set(key.seq, [key, Uint8Array.from(value)]);
      for (const { seq } of batch.aside ?? []) disk.aside.add(seq);
      for (const { seq } of batch.back ?? []) disk.aside.delete(seq);
      for (const { seq } of batch.remove ?? []) disk.entries.delete(seq);
      for (const [id, value] of batch.letters ?? []) disk.letters.set(id, value);
      for (const id of batch.removeLetters ?? []) disk.letters.delete(id);
      disk.onWrite?.();
    },
    close: () => Promise.resolve(),
  };
}
