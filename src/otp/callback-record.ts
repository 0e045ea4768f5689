/**
 * What is recorded of the callbacks of one process while somebody looks: how long they take, and a trace of its next
 * messages. Made by the first who looks: most processes have none.
 */
import type { Clock } from '../base/clock.ts';
import { Histogram, type Spread } from '../base/histogram.ts';
import type { Envelope } from './envelope.ts';
import { Trace, type TraceRequest, type TraceResult } from './trace.ts';

export class CallbackRecord {
  readonly #clock: Clock;
  #tookMs: Histogram | undefined = undefined;
  #trace: Trace | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isTracing(): boolean {
    return this.#trace !== undefined;
  }

  /** Traces the next messages, in place of what is traced now; `tell` is called at its end. */
  trace(request: TraceRequest, tell: (result: TraceResult) => void): void {
    this.#trace?.end('replaced');
    this.#trace = new Trace(request, this.#clock, tell);
  }

  /** The process is about to handle this; so many wait behind it. */
  begin(envelope: Envelope, waiting: number): void {
    this.#trace?.begin(envelope, waiting);
  }

  /** It has handled it. How long that took counts while the runtime measures. */
  handled(tookMs: number, { measuring }: { readonly measuring: boolean }): void {
    this.#trace?.handled();
    if (this.#trace?.ended) this.#trace = undefined;
    if (!measuring) return;
    this.#tookMs ??= new Histogram();
    this.#tookMs.add(tookMs);
  }

  /** The process has ended. */
  end(): void {
    this.#trace?.end('process');
  }

  /** How long callbacks took, in milliseconds; undefined when none was measured. */
  spread(): Spread | undefined {
    return this.#tookMs?.spread();
  }
}
