/**
 * The port of the spool to its disk. An entry is a group of events of one type, as their frames stood in memory; its key
 * says how many and which, so that a store of any size is counted without reading it.
 *
 * The implementer owes: `write` is all or nothing, also when the process dies in it, and what it has written is on the
 * disk when it returns. It throws when it cannot, and then nothing has changed. Keys come back in the order of `seq`.
 */

export interface EntryKey {
  /** The type's number in this store. */
  readonly type: number;
  /** The order of entries over all types and runs; never used again. */
  readonly seq: number;
  /** The run of the application that wrote it. */
  readonly run: number;
  readonly events: number;
  /** Of the value. */
  readonly bytes: number;
}

export interface StoredType {
  readonly type: number;
  readonly name: string;
  /** The last run that kept its journal: of its entries it has said which are aside. */
  readonly run: number;
}

export interface StoreBatch {
  readonly types?: readonly StoredType[];
  readonly put?: readonly (readonly [key: EntryKey, value: Uint8Array])[];
  readonly remove?: readonly EntryKey[];
  /** These entries' events are in no memory any more. */
  readonly aside?: readonly EntryKey[];
  /** And these are in memory again. */
  readonly back?: readonly EntryKey[];
  readonly letters?: readonly (readonly [id: string, value: Uint8Array])[];
  readonly removeLetters?: readonly string[];
}

export interface SpoolStore {
  /** The number of this run among all that opened the store. */
  readonly run: number;
  types(): StoredType[];
  entries(): Iterable<EntryKey>;
  /** Whether an entry was put aside. */
  isAside(key: EntryKey): boolean;
  read(key: EntryKey): Uint8Array | undefined;
  /** Dead letters, in the order of their ids. */
  letters(after: string, limit: number): (readonly [id: string, value: Uint8Array])[];
  readonly letterCount: number;
  write(batch: StoreBatch): void;
  close(): Promise<void>;
}

/** What an entry takes up on the disk, about: values of more than half a page have pages of their own. */
export function diskBytes({ bytes }: EntryKey): number {
  return bytes > PAGE_BYTES / 2
    ? Math.ceil((bytes + VALUE_HEADER_BYTES) / PAGE_BYTES) * PAGE_BYTES + 64
    : bytes + 64;
}

const PAGE_BYTES = 4096;
const VALUE_HEADER_BYTES = 16;
