/** What the spool of a process that is dead holds, read from its files: by nobody who counts in it. */
import { eventsOfEntry } from '../../src/pipeline/spool/entry.ts';
import { loadLmdb, openLmdbStore } from '../../src/pipeline/spool/lmdb-store.ts';

export interface Stored {
  readonly events: number;
  /** So many of them stand in it twice. */
  readonly twice: number;
}

export async function storedIn(directory: string): Promise<Stored> {
  const store = openLmdbStore(await loadLmdb(), directory);
  try {
    const ids = new Set<string>();
    let events = 0;
    for (const key of store.entries()) {
      const value = store.read(key);
      const found = value === undefined ? undefined : eventsOfEntry(value, key.events);
      if (found === undefined) throw new Error(`an entry of ${key.events} events cannot be read`);
      for (const { id } of found) ids.add(id);
      events += found.length;
    }
    return { events, twice: events - ids.size };
  } finally {
    await store.close();
  }
}
