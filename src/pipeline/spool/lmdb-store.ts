/**
 * The store on LMDB. The only file that loads `lmdb`, and only in the spool's thread: a thread that is ended while it is
 * inside of it takes the process along.
 *
 * Every write is one synchronous transaction, on the disk when it returns: the thread has nothing else to do, and no
 * work of another thread is under way when it ends. Keys, in their order:
 *
 *     a type seq run events bytes     this entry is in no memory
 *     d id                            a dead letter
 *     e type seq run events bytes     an entry
 *     m format, m owner, m run        of the store itself
 *     t type                          the name of a type
 */
import { BeamlineError } from '../errors.ts';
import type { OwnerRecord } from './owner.ts';
import type { EntryKey, SpoolStore, StoreBatch, StoredType } from './store.ts';

/** Of the keys and of the entries (entry.ts). */
export const STORE_FORMAT = 1;

const KEY_BYTES = 23;
const FORMAT_KEY = Buffer.from('mformat');
const RUN_KEY = Buffer.from('mrun');
const OWNER_KEY = Buffer.from('mowner');
const CHECK_KEY = Buffer.from('mcheck');
const NOTHING = Buffer.from([0]);

/** What of `lmdb` is used; its own types are not there for users who do not install it. */
interface Database {
  get(key: Buffer): Buffer | undefined;
  doesExist(key: Buffer): boolean;
  putSync(key: Buffer, value: Uint8Array): void;
  removeSync(key: Buffer): boolean;
  getKeys(range: Range): Iterable<Buffer>;
  getKeysCount(range: Range): number;
  getRange(range: Range): Iterable<{ readonly key: Buffer; readonly value: Buffer }>;
  transactionSync<T>(action: () => T): T;
  close(): Promise<void>;
}

interface Range {
  readonly start: Buffer;
  readonly end: Buffer;
  readonly limit?: number;
}

interface Lmdb {
  open(options: Readonly<Record<string, unknown>>): Database;
}

/** @throws BeamlineError `ERR_SPOOL_MODULE` when `lmdb` is not installed, or not for this platform. */
export async function loadLmdb(load: () => Promise<unknown> = () => import('lmdb')): Promise<Lmdb> {
  try {
    return (await load()) as Lmdb;
  } catch (cause) {
    throw new BeamlineError('ERR_SPOOL_MODULE', { reason: (cause as Error).message.split('\n', 1)[0] ?? '' });
  }
}

/**
 * Opens or makes the store in a directory that is there.
 *
 * @throws BeamlineError `ERR_SPOOL_VERSION`; and whatever LMDB throws of a directory or a file that it cannot use.
 */
export function openLmdbStore(lmdb: Lmdb, directory: string): LmdbStore {
  const database = lmdb.open({
    path: directory,
    encoding: 'binary',
    keyEncoding: 'binary',
    cache: false,
    compression: false,
    overlappingSync: false,
  });
  try {
    return new LmdbStore(database, directory);
  } catch (error) {
    void database.close();
    throw error;
  }
}

export class LmdbStore implements SpoolStore, OwnerRecord {
  #run = 0;
  readonly #database: Database;

  constructor(database: Database, directory: string) {
    this.#database = database;
    const format = database.get(FORMAT_KEY)?.[0];
    if (format !== undefined && format !== STORE_FORMAT) {
      throw new BeamlineError('ERR_SPOOL_VERSION', { directory, found: format, expected: STORE_FORMAT });
    }
  }

  get run(): number {
    return this.#run;
  }

  /** Begins a run, its owner being known; or goes on with one. */
  begin(resumed: number | undefined): void {
    const database = this.#database;
    this.#run = resumed ?? (database.get(RUN_KEY)?.readUInt32BE(0) ?? 0) + 1;
    const run = Buffer.alloc(4);
    run.writeUInt32BE(this.#run);
    database.transactionSync(() => {
      database.putSync(FORMAT_KEY, Buffer.from([STORE_FORMAT]));
      database.putSync(RUN_KEY, run);
    });
  }

  get owner(): string | undefined {
    return this.#database.get(OWNER_KEY)?.toString();
  }

  replaceOwner(from: string | undefined, to: string | undefined): boolean {
    return this.#database.transactionSync(() => {
      if (this.owner !== from) return false;
      if (to === undefined) this.#database.removeSync(OWNER_KEY);
      else this.#database.putSync(OWNER_KEY, Buffer.from(to));
      return true;
    });
  }

  /** Throws when nothing can be written. */
  tryToWrite(): void {
    this.#database.transactionSync(() => this.#database.putSync(CHECK_KEY, NOTHING));
    this.#database.transactionSync(() => this.#database.removeSync(CHECK_KEY));
  }

  types(): StoredType[] {
    return [...this.#database.getRange(all('t'))].map(({ key, value }) => ({
      type: key.readUInt32BE(1),
      run: value.readUInt32BE(0),
      name: value.toString('utf8', 4),
    }));
  }

  *entries(): Iterable<EntryKey> {
    for (const key of this.#database.getKeys(all('e'))) yield entryKey(key);
  }

  isAside(key: EntryKey): boolean {
    return this.#database.doesExist(keyBytes('a', key));
  }

  read(key: EntryKey): Uint8Array | undefined {
    return this.#database.get(keyBytes('e', key));
  }

  letters(after: string, limit: number): (readonly [id: string, value: Uint8Array])[] {
    const start = after === '' ? all('d').start : Buffer.concat([letterKey(after), NOTHING]);
    return [...this.#database.getRange({ ...all('d'), start, limit })].map(({ key, value }) => [
      key.toString('latin1', 1),
      value,
    ]);
  }

  get letterCount(): number {
    return this.#database.getKeysCount(all('d'));
  }

  write({ types, put, remove, aside, back, letters, removeLetters }: StoreBatch): void {
    const database = this.#database;
    database.transactionSync(() => {
      for (const type of types ?? []) database.putSync(typeKey(type), typeValue(type));
      for (const [key, value] of put ?? []) database.putSync(keyBytes('e', key), value);
      for (const key of aside ?? []) database.putSync(keyBytes('a', key), NOTHING);
      for (const key of back ?? []) database.removeSync(keyBytes('a', key));
      for (const key of remove ?? []) database.removeSync(keyBytes('e', key));
      for (const [id, value] of letters ?? []) database.putSync(letterKey(id), value);
      for (const id of removeLetters ?? []) database.removeSync(letterKey(id));
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

function all(table: string): Range {
  return { start: Buffer.from(table), end: Buffer.from([table.charCodeAt(0) + 1]) };
}

function keyBytes(table: string, { type, seq, run, events, bytes }: EntryKey): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES);
  key.write(table, 'latin1');
  key.writeUInt32BE(type, 1);
  key.writeUIntBE(seq, 5, 6);
  key.writeUInt32BE(run, 11);
  key.writeUInt32BE(events, 15);
  key.writeUInt32BE(bytes, 19);
  return key;
}

function entryKey(key: Buffer): EntryKey {
  return {
    type: key.readUInt32BE(1),
    seq: key.readUIntBE(5, 6),
    run: key.readUInt32BE(11),
    events: key.readUInt32BE(15),
    bytes: key.readUInt32BE(19),
  };
}

function typeKey({ type }: StoredType): Buffer {
  const key = Buffer.from('t....');
  key.writeUInt32BE(type, 1);
  return key;
}

function typeValue({ name, run }: StoredType): Buffer {
  const value = Buffer.from(`....${name}`);
  value.writeUInt32BE(run);
  return value;
}

function letterKey(id: string): Buffer {
  return Buffer.from(`d${id}`, 'latin1');
}
