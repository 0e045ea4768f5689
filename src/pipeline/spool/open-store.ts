/**
 * Opens the spool's store on the disk, or says why it cannot: the folder, the owner, the version, the package. Files are
 * for their owner alone.
 */
import { accessSync, chmodSync, closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { BeamlineError } from '../errors.ts';
import { DATA_FILE, LOCK_FILE, noteClosed, noteOpen, type Repair, repairIfDamaged } from './damage.ts';
import { type LmdbStore, loadLmdb, openLmdbStore } from './lmdb-store.ts';
import { Ownership } from './owner.ts';
import type { SpoolArgument } from './protocol.ts';
import type { SpoolStore } from './store.ts';

export interface OpenStore {
  readonly store: SpoolStore;
  readonly repaired: Repair | undefined;
  close(): Promise<void>;
}

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/** @throws BeamlineError as `SpoolControl.open`. */
export async function openStore(
  { directory, name, resumed }: SpoolArgument,
  clock: Clock,
): Promise<OpenStore> {
  const lmdb = await loadLmdb();
  const ownership = await usingDirectory(directory, async () => {
    prepareFiles(directory);
    return Ownership.prepare(directory, name, clock);
  });
  let store: LmdbStore | undefined;
  let repaired: Repair | undefined;
  try {
    store = await usingDirectory(directory, async () => {
      // One that is in use is its owner's to judge.
      if (resumed === undefined && !(await ownership.isAnybodyThere())) {
        repaired = await repairIfDamaged(directory, clock);
        if (repaired !== undefined) prepareFiles(directory);
      }
      return openLmdbStore(lmdb, directory);
    });
    await ownership.claim(store);
    noteOpen(directory);
    store.begin(resumed);
  } catch (error) {
    await store?.close();
    await ownership.close();
    throw error;
  }
  const opened = store;
  return {
    store: opened,
    repaired,
    async close() {
      ownership.release();
      await opened.close();
      noteClosed(directory);
      await ownership.close();
    },
  };
}

/** The store makes its files as the process's umask has it; those that are there already keep their mode. */
function prepareFiles(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
  accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  for (const file of [DATA_FILE, LOCK_FILE]) {
    const path = join(directory, file);
    closeSync(openSync(path, 'a', FILE_MODE));
    chmodSync(path, FILE_MODE);
  }
}

async function usingDirectory<T>(directory: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (cause) {
    if (cause instanceof BeamlineError) throw cause;
    const reason = (cause as Error).message;
    throw new BeamlineError('ERR_SPOOL_DIRECTORY', { directory, reason }, { cause });
  }
}
