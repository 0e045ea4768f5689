/**
 * Lets the requests of one stream through, or holds them while it is paused. Owns the stream's state and tells
 * the log and telemetry of each change, once.
 *
 * The rule: while the stream is paused nothing passes, except one request at a time as the probe. The passage of
 * a probe ends with one call of `settle` or `abandon`.
 */
import { assert } from '../../../base/assert.ts';
import { type Backoff, backoffDelay } from '../../../base/backoff.ts';
import type { Timer } from '../../../base/clock.ts';
import type { AdapterContext, StreamState } from '../adapter.ts';
import { nextState, type StreamSignal } from './stream-state.ts';

export interface Passage {
  readonly probe: boolean;
  /** How often the stream had been paused when the request was let through. */
  readonly pauses: number;
}

/** What a request has shown about its stream. */
export type Finding = StreamSignal & { readonly type: 'accepted' | 'failed' | 'refused' };

/** This many failures in a row are an outage worth a line in the log; fewer are a connection that was reset. */
const FAILURES_BEFORE_WARNING = 3;

export class StreamGate {
  readonly #stream: string;
  readonly #context: AdapterContext;
  readonly #probeBackoff: Backoff;
  #state: StreamState = { type: 'open' };
  #pauses = 0;
  #probeIsDue = false;
  #probeTimer: Timer | null = null;
  readonly #changed: () => void;

  /** `changed` is called at each change that may let a request through. */
  constructor(stream: string, context: AdapterContext, probeBackoff: Backoff, changed: () => void) {
    this.#stream = stream;
    this.#context = context;
    this.#probeBackoff = probeBackoff;
    this.#changed = changed;
  }

  get state(): StreamState {
    return this.#state;
  }

  /** How often the stream has been paused. */
  get pauses(): number {
    return this.#pauses;
  }

  get isOpen(): boolean {
    return this.#state.type === 'open' || this.#state.type === 'failing';
  }

  get mayEnter(): boolean {
    return this.isOpen || (this.#state.type === 'paused' && this.#probeIsDue);
  }

  /** Lets a request through that `mayEnter`. */
  enter(): Passage {
    if (this.isOpen) return { probe: false, pauses: this.#pauses };
    assert(this.mayEnter, 'nothing but a probe that is due passes while the stream is paused');
    this.#probeIsDue = false;
    this.#apply({ type: 'probe-due' });
    return { probe: true, pauses: this.#pauses };
  }

  /**
   * A request that was let through before the stream was paused may be answered during the pause or even after it
   * (credentials were renewed, and a request with the old ones is refused late): that must not pause it again.
   */
  settle({ pauses }: Passage, finding: Finding): void {
    if (pauses === this.#pauses) this.#apply(finding);
  }

  /** The request with this passage has ended without an answer; the next one is the probe. */
  abandon({ probe }: Passage): void {
    if (!probe) return;
    this.#apply({ type: 'abandoned' });
    this.#probeDue();
  }

  close(): void {
    this.#probeTimer?.clear();
    this.#probeTimer = null;
  }

  #apply(signal: StreamSignal): void {
    const before = this.#state;
    let delayMs = 0;
    this.#state = nextState(before, signal, {
      now: this.#context.clock.wallTime(),
      probeDelayMs: (probes) => {
        delayMs = backoffDelay(this.#probeBackoff, probes + 1, this.#context.random);
        return delayMs;
      },
    });
    if (this.#state === before) return;
    this.#tell(before, this.#state);
    if (this.#state.type === 'paused' && signal.type !== 'abandoned') {
      this.#pauses++;
      this.#probeTimer = this.#context.clock.setTimer(delayMs, () => this.#probeDue());
    }
    if (this.isOpen && before.type === 'probing') this.#changed();
  }

  #probeDue(): void {
    this.#probeTimer = null;
    this.#probeIsDue = true;
    this.#changed();
  }

  #tell(before: StreamState, after: StreamState): void {
    const { logger, report } = this.#context;
    if (before.type !== after.type) report({ type: 'stream-state', stream: this.#stream, state: after });
    const fields = { recordType: this.#context.recordType, stream: this.#stream, ...after };
    if (after.type === 'failing' && after.failures === FAILURES_BEFORE_WARNING) {
      logger.warn(
        fields,
        `stream '${this.#stream}' fails: ${after.code}: ${after.message}; trying again with backoff`,
      );
    } else if (
      after.type === 'open' &&
      before.type === 'failing' &&
      before.failures >= FAILURES_BEFORE_WARNING
    ) {
      // As loud as what it ends: a log of warnings must not end with a failure that is over.
      logger.warn(fields, `stream '${this.#stream}' works again after ${before.failures} failures`);
    } else if (after.type === 'open' && before.type === 'probing') {
      logger.warn(fields, `stream '${this.#stream}' works again; sending resumes`);
    } else if (after.type === 'paused' && !(before.type === 'probing' && before.code === after.code)) {
      logger.error(
        fields,
        `stream '${this.#stream}' is paused: ${after.code}: ${after.message}; its records are kept, and it ` +
          'resumes by itself once this is mended',
      );
    }
  }
}
