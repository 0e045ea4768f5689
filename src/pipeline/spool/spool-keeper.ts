/**
 * The journal of all record types, one turn at a time: looks at the memory, writes one transaction, and acts on what was
 * written. No thread, timer or file of its own: those are handed in, so that a test can stop it at every single step.
 *
 *     look -> write { new entries, settled ones removed } -> mark, tell, free -> put aside | take back
 *
 * When the store cannot be written nothing is lost that is in memory: what should have been written is tried again, what
 * should have been removed is kept in mind, and memory is given back all the same. The application goes on in memory.
 */
import { Decoder, type QueueJournal } from '../../threads/queue/index.ts';
import { eventsOfEntry } from './entry.ts';
import type { SpooledEvent, SpoolOrder } from './protocol.ts';
import { diskBytes, type EntryKey, type SpoolStore, type StoreBatch, type StoredType } from './store.ts';
import { type Prepared, TypeKeeper } from './type-keeper.ts';

/** In one transaction, and taken back in one turn. */
const TURN_BYTES = 4 * 1024 * 1024;

export interface SpoolKeeperOptions {
  readonly store: SpoolStore;
  /** So much of entries, on the disk; then new ones wait. */
  readonly maxBytes: number;
}

export interface Turn {
  /** There was so much that the next turn should follow at once. */
  readonly more: boolean;
  /** A transaction was made. */
  readonly wrote: boolean;
  /** What the store threw. */
  readonly error: Error | undefined;
  /** Entries that could not be read, with their events. */
  readonly damaged: readonly EntryKey[];
}

export interface SpoolCounts {
  readonly entries: number;
  /** Events in them, those included that are settled while others of their entry are not. */
  readonly events: number;
  readonly bytes: number;
  /** Events that are on the disk and not in memory. */
  readonly aside: number;
  readonly recovered: number;
  readonly damaged: number;
  readonly letters: number;
  /** Events of types that this application does not define. */
  readonly leftovers: Readonly<Record<string, number>>;
  /** New entries have no room: `maxBytes` is reached. */
  readonly full: boolean;
}

export class SpoolKeeper {
  readonly #store: SpoolStore;
  readonly #maxBytes: number;
  readonly #keepers = new Map<string, TypeKeeper>();
  readonly #types = new Map<string, StoredType>();
  /** Entries of the types that nobody has attached. */
  readonly #leftovers = new Map<number, EntryKey[]>();
  /** To be written when the store can be. */
  #newTypes: StoredType[] = [];
  #aside: EntryKey[] = [];
  #remove: EntryKey[] = [];
  #back: EntryKey[] = [];
  #lastSeq = 0;
  #entries = 0;
  #events = 0;
  #bytes = 0;
  #recovered = 0;
  #damaged = 0;
  #letters: number;
  #full = false;

  constructor({ store, maxBytes }: SpoolKeeperOptions) {
    this.#store = store;
    this.#maxBytes = maxBytes;
    for (const type of store.types()) this.#types.set(type.name, type);
    for (const key of store.entries()) {
      const known = this.#leftovers.get(key.type);
      if (known === undefined) this.#leftovers.set(key.type, [key]);
      else known.push(key);
      this.#lastSeq = Math.max(this.#lastSeq, key.seq);
      this.#count(key, 1);
    }
    this.#letters = store.letterCount;
  }

