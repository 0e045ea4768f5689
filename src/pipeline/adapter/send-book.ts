/**
 * What an adapter without a connection has to show: per stream a meter and the sends under way. `null` and
 * `memory` keep one; a send is in it from its start until it has settled, however it ends.
 */
import type { Clock } from '../../base/clock.ts';
import type { StreamSnapshot, StreamState, WireMessage } from './adapter.ts';
import { StreamMeter } from './stream-meter.ts';

interface OpenSend {
  readonly startedAt: number;
  readonly records: number;
}

/** One stream's page in the book. */
export class StreamPage {
  readonly meter: StreamMeter;
  state: StreamState = { type: 'open' };
  readonly #clock: Clock;
  /** Oldest first: a Set keeps the order of insertion. */
  readonly #open = new Set<OpenSend>();

  constructor(stream: string, clock: Clock) {
    this.meter = new StreamMeter(stream, stream, clock);
    this.#clock = clock;
  }

  async during(records: number, work: () => Promise<void>): Promise<void> {
    const send = { startedAt: this.#clock.now(), records };
    this.#open.add(send);
    try {
      await work();
    } finally {
      this.#open.delete(send);
    }
  }

  snapshot(): StreamSnapshot {
    const sends = [...this.#open];
    const oldest = sends[0];
    return this.meter.snapshot({
      state: this.state,
      inFlight: sends.length,
      waiting: sends.reduce((sum, send) => sum + send.records, 0),
      oldestWaitingMs: oldest === undefined ? null : this.#clock.now() - oldest.startedAt,
    });
  }
}

export class SendBook {
  readonly #clock: Clock;
  readonly #pages = new Map<string, StreamPage>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs one send to a stream, on the stream's page. */
  enter(
    stream: string,
    messages: readonly WireMessage[],
    work: (page: StreamPage) => Promise<void>,
  ): Promise<void> {
    let page = this.#pages.get(stream);
    if (page === undefined) {
      page = new StreamPage(stream, this.#clock);
      this.#pages.set(stream, page);
    }
    const entered = page;
    return entered.during(messages.length, () => work(entered));
  }

  snapshot(): readonly StreamSnapshot[] {
    return [...this.#pages.values()].map((page) => page.snapshot());
  }
}
