/** A queue of small segments that a journal is kept of, and the keeper of that journal on a disk in memory. */
import { SpoolKeeper } from '../../../src/pipeline/spool/spool-keeper.ts';
import {
  createConfirmations,
  createJournalBell,
  JournalBell,
  type QueueHandle,
  QueueJournal,
} from '../../../src/threads/queue/index.ts';
import { smallQueue } from '../../threads/queue/rig.ts';
import { type MemoryDisk, openMemoryStore } from './memory-store.ts';

const PARKED_SEGMENTS = 3;

export function journaledQueue(
  bootId: string,
  { segmentBytes, segments }: { readonly segmentBytes: number; readonly segments: number },
): QueueHandle {
  const journal = createJournalBell();
  new JournalBell(journal).isKept = true;
  const sizes = { queueBytes: segments * segmentBytes, parkedBytes: PARKED_SEGMENTS * segmentBytes };
  return smallQueue({ bootId, segmentBytes, ...sizes, journal });
}

/** As the journal of a process that has just started, or, with its number, of a run that goes on. */
export function keeperOf(disk: MemoryDisk, handle: QueueHandle, resumed?: number): SpoolKeeper {
  const keeper = new SpoolKeeper({ store: openMemoryStore(disk, resumed), maxBytes: 1e9 });
  keeper.attach('Type', new QueueJournal(handle, createConfirmations({ seats: 1, slots: 1 })));
  return keeper;
}
