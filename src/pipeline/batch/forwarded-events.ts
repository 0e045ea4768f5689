/**
 * The events of a batch whose type forwards them, on their way to the stream: an adapter has the JSON of each written straight
 * from the queue. Where that cannot be done they are made into the messages that a handler would make, by the same code.
 */

import type { Claim } from '../../threads/queue/index.ts';
import { JSON_GROWTH } from '../../threads/queue/index.ts';
import type { UnwrittenMessages } from '../adapter/adapter.ts';
import { type ForwardTo, forwarded } from '../forward-to.ts';
import type { Message } from '../message.ts';

export class ForwardedEvents implements UnwrittenMessages {
  readonly #claim: Claim;
  readonly #to: ForwardTo;

  constructor(claim: Claim, to: ForwardTo) {
    this.#claim = claim;
    this.#to = to;
  }

  get size(): number {
    return this.#claim.size;
  }

  partitionKey(place: number): string | undefined {
    return this.#claim.fieldAt(place, this.#to.partitionKey);
  }

  bytesMax(place: number): number {
    return JSON_GROWTH * this.#claim.bytesAt(place);
  }

  /** Quotes and commas take a little more than tags do. */
  bytesLikely(place: number): number {
    return Math.ceil(1.25 * this.#claim.bytesAt(place));
  }

  write(place: number, target: Buffer, at: number): number {
    return this.#claim.writeJson(place, target, at);
  }

  made(): readonly Message[] {
    return this.#claim.map((_id, _recordedAt, data) => forwarded(data, this.#to));
  }
}
