/**
 * A claim: some events of the queue in the hands of one owner, as the table of claims gives it out, and as it holds it.
 *
 * The rule: nothing is kept of an event but where its frame is. All else is read there, when somebody asks: a batch waits
 * for its answer, many do at a time, and what was kept for each event until then was copied by the garbage collector twice.
 */
import { assert } from '../../base/assert.ts';
import type { EventDecoder } from './codec.ts';
import type { FrameAt } from './frame.ts';
import type { HeldFrames } from './held-frames.ts';
import type { JsonWriter } from './json-writer.ts';
import { NOT_WRITTEN } from './not-written.ts';
import type { ShortTexts } from './short-texts.ts';

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

/** One event of a claim. May be asked until it is settled or given back. */
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
  /** How many events are not settled yet. */
  readonly size: number;
  /** What is not settled yet, oldest first; made anew for each who asks. */
  readonly events: readonly ClaimedEvent[];
  /** When the oldest of its events was recorded, in milliseconds since the epoch; infinity when none is left. */
  readonly recordedAt: number;
  /** How often the one of its events was charged that was charged most. */
  readonly attempts: number;
  /** The length of its encoded events. */
  readonly bytes: number;
  /** Decodes all of its events, and makes something of each: what to do for many at little cost. */
  map<Made>(make: (id: string, recordedAt: number, data: unknown) => Made): Made[];
  /** Of one of its events, by its place among them: the length, encoded, and the id. */
  bytesAt(place: number): number;
  idAt(place: number): string;
  /**
   * The text of a field of each of its events, without decoding them; undefined where only that would do, or where one has
   * half of a surrogate pair.
   */
  fieldsOf(name: string): readonly string[] | undefined;
  /**
   * Writes its JSON at `at` of `target`: where that ends, or `NOT_WRITTEN` where only decoding would do (json-writer.ts), or
   * where it has the field `without` itself.
   */
  writeJson(place: number, target: Buffer, at: number, without?: string): number;
}

/** How the events of claims are read. */
export interface EventAccess {
  readonly frames: HeldFrames;
  readonly decoder: EventDecoder;
  readonly json: JsonWriter;
  readonly texts: ShortTexts;
}

/** One event, for those who ask for it by itself. */
export class EventView implements ClaimedEvent {
  readonly #at: FrameAt;
  readonly #access: EventAccess;
  readonly #isHeld: () => boolean;

  constructor(at: FrameAt, access: EventAccess, isHeld: () => boolean = () => true) {
    this.#at = at;
    this.#access = access;
    this.#isHeld = isHeld;
  }

  get id(): string {
    return this.#frames.id(this.#at);
  }

  get recordedAt(): number {
    return this.#frames.recordedAt(this.#at);
  }

  get attempts(): number {
    return this.#frames.attempts(this.#at);
  }

  get bytes(): number {
    return this.#frames.bytes(this.#at);
  }

  decode(): unknown {
    const { memory } = this.#frames;
    const start = this.#frames.payloadAt(this.#at);
    return this.#access.decoder.decode(memory, start, start + this.bytes);
  }

  get #frames(): HeldFrames {
    assert(this.#isHeld(), 'the frame of a settled event is no longer ours to read');
    return this.#access.frames;
  }
}

export class Batch<Owner> implements Claim<Owner> {
  readonly id: number;
  readonly owner: Owner;
  readonly kind: 'ready' | 'dead';
  readonly suspect: boolean;
  /** What is not settled yet, oldest first. */
  frames: FrameAt[];
  /** The lane of each frame; empty where there are no lanes. */
  lanes: number[];
  /** Those of the events that it had when it was made. */
  readonly locked: ReadonlySet<number>;
  running = false;
  /** Its events have left the queue for the parked ones, and with that all suspicion behind. */
  parked = false;
  readonly #access: EventAccess;

  constructor(
    id: number,
    { owner, kind, suspect }: Pick<Claim<Owner>, 'owner' | 'kind' | 'suspect'>,
    { frames, lanes }: { readonly frames: FrameAt[]; readonly lanes: number[] },
    locked: ReadonlySet<number>,
    access: EventAccess,
  ) {
    this.id = id;
    this.owner = owner;
    this.kind = kind;
    this.suspect = suspect;
    this.frames = frames;
    this.lanes = lanes;
    this.locked = locked;
    this.#access = access;
  }

  get size(): number {
    return this.frames.length;
  }

  get events(): readonly ClaimedEvent[] {
    return this.frames.map((at) => new EventView(at, this.#access, () => this.frames.includes(at)));
  }

  get ranAlone(): boolean {
    const [only] = this.frames;
    return this.frames.length === 1 && only !== undefined && this.#access.frames.ranAlone(only);
  }

  get recordedAt(): number {
    const [oldest] = this.frames;
    return oldest === undefined ? Number.POSITIVE_INFINITY : this.#access.frames.recordedAt(oldest);
  }

  get attempts(): number {
    let most = 0;
    for (const at of this.frames) most = Math.max(most, this.#access.frames.attempts(at));
    return most;
  }

  get bytes(): number {
    let sum = 0;
    for (const at of this.frames) sum += this.#access.frames.bytes(at);
    return sum;
  }

  map<Made>(make: (id: string, recordedAt: number, data: unknown) => Made): Made[] {
    const { frames, decoder } = this.#access;
    const { memory } = frames;
    const last = this.frames.at(-1);
    const made: Made[] = [];
    if (last !== undefined) decoder.readAhead(frames.payloadAt(last) + frames.bytes(last));
    try {
      for (const at of this.frames) {
        const start = frames.payloadAt(at);
        const data = decoder.decode(memory, start, start + frames.bytes(at));
        made.push(make(frames.id(at), frames.recordedAt(at), data));
      }
    } finally {
      decoder.readAhead(0);
    }
    return made;
  }

  bytesAt(place: number): number {
    return this.#access.frames.bytes(this.frames[place] as FrameAt);
  }

  idAt(place: number): string {
    return this.#access.frames.id(this.frames[place] as FrameAt);
  }

  fieldsOf(name: string): readonly string[] | undefined {
    const { frames, json, texts } = this.#access;
    const { memory } = frames;
    for (let place = 0; place < this.frames.length; place++) {
      const at = this.frames[place] as FrameAt;
      const start = frames.payloadAt(at);
      const end = start + frames.bytes(at);
      const written = json.shortField(memory, start, end, name, texts.bytes, texts.room());
      if (written !== NOT_WRITTEN) {
        texts.add(place, written);
        continue;
      }
      const text = json.field(memory, start, end, name);
      // A short one has characters of one byte: it need not be looked at.
      if (text === undefined || !text.isWellFormed()) {
        texts.end();
        return undefined;
      }
      texts.addMade(place, text);
    }
    return texts.end();
  }

  writeJson(place: number, target: Buffer, at: number, without?: string): number {
    const { frames, json } = this.#access;
    const frame = this.frames[place] as FrameAt;
    const start = frames.payloadAt(frame);
    return json.write(frames.memory, start, start + frames.bytes(frame), target, at, without);
  }
}
