/**
 * What the writers of one thread share: the writer number and the sequence that make up the ids of its events, the
 * encoder, and the table of its confirmations. One for each thread that records, whatever it records into.
 */
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { type ByteTarget, byteTarget, type EventEncoder, SLACK_BYTES } from './codec.ts';
import type { ConfirmationTable } from './confirmations.ts';
import { Encoder } from './encoder.ts';
import { JOURNAL_OWNER } from './segment.ts';

export interface RecordingThreadOptions {
  /** The number of this thread among all that ever record in this run of the application; never used again. */
  readonly writer: number;
  readonly clock: Clock;
  /** Without it nobody can wait for an event of this thread. */
  readonly confirmations?: ConfirmationTable;
}

export class RecordingThread {
  readonly writer: number;
  readonly clock: Clock;
  readonly confirmations: ConfirmationTable | undefined;
  readonly encoder: EventEncoder = new Encoder();
  /** The sequence number of the newest event; it runs over all types. */
  sequence = 0;
  #scratch = byteTarget(0);

  constructor({ writer, clock, confirmations }: RecordingThreadOptions) {
    assert(
      Number.isInteger(writer) && writer >= 0 && writer < JOURNAL_OWNER,
      `${writer} is no writer number`,
    );
    this.writer = writer;
    this.clock = clock;
    this.confirmations = confirmations;
  }

  /** Memory of this thread for an event that may not fit into the rest of a segment. */
  scratch(maxEventBytes: number): ByteTarget {
    const bytes = maxEventBytes + SLACK_BYTES;
    if (this.#scratch.bytes.length < bytes) this.#scratch = byteTarget(bytes);
    return this.#scratch;
  }
}
