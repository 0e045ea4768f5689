/**
 * A program of its own: reads a store from one end to the other, and writes to it once. A file that is damaged can end
 * the process that reads it (cut short it does so each time, for the memory that is mapped has no file behind it), so
 * this one goes first. It ends with DAMAGED, or by a signal, when the store cannot be used.
 */
import { BeamlineError } from '../errors.ts';
import { DAMAGED } from './damage.ts';
import { loadLmdb, openLmdbStore } from './lmdb-store.ts';

async function main(directory: string): Promise<void> {
  const lmdb = await loadLmdb();
  try {
    const store = openLmdbStore(lmdb, directory);
    for (const key of store.entries()) store.read(key);
    store.letters('', Number.MAX_SAFE_INTEGER);
    store.types();
    store.tryToWrite();
    await store.close();
  } catch (error) {
    if (!isDamage(error)) return;
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = DAMAGED;
  }
}

/** LMDB numbers its own faults below zero; a disk that is full, say, has a number of the system's. */
function isDamage(error: unknown): boolean {
  if (error instanceof BeamlineError) return false;
  const { code } = error as { readonly code?: unknown };
  return typeof code !== 'number' || code < 0;
}

void main(process.argv[2] ?? '');
