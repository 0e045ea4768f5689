/**
 * What the memory adapter keeps: an append-only log in shared memory, so that the main thread reads what the
 * record types' threads have sent, without a message between them and however any of them ends.
 *
 *   [ header | count | stream | key | hash key | data | key | hash key | data ... ][ header | ...  ][ 0 ...
 *     length * 2 + published      each field: its length, its bytes
 *
 * - Writers: any number of threads. A writer walks to the first header that is 0 and claims it by one
 *   compare-and-swap from 0 to its frame's length; from then on that frame is its own.
 * - It writes the messages of one send, then publishes them by one atomic store to the header. So a send is in
 *   the log as a whole or not at all, and what is published is never written again.
 * - A writer that dies in between leaves a frame of known length that stays unpublished; readers step over it.
 * - Readers: any number; they write nothing.
 * - Frames are in the order claimed. The log does not wrap: when it is full, that is told to the sender.
 */
import { FAILURES_BYTES } from './shared-failures.ts';

/** What a sender hands over. */
export interface LoggedMessage {
  readonly partitionKey: string;
  readonly explicitHashKey?: string;
  readonly data: Uint8Array | string;
}

/** A message that has been sent. */
export interface StoredMessage {
  readonly stream: string;
  readonly partitionKey: string;
  readonly explicitHashKey?: string;
  readonly data: Buffer;
}

/** The memory of a log, and of the failures ordered beside it. Plain data: it can be posted to any thread. */
export type SharedLog = SharedArrayBuffer;

/** Memory for `bytesMax` of sends; what is not written to costs nothing. */
export function createSharedLog(bytesMax: number): SharedLog {
  return new SharedArrayBuffer(FAILURES_BYTES + bytesMax);
}

export function isSharedLog(value: unknown): value is SharedLog {
  return value instanceof SharedArrayBuffer;
}

const WORD = 4;
/** In the place of a field's length: there is no such field. */
const ABSENT = 0xffffffff;

export class MessageLog {
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  /** Every frame before this offset is claimed. */
  #end = 0;

  constructor(memory: SharedLog) {
    const offset = FAILURES_BYTES;
    const length = Math.floor((memory.byteLength - offset) / WORD) * WORD;
    this.#words = new Int32Array(memory, offset, length / WORD);
    this.#bytes = Buffer.from(memory, offset, length);
  }

  /** Appends a send as a whole; false when there is no room for it. */
  append(stream: string, messages: readonly LoggedMessage[]): boolean {
    const fields = [Buffer.from(stream), ...messages.flatMap(fieldsOf)];
    const payload = fields.reduce((sum, field) => sum + WORD + (field?.byteLength ?? 0), 0);
    const length = Math.ceil((2 * WORD + payload) / WORD) * WORD;
    const start = this.#claim(length);
    if (start === null) return false;
    let at = this.#bytes.writeUInt32LE(messages.length, start + WORD);
    for (const field of fields) {
      at = this.#bytes.writeUInt32LE(field?.byteLength ?? ABSENT, at);
      if (field === null) continue;
      this.#bytes.set(field, at);
      at += field.byteLength;
    }
    Atomics.store(this.#words, start / WORD, length * 2 + 1);
    return true;
  }

  /** The frames claimed from this offset on, published or not, and where they end. */
  frames(from: number): { readonly offsets: number[]; readonly end: number } {
    const offsets: number[] = [];
    let end = from;
    while (end < this.#bytes.byteLength) {
      const header = Atomics.load(this.#words, end / WORD);
      if (header === 0) break;
      offsets.push(end);
      end += Math.floor(header / 2);
    }
    return { offsets, end };
  }

  /** The messages of a frame; `null` while it is not published. */
  messages(offset: number): StoredMessage[] | null {
    if (Atomics.load(this.#words, offset / WORD) % 2 === 0) return null;
    let at = offset + 2 * WORD;
    const field = () => {
      const length = this.#bytes.readUInt32LE(at);
      at += WORD;
      if (length === ABSENT) return null;
      // A copy: a reader may keep and change what it gets.
      const bytes = Buffer.from(this.#bytes.subarray(at, at + length));
      at += length;
      return bytes;
    };
    const text = () => field()?.toString() ?? '';
    const count = this.#bytes.readUInt32LE(offset + WORD);
    const stream = text();
    return Array.from({ length: count }, () => {
      const partitionKey = text();
      const explicitHashKey = field()?.toString();
      const data = field() ?? Buffer.alloc(0);
      return explicitHashKey === undefined
        ? { stream, partitionKey, data }
        : { stream, partitionKey, explicitHashKey, data };
    });
  }

  /** Claims room for a frame: its offset, or `null`. */
  #claim(length: number): number | null {
    while (this.#end + length <= this.#bytes.byteLength) {
      const start = this.#end;
      const found = Atomics.compareExchange(this.#words, start / WORD, 0, length * 2);
      this.#end += found === 0 ? length : Math.floor(found / 2);
      if (found === 0) return start;
    }
    return null;
  }
}

function fieldsOf({ partitionKey, explicitHashKey, data }: LoggedMessage): (Uint8Array | null)[] {
  return [
    Buffer.from(partitionKey),
    explicitHashKey === undefined ? null : Buffer.from(explicitHashKey),
    typeof data === 'string' ? Buffer.from(data) : data,
  ];
}
