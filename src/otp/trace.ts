/**
 * A look over the shoulder of one process: the next messages that it handles, each with how long its callback took, as
 * Erlang's `sys:trace` prints them. Bounds: it ends after `limit` messages or `timeoutMs`, whichever comes first, and
 * holds outlines, never the messages. A process that ends in the midst of it has its last message shown: that is the one
 * to look at.
 */
import type { Clock, Timer } from '../base/clock.ts';
import { type Envelope, messageType } from './envelope.ts';
import { type OutlineDetail, outlineOf } from './message-outline.ts';

export interface TraceRequest {
  readonly type: 'trace';
  /** Messages, 1 to `TRACE_LIMIT_MAX`. */
  readonly limit: number;
  /** Milliseconds. */
  readonly timeoutMs: number;
  readonly detail: OutlineDetail;
}

export const TRACE_LIMIT_MAX = 200;

/** One message that was handled. Plain data. */
export interface TraceEntry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** How it came: `info`, `cast`, `call`, or `system` for what the runtime itself sends. */
  readonly how: Exclude<Envelope['type'], 'sys'>;
  /** What kind of message it is. */
  readonly type: string;
  readonly outline: string;
  /** Who waits for the answer, when that is a process. */
  readonly from: string | null;
  /** How many messages waited behind it. */
  readonly waiting: number;
  /** How long its callback took, in milliseconds; null: it did not end. */
  readonly tookMs: number | null;
}

export interface TraceResult {
  readonly entries: readonly TraceEntry[];
  /** What ended it: so many messages, the time, the end of the process, or another trace in its place. */
  readonly endedBy: 'limit' | 'time' | 'process' | 'replaced';
}

export class Trace {
  readonly #request: TraceRequest;
  readonly #clock: Clock;
  readonly #tell: (result: TraceResult) => void;
  readonly #timer: Timer;
  readonly #entries: TraceEntry[] = [];
  /** When the callback that runs has begun. */
  #since: number | undefined;
  #ended = false;

  constructor(request: TraceRequest, clock: Clock, tell: (result: TraceResult) => void) {
    this.#request = request;
    this.#clock = clock;
    this.#tell = tell;
    this.#timer = clock.setTimer(request.timeoutMs, () => this.end('time'));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The process is about to handle this. */
  begin(envelope: Envelope, waiting: number): void {
    if (envelope.type === 'sys' || this.#ended) return;
    const { type: how, message } = envelope;
    this.#since = this.#clock.now();
    this.#entries.push({
      at: this.#clock.wallTime(),
      how,
      type: messageType(envelope),
      outline: outlineOf(message, this.#request.detail),
      from: envelope.type === 'call' ? (envelope.from.pid?.toString() ?? null) : null,
      waiting,
      tookMs: null,
    });
  }

  /** It has handled it. */
  handled(): void {
    const last = this.#entries.at(-1);
    if (last === undefined || this.#since === undefined || this.#ended) return;
    this.#entries[this.#entries.length - 1] = { ...last, tookMs: this.#clock.now() - this.#since };
    this.#since = undefined;
    if (this.#entries.length >= Math.min(this.#request.limit, TRACE_LIMIT_MAX)) this.end('limit');
  }

  end(by: TraceResult['endedBy']): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer.clear();
    this.#tell({ entries: this.#entries, endedBy: by });
  }
}
