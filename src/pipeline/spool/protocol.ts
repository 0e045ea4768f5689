/** What is asked of the spool's thread, over the control plane. Plain data. */
import type { ConfirmationsHandle, JournalHandle, QueueHandle } from '../../threads/queue/index.ts';
import type { Repair } from './damage.ts';
import type { SpoolCounts } from './spool-keeper.ts';

/** What the thread is started with. */
export interface SpoolArgument {
  readonly directory: string;
  readonly maxBytes: number;
  /** The words of the journal (journal-bell.ts). */
  readonly bell: JournalHandle;
  readonly confirmations: ConfirmationsHandle;
  /** A name for its socket, which no other has. */
  readonly name: string;
  /** The run that goes on, after the thread before this one has ended. */
  readonly resumed: number | undefined;
}

export interface SpoolControl {
  /**
   * Opens the store and begins to keep it. Answers with the number of the run.
   *
   * @throws BeamlineError `ERR_SPOOL_MODULE`, `ERR_SPOOL_DIRECTORY`, `ERR_SPOOL_OWNED`, `ERR_SPOOL_VERSION`
   */
  open(): Promise<SpoolOpened>;
  /** Keeps the journal of a type's queue from now on. */
  attach(recordType: string, queue: QueueHandle, order: SpoolOrder): void;
  state(): SpoolState;
  /** Stores a dead letter; it is on the disk when this resolves. */
  bury(letter: StoredLetter): void;
  letters(range: SpoolRange): StoredLetter[];
  removeLetters(ids: readonly string[]): void;
  /** Events of a type that this application does not define. */
  leftovers(recordType: string, range: SpoolRange): SpooledEvent[];
  /** Deletes them. Answers how many they were. */
  removeLeftovers(recordType: string): number;
  /** Commits what is left and closes the store. The thread ends after it. */
  close(): Promise<void>;
}

/** What the thread tells the main thread. */
export interface SpoolMainControl {
  report(event: SpoolEvent): void;
}

export type SpoolEvent =
  /** The store cannot be written; the application goes on in memory, and it is tried again. */
  | { readonly type: 'failing'; readonly message: string }
  | { readonly type: 'writing_again' }
  /** Entries that are not what was written: their events are lost. */
  | { readonly type: 'damaged'; readonly entries: number; readonly events: number };

/** `by-key`: events of a key stay in their order, so that none may be put aside while younger ones are delivered. */
export type SpoolOrder = 'none' | 'by-key';

export interface SpoolOpened {
  readonly run: number;
  /** What was wrong with the store that was found, and where it has been put; the one that is open is new. */
  readonly repaired: Repair | undefined;
}

export interface SpoolRange {
  /** The id after which to go on; the first one when it is empty. */
  readonly after: string;
  readonly limit: number;
}

export interface StoredLetter {
  readonly id: string;
  readonly recordType: string;
  readonly data: unknown;
  readonly error: { readonly name: string; readonly message: string; readonly code: string | null };
  readonly attempts: number;
  /** When it was given up, in milliseconds since the epoch. */
  readonly at: number;
}

export interface SpooledEvent {
  readonly id: string;
  readonly recordedAt: number;
  readonly data: unknown;
}

export interface SpoolState extends SpoolCounts {
  readonly commits: number;
  readonly lastCommitAt: number | null;
  /** Why the store could not be written last; null when it can. */
  readonly error: string | null;
  /** What was wrong with the store that was found at the start. */
  readonly repaired: Repair | null;
}
