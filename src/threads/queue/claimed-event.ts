/** An event in a claim: what a user of the table sees of it, and the frame that it stands for, wherever that is by now. */
import { assert } from '../../base/assert.ts';
import type { EventDecoder } from './codec.ts';
import type { Frame } from './read-frame.ts';
import type { QueueReader } from './reader.ts';

/** One event of a claim. Its payload may be decoded until it is settled. */
export interface ClaimedEvent {
  readonly id: string;
  /** When it was recorded, in milliseconds since the epoch. */
  readonly recordedAt: number;
  /** How often it was charged with a failed attempt so far; survives the thread. */
  readonly attempts: number;
  /** The length of the encoded event. */
  readonly bytes: number;
  decode(): unknown;
}

export class Held implements ClaimedEvent {
  frame: Frame;
  readonly #reader: QueueReader;
  readonly #decoder: EventDecoder;
  /** 0 where there are no lanes. */
  readonly lane: number;
  open = true;

  constructor(frame: Frame, reader: QueueReader, decoder: EventDecoder, lane = 0) {
    this.frame = frame;
    this.#reader = reader;
    this.#decoder = decoder;
    this.lane = lane;
  }

  get id(): string {
    return this.#reader.idOf(this.frame);
  }

  get recordedAt(): number {
    return this.frame.recordedAt;
  }

  get attempts(): number {
    assert(this.open, 'the frame of a settled event is no longer ours to read');
    return this.#reader.attempts(this.frame);
  }

  get ranAlone(): boolean {
    return this.#reader.ranAlone(this.frame);
  }

  get bytes(): number {
    return this.frame.bytes;
  }

  decode(): unknown {
    assert(this.open, 'the frame of a settled event is no longer ours to read');
    const { payloadAt, bytes } = this.frame;
    return this.#decoder.decode(this.#reader.memory.target.bytes, payloadAt, payloadAt + bytes);
  }
}
