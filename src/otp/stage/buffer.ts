/**
 * Events that a producer has emitted and nobody has asked for yet, oldest first. Bounded: when it is full, `keep`
 * says which are dropped, the oldest (`last`) or the newest (`first`); what was dropped is counted.
 */
import { Ring } from '../../base/ring.ts';

export interface BufferOptions {
  /** Default 10,000. */
  readonly size?: number;
  readonly keep?: 'first' | 'last';
}

export class Buffer<Event> {
  readonly #events = new Ring<Event>();
  readonly #size: number;
  readonly #keep: 'first' | 'last';
  dropped = 0;

  constructor(options: BufferOptions = {}) {
    this.#size = options.size ?? 10_000;
    this.#keep = options.keep ?? 'last';
  }

  get size(): number {
    return this.#events.size;
  }

  store(events: readonly Event[]): void {
    for (const event of events) {
      if (this.#events.size >= this.#size) {
        this.dropped++;
        if (this.#keep === 'first' || this.#size === 0) continue;
        this.#events.shift();
      }
      this.#events.push(event);
    }
  }

  take(count: number): Event[] {
    const taken: Event[] = [];
    while (taken.length < count && this.#events.size > 0) taken.push(this.#events.shift() as Event);
    return taken;
  }
}
