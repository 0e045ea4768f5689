/**
 * A claim: some events of the queue in the hands of one owner, as the table of claims gives it out, and as it holds it.
 */
import { assert } from '../../base/assert.ts';
import type { EventDecoder } from './codec.ts';
import type { Frame } from './read-frame.ts';
import type { QueueReader } from './reader.ts';

export type Settlement = 'delivered' | 'dead' | 'buried';

export interface ClaimRequest<Owner> {
  /** At most so many events; the claim has fewer when no more are there. */
  readonly maxEvents: number;
  /** At most so many bytes of encoded events; but always one event. */
  readonly maxBytes: number;
  /** Who works on them; the table only keeps it. */
  readonly owner: Owner;
  /** `ready` events, for the handler; or `dead` ones, for their sink. */
  readonly kind?: 'ready' | 'dead';
  /** Only those that were read before: given back, or held back for others of their lane. */
  readonly freedOnly?: boolean;
}

/** Gives events that must not overtake each other the same number, from 0 to 65,535. Must not throw. */
export type LaneOf = (event: ClaimedEvent) => number;

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

export interface Claim<Owner = unknown> {
  readonly id: number;
  readonly owner: Owner;
  readonly kind: 'ready' | 'dead';
  /** The events were running when a thread died: run this claim alone. */
  readonly suspect: boolean;
  /** Of one that is suspect: it has one event, and its thread died when that alone was running. */
  readonly ranAlone: boolean;
  /** What is not settled yet, oldest first. */
  readonly events: readonly ClaimedEvent[];
  /** The length of its encoded events. */
  readonly bytes: number;
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

export class Batch<Owner> implements Claim<Owner> {
  readonly id: number;
  readonly owner: Owner;
  readonly kind: 'ready' | 'dead';
  readonly suspect: boolean;
  /** Of the events that it had when it was made. */
  readonly lanes: ReadonlySet<number>;
  held: Held[];
  running = false;

  constructor(
    id: number,
    { owner, kind, suspect }: Pick<Claim<Owner>, 'owner' | 'kind' | 'suspect'>,
    held: Held[],
    lanes: ReadonlySet<number>,
  ) {
    this.id = id;
    this.owner = owner;
    this.kind = kind;
    this.suspect = suspect;
    this.held = held;
    this.lanes = lanes;
  }

  get events(): readonly ClaimedEvent[] {
    return this.held;
  }

  get ranAlone(): boolean {
    const only = this.held.length === 1 ? this.held[0] : undefined;
    return only?.ranAlone ?? false;
  }

  get bytes(): number {
    return this.held.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
