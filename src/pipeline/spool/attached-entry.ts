/** The entries of the journal whose events are frames in memory, by the segment that those are in. */
import { type JournalSegment, PARKING_OWNER } from '../../threads/queue/index.ts';
import type { EntryKey } from './store.ts';

/** An entry whose events are frames of one segment. */
export interface Attached {
  readonly key: EntryKey;
  readonly from: number;
  readonly to: number;
  /** Everything of it below is settled. */
  settledTo: number;
  /** Offsets of frames that were moved, and whose copies are in entries of their own. */
  readonly elsewhere: Set<number>;
}

/** A segment that the journal has seen. */
export interface Known {
  now: JournalSegment;
  /** Everything below is committed or settled. */
  seenTo: number;
  entries: Attached[];
}

/** Of this entry nothing is settled yet. */
export function attached(
  key: EntryKey,
  { from, to }: { readonly from: number; readonly to: number },
  elsewhere = new Set<number>(),
): Attached {
  return { key, from, to, settledTo: from, elsewhere };
}

/** Copies are in it, of events that were moved. */
export function isParked({ now }: Known): boolean {
  return now.owner === PARKING_OWNER;
}
