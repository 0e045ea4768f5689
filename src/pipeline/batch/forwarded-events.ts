/**
 * The events of a batch whose type forwards them, on their way to the stream: an adapter has the JSON of each written straight
 * from the queue. Where that cannot be done they are made into the messages that a handler would make, by the same code.
 */
import { type Claim, JSON_GROWTH, NOT_WRITTEN } from '../../threads/queue/index.ts';
import type { UnwrittenMessages } from '../adapter/adapter.ts';
import { type ForwardTo, forwarded } from '../forward-to.ts';
import type { Message } from '../message.ts';

/** Longer than any id: it has three short parts. */
const ID_BYTES_MAX = 128;

const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;

export class ForwardedEvents implements UnwrittenMessages {
  readonly #claim: Claim;
  readonly #to: ForwardTo;
  /** What comes before the id; empty where it does not go along. */
  readonly #head: string;
  /** What the id makes of it at most. */
  readonly #idBytes: number;

  constructor(claim: Claim, to: ForwardTo) {
    this.#claim = claim;
    this.#to = to;
    const { idField } = to;
    this.#head = idField === undefined ? '' : `{${JSON.stringify(idField)}:"`;
    this.#idBytes = idField === undefined ? 0 : Buffer.byteLength(this.#head) + ID_BYTES_MAX + 1;
  }

  get size(): number {
    return this.#claim.size;
  }

  partitionKeys(): readonly string[] | undefined {
    return this.#claim.fieldsOf(this.#to.partitionKey);
  }

  bytesMax(place: number): number {
    return this.#idBytes + JSON_GROWTH * this.#claim.bytesAt(place);
  }

  /** Quotes and commas take a little more than tags do. */
  bytesLikely(place: number): number {
    return this.#head.length + Math.ceil(1.25 * this.#claim.bytesAt(place));
  }

  write(place: number, target: Buffer, at: number): number {
    const { idField } = this.#to;
    if (idField === undefined) return this.#claim.writeJson(place, target, at);
    const id = this.#claim.idAt(place);
    if (id.length > ID_BYTES_MAX) return NOT_WRITTEN;
    // `{"id":"..."` and then the event. It has a key, so it is an object and not an empty one: its brace becomes the comma.
    const from = at + target.write(`${this.#head}${id}"`, at);
    const end = this.#claim.writeJson(place, target, from, idField);
    // In an object, names that are numbers come before all others, and so before the id.
    const first = target[from + 2] as number;
    if (first >= ZERO && first <= NINE) return NOT_WRITTEN;
    target[from] = COMMA;
    return end;
  }

  made(): readonly Message[] {
    return this.#claim.map((id, _recordedAt, data) => forwarded(id, data, this.#to));
  }
}
