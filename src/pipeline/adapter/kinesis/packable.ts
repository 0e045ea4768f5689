/**
 * What can be packed: messages, or the JSON of events that is not written yet. Each says what its keys are, and writes its
 * data where it is to lie.
 *
 * The rule: nothing can be wrong with any of it, which shows without measuring it, and none brings a hash key of its own.
 */
import type { UnwrittenMessages, WireMessage } from '../adapter.ts';
import { KeyBytes } from './key-bytes.ts';
import { PARTITION_KEY_CHARACTERS_MAX } from './record.ts';

export interface Packable {
  /** In the order of the send. */
  readonly keys: KeyBytes;
  /** The most bytes that its data can have. */
  bytesMax(place: number): number;
  /** How many it has, or is likely to have. */
  bytesLikely(place: number): number;
  /** The same, when the one that is packed before it has been written. */
  bytesNext(place: number): number;
  isText(place: number): boolean;
  /** Writes its data at `at`, where there is room for the most: where that ends, or `NOT_WRITTEN`. */
  write(place: number, target: Buffer, at: number): number;
}

/** Larger ones stay what they are: to pack them would gain nothing. */
const PACKED_BYTES_MAX = 32 * 1024;
/** A unit of a text has not more than so many bytes of UTF-8. */
const UTF8_MAX = 3;

/** The messages, if all of them can be packed. */
export function packableMessages(messages: readonly WireMessage[], maxRecordBytes: number): Packable | null {
  const bytesMax = Math.min(maxRecordBytes, PACKED_BYTES_MAX);
  for (const { partitionKey, explicitHashKey, data } of messages)
    if (explicitHashKey !== undefined || !fits(partitionKey, UTF8_MAX * data.length, bytesMax)) return null;
  return new PackableMessages(messages);
}

/** The same for those that are not written yet. */
export function packableUnwritten(unwritten: UnwrittenMessages, maxRecordBytes: number): Packable | null {
  const bytesMax = Math.min(maxRecordBytes, PACKED_BYTES_MAX);
  const keys = unwritten.partitionKeys();
  if (keys === undefined) return null;
  for (let place = 0; place < keys.length; place++)
    if (!fits(keys[place] as string, unwritten.bytesMax(place), bytesMax)) return null;
  return new PackableUnwritten(keys, unwritten);
}

function fits(key: string, dataBytesMax: number, bytesMax: number): boolean {
  const { length } = key;
  return length > 0 && length <= PARTITION_KEY_CHARACTERS_MAX && UTF8_MAX * length + dataBytesMax <= bytesMax;
}

export class PackableMessages implements Packable {
  readonly keys: KeyBytes;
  readonly #messages: readonly WireMessage[];

  constructor(messages: readonly WireMessage[]) {
    this.keys = new KeyBytes(messages.map(({ partitionKey }) => partitionKey));
    this.#messages = messages;
  }

  bytesMax(place: number): number {
    return UTF8_MAX * this.bytesLikely(place);
  }

  /** As if it were ASCII, where it is text. */
  bytesLikely(place: number): number {
    return this.#dataOf(place).length;
  }

  bytesNext(place: number): number {
    return this.bytesLikely(place);
  }

  isText(place: number): boolean {
    return typeof this.#dataOf(place) === 'string';
  }

  write(place: number, target: Buffer, at: number): number {
    const data = this.#dataOf(place);
    if (typeof data === 'string') return at + target.write(data, at);
    target.set(data, at);
    return at + data.length;
  }

  #dataOf(place: number): string | Uint8Array {
    return (this.#messages[place] as WireMessage).data;
  }
}

class PackableUnwritten implements Packable {
  readonly keys: KeyBytes;
  readonly #unwritten: UnwrittenMessages;
  /** The length of the one before: events of one type have about the same. */
  #last = -1;

  constructor(keys: readonly string[], unwritten: UnwrittenMessages) {
    this.keys = new KeyBytes(keys);
    this.#unwritten = unwritten;
  }

  bytesMax(place: number): number {
    return this.#unwritten.bytesMax(place);
  }

  bytesLikely(place: number): number {
    return this.#unwritten.bytesLikely(place);
  }

  bytesNext(place: number): number {
    return this.#last === -1 ? this.bytesLikely(place) : this.#last;
  }

  isText(): boolean {
    return true;
  }

  write(place: number, target: Buffer, at: number): number {
    const end = this.#unwritten.write(place, target, at);
    this.#last = end - at;
    return end;
  }
}