  /**
   * Keeps the journal of a type from now on; what the store holds of it comes back. A type that was attached in this run
   * before is taken up where the journal's thread has left it.
   */
  attach(name: string, journal: QueueJournal, order: SpoolOrder = 'none'): void {
    const { run } = this.#store;
    const known = this.#types.get(name);
    const type = known?.type ?? Math.max(0, ...[...this.#types.values()].map((each) => each.type)) + 1;
    const keeper = new TypeKeeper(journal, { name, type, order });
    this.#keepers.set(name, keeper);
    const entries = this.#leftovers.get(type) ?? [];
    this.#leftovers.delete(type);
    if (known?.run === run) {
      const { settled, back } = keeper.resume(entries, this.#store);
      this.#remove.push(...settled);
      this.#back.push(...back);
      return;
    }
    this.#types.set(name, { type, name, run });
    this.#newTypes.push({ type, name, run });
    this.#aside.push(...entries);
    keeper.adopt(entries);
    for (const { events } of entries) this.#recovered += events;
  }

  /** Without `writes` nothing goes to the disk: it could not be written a moment ago. */
  turn({ writes }: { readonly writes: boolean } = { writes: true }): Turn {
    const keepers = [...this.#keepers.values()];
    for (const keeper of keepers) this.#remove.push(...keeper.look());
    this.#full = this.#bytes >= this.#maxBytes;
    const prepared = new Map<TypeKeeper, readonly Prepared[]>();
    let bytes = 0;
    for (const keeper of writes ? keepers : []) {
      const { entries, settled } = keeper.prepare(
        this.#full ? 0 : TURN_BYTES - bytes,
        this.#store.run,
        () => ++this.#lastSeq,
      );
      prepared.set(keeper, entries);
      this.#remove.push(...settled);
      bytes += entries.reduce((sum, { value }) => sum + value.length, 0);
    }
    const wrote = writes && this.#write([...prepared.values()].flat());
    if (!(wrote instanceof Error)) for (const [keeper, entries] of prepared) keeper.committed(entries);
    let freed = 0;
    for (const keeper of keepers) freed += keeper.free();
    const error =
      wrote instanceof Error ? wrote : writes && !this.#full ? this.#putAside(keepers) : undefined;
    const damaged: EntryKey[] = [];
    const back = keepers.reduce((sum, keeper) => sum + this.#takeBack(keeper, damaged), 0);
    const more = bytes >= TURN_BYTES || back >= TURN_BYTES || (freed > 0 && this.asideEvents > 0);
    return { more, wrote: wrote === true, error, damaged };
  }

  /** Stores a dead letter; on the disk when it returns. */
  bury(id: string, value: Uint8Array): void {
    this.#store.write({ letters: [[id, value]] });
    this.#letters = this.#store.letterCount;
  }

  letters(after: string, limit: number): (readonly [id: string, value: Uint8Array])[] {
    return this.#store.letters(after, limit);
  }

  removeLetters(ids: readonly string[]): void {
    this.#store.write({ removeLetters: ids });
    this.#letters = this.#store.letterCount;
  }

  /** Events of a type that nobody has attached, after that one. */
  readLeftovers(recordType: string, after: string, limit: number): SpooledEvent[] {
    const decoder = new Decoder();
    const found: SpooledEvent[] = [];
    let begun = after === '';
    for (const key of this.#leftoversOf(recordType)) {
      const value = this.#store.read(key);
      const events = (value === undefined ? undefined : eventsOfEntry(value, key.events)) ?? [];
      for (const { id, recordedAt, payload } of events) {
        if (found.length === limit) return found;
        const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
        if (begun) found.push({ id, recordedAt, data: decoder.decode(bytes, 0, bytes.length) });
        begun ||= id === after;
      }
    }
    return found;
  }

  /** Deletes them. Answers how many events they were. */
  removeLeftovers(recordType: string): number {
    const keys = this.#leftoversOf(recordType);
    this.#store.write({ remove: keys, back: keys });
    for (const key of keys) this.#count(key, -1);
    this.#leftovers.delete(this.#types.get(recordType)?.type ?? 0);
    return keys.reduce((sum, { events }) => sum + events, 0);
  }

  /** Nothing is to be written or removed, and nothing in memory waits for its end. */
  get isIdle(): boolean {
    return this.#isWritten && [...this.#keepers.values()].every((keeper) => keeper.isIdle);
  }

  get hasNews(): boolean {
    return [...this.#keepers.values()].some((keeper) => keeper.hasNews);
  }

  get isCommitAwaited(): boolean {
    return [...this.#keepers.values()].some((keeper) => keeper.isCommitAwaited);
  }

  get asideEvents(): number {
    let events = 0;
    for (const keeper of this.#keepers.values()) events += keeper.asideEvents;
    return events;
  }

  get counts(): SpoolCounts {
    const names = new Map([...this.#types.values()].map(({ name, type }) => [type, name]));
    return {
      entries: this.#entries,
      events: this.#events,
      bytes: this.#bytes,
      aside: this.asideEvents,
      recovered: this.#recovered,
      damaged: this.#damaged,
      letters: this.#letters,
      leftovers: Object.fromEntries(
        [...this.#leftovers].map(([type, keys]) => [
          names.get(type) ?? `type ${type}`,
          keys.reduce((sum, { events }) => sum + events, 0),
        ]),
      ),
      full: this.#full,
    };
  }

  #leftoversOf(recordType: string): readonly EntryKey[] {
    return this.#leftovers.get(this.#types.get(recordType)?.type ?? 0) ?? [];
  }

  get #isWritten(): boolean {
    return [this.#remove, this.#back, this.#newTypes, this.#aside].every((list) => list.length === 0);
  }

  /** True: a transaction was made. */
  #write(prepared: readonly Prepared[]): boolean | Error {
    if (prepared.length === 0 && this.#isWritten) return false;
    const [types, aside, back] = [this.#newTypes, this.#aside, this.#back];
    const replaced = prepared.flatMap(({ replaces }) => (replaces === undefined ? [] : [replaces.key]));
    const remove = [...this.#remove, ...replaced];
    const put = prepared.map(({ key, value }) => [key, value] as const);
    const error = this.#tryWrite({ types, put, aside, back, remove });
    if (error !== undefined) return error;
    for (const { key } of prepared) this.#count(key, 1);
    for (const key of remove) this.#count(key, -1);
    this.#remove = [];
    this.#back = [];
    this.#newTypes = [];
    this.#aside = [];
    return true;
  }

  #putAside(keepers: readonly TypeKeeper[]): Error | undefined {
    for (const keeper of keepers) {
      for (const known of keeper.toPutAside()) {
        const error = this.#tryWrite({ aside: known.entries.map(({ key }) => key) });
        if (error !== undefined) return error;
        this.#back.push(...keeper.putAside(known));
      }
    }
    return undefined;
  }

  /** Answers with the bytes that came back. */
  #takeBack(keeper: TypeKeeper, damaged: EntryKey[]): number {
    let bytes = 0;
    let key = keeper.toTakeBack();
    for (; key !== undefined && bytes < TURN_BYTES; key = keeper.toTakeBack()) {
      const value = this.#store.read(key);
      const events = value === undefined ? undefined : eventsOfEntry(value, key.events);
      if (events === undefined) {
        damaged.push(keeper.giveUpOldest());
        this.#damaged += key.events;
        this.#remove.push(key);
        continue;
      }
      if (!keeper.takeBack(events)) break;
      this.#back.push(key);
      bytes += key.bytes;
    }
    if (key === undefined || bytes < TURN_BYTES) keeper.sealTakenBack();
    return bytes;
  }

  #tryWrite(batch: StoreBatch): Error | undefined {
    try {
      this.#store.write(batch);
      return undefined;
    } catch (error) {
      // What is no error is no fault of the disk.
      if (!(error instanceof Error)) throw error;
      return error;
    }
  }

  #count(key: EntryKey, sign: 1 | -1): void {
    this.#entries += sign;
    this.#events += sign * key.events;
    this.#bytes += sign * diskBytes(key);
  }
}
