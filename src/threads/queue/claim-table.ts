/**
 * Who works on which events. One table in the thread of a record type; Producer, retries and the dispatcher take
 * batches from it and from nowhere else.
 *
 *     ready frames --claim--> claim --settle--> delivered | buried
 *          ^                  |   |            \-> dead --claim (kind 'dead')--> buried
 *          +----- release ----+   +-- split --> claim + claim
 *
 * The invariant: a frame is in at most one claim. It leaves by being settled, or by `release`, after which it is
 * claimed again before anything younger. The table dies with its thread: nothing in it needs to be found again,
 * because what was claimed and not settled is still a ready frame.
 */
import { assert } from '../../base/assert.ts';
import type { EventDecoder } from './codec.ts';
import { Decoder } from './decoder.ts';
import { awaitEvents, type Wake } from './doorbell.ts';
import { attemptsOf, landed, withAttempts, withRunning } from './frame.ts';
import type { QueueHandle } from './layout.ts';
import type { Frame } from './read-frame.ts';
import { QueueReader, type QueueReaderOptions } from './reader.ts';
import type { Watch } from './wait.ts';

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
}

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
  /** It has one event, which was run with no other beside it before. */
  readonly ranAlone: boolean;
  /** What is not settled yet, oldest first. */
  readonly events: readonly ClaimedEvent[];
  /** The length of its encoded events. */
  readonly bytes: number;
}

class Held implements ClaimedEvent {
  frame: Frame;
  readonly #reader: QueueReader;
  readonly #decoder: EventDecoder;
  open = true;

  constructor(frame: Frame, reader: QueueReader, decoder: EventDecoder) {
    this.frame = frame;
    this.#reader = reader;
    this.#decoder = decoder;
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

class Batch<Owner> implements Claim<Owner> {
  readonly id: number;
  readonly owner: Owner;
  readonly kind: 'ready' | 'dead';
  readonly suspect: boolean;
  held: Held[];
  running = false;

  constructor(
    id: number,
    { owner, kind, suspect }: Pick<Claim<Owner>, 'owner' | 'kind' | 'suspect'>,
    held: Held[],
  ) {
    this.id = id;
    this.owner = owner;
    this.kind = kind;
    this.suspect = suspect;
    this.held = held;
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

export class ClaimTable<Owner = unknown> {
  readonly #reader: QueueReader;
  readonly #decoder: EventDecoder;
  readonly #watch: Watch;
  readonly #claims = new Map<number, Batch<Owner>>();
  /** Released frames, oldest first. */
  #returned: Frame[] = [];
  #lastId = 0;

  constructor(
    handle: QueueHandle,
    options: QueueReaderOptions,
    watch: Watch,
    decoder: EventDecoder = new Decoder(),
  ) {
    this.#reader = new QueueReader(handle, options);
    this.#decoder = decoder;
    this.#watch = watch;
  }

  /** The oldest events that nobody works on; undefined when there are none. Suspects and others never share a claim. */
  claim({ maxEvents, maxBytes, owner, kind = 'ready' }: ClaimRequest<Owner>): Claim<Owner> | undefined {
    this.#reader.refresh();
    const held: Held[] = [];
    let bytes = 0;
    let suspect = false;
    while (held.length < maxEvents) {
      const frame = kind === 'ready' ? this.#nextReady() : this.#reader.claimNextDead();
      if (frame === undefined) break;
      if (held.length > 0 && (bytes + frame.bytes > maxBytes || frame.suspect !== suspect)) {
        if (kind === 'ready') this.#returned.unshift(frame);
        else this.#reader.keepDead(frame);
        break;
      }
      bytes += frame.bytes;
      suspect = frame.suspect;
      held.push(new Held(frame, this.#reader, this.#decoder));
    }
    return held.length === 0 ? undefined : this.#add({ owner, kind, suspect }, held);
  }

  /**
   * Settles events of a claim: all alike, or each as `outcome` says of it; what it leaves undefined stays in the
   * claim. `delivered` and `buried` are the end of an event; `dead` events wait to be claimed for their sink.
   */
  settle(
    claim: Claim<Owner>,
    outcome: Settlement | ((event: ClaimedEvent, index: number) => Settlement | undefined),
  ): void {
    const batch = this.#batch(claim);
    const settlements = batch.held.map((held, index) =>
      typeof outcome === 'string' ? outcome : outcome(held, index),
    );
    const open: Held[] = [];
    for (const [index, held] of batch.held.entries()) {
      const settlement = settlements[index];
      if (settlement === undefined) {
        open.push(held);
        continue;
      }
      assert(batch.kind === 'ready' || settlement === 'buried', `a dead letter is ${settlement}`);
      this.#reader.settle(held.frame, settlement);
      held.open = false;
      if (settlement === 'dead') this.#reader.keepDead(held.frame);
    }
    batch.held = open;
    this.#reader.announce();
    if (open.length === 0) this.#close(batch);
    this.#reader.refresh();
  }

  /** Nobody works on these events any longer. They are claimed again first. */
  release(claim: Claim<Owner>): void {
    const batch = this.#batch(claim);
    if (batch.running) this.land(claim);
    for (const held of batch.held) held.open = false;
    const frames = batch.held.map(({ frame }) => frame);
    if (batch.kind === 'dead') for (const frame of frames) this.#reader.keepDead(frame);
    else this.#returned = [...this.#returned, ...frames].sort((a, b) => a.order - b.order);
    batch.held = [];
    this.#close(batch);
  }

  /**
   * Two claims in place of one, with the first `count` of its events and with the rest; half and half unless said. Of a
   * claim that is suspect the rest is cleared: should the first part end the thread again, a successor must not put
   * the two together and begin anew.
   */
  split(claim: Claim<Owner>, count = claim.events.length >> 1): [Claim<Owner>, Claim<Owner>] {
    const batch = this.#batch(claim);
    assert(!batch.running, 'a claim is split when it has landed');
    assert(count > 0 && count < batch.held.length, `${count} of ${batch.held.length} events`);
    const { held } = batch;
    if (batch.suspect) {
      for (const { frame } of held.slice(count))
        this.#reader.change(frame, (mark) => landed(mark, { suspect: false }));
    }
    batch.held = [];
    this.#claims.delete(batch.id);
    return [this.#add(batch, held.slice(0, count)), this.#add(batch, held.slice(count))];
  }

  /**
   * The claim's events are about to be run. If the thread dies before they have landed they are suspect, and
   * charged when no other claim was running.
   */
  launch(claim: Claim<Owner>): void {
    const batch = this.#batch(claim);
    assert(!batch.running && batch.kind === 'ready', 'a claim of ready events is launched once');
    batch.running = true;
    this.#reader.countRunning(1);
    const alone = batch.held.length === 1;
    for (const { frame } of batch.held) this.#reader.change(frame, (mark) => withRunning(mark, { alone }));
  }

  /** The run has ended, however. Settling the whole claim and releasing it do this too. */
  land(claim: Claim<Owner>): void {
    const batch = this.#batch(claim);
    assert(batch.running, 'a claim lands that was launched');
    for (const { frame } of batch.held)
      this.#reader.change(frame, (mark) => landed(mark, { suspect: false }));
    this.#stopRunning(batch);
  }

  /**
   * Moves the claim's events into the memory for parked ones, and they no longer run: they only wait, and nothing that
   * happens to the thread is their fault. They stay in the claim. False: there is no room for all of them.
   */
  park(claim: Claim<Owner>): boolean {
    const batch = this.#batch(claim);
    assert(batch.running, 'a claim is parked that was launched');
    const reader = this.#reader;
    const outside = batch.held.filter(({ frame }) => !reader.isParked(frame));
    if (!reader.hasRoomToPark(outside.map(({ frame }) => frame))) return false;
    for (const held of batch.held) {
      if (reader.isParked(held.frame)) {
        reader.change(held.frame, (mark) => landed(mark, { suspect: false }));
        continue;
      }
      const copy = reader.park(held.frame);
      if (copy === undefined) return false;
      held.frame = copy;
    }
    this.#stopRunning(batch);
    reader.refresh();
    return true;
  }

  /** Charges the events of a claim with one attempt. */
  charge(claim: Claim<Owner>): void {
    for (const { frame } of this.#batch(claim).held) {
      this.#reader.change(frame, (mark) => withAttempts(mark, attemptsOf(mark) + 1));
    }
  }

  /** Dead events that nobody has claimed for their sink. */
  get deadWaiting(): number {
    return this.#reader.deadFrames;
  }

  /** Events that are not settled: waiting for a claim, in one, or dead and waiting for a claim for their sink. */
  pending(): { readonly waiting: number; readonly claimed: number; readonly dead: number } {
    let claimed = 0;
    for (const { kind, held } of this.#claims.values()) if (kind === 'ready') claimed += held.length;
    return {
      waiting: this.#returned.length + this.#reader.countUnclaimed(Number.POSITIVE_INFINITY),
      claimed,
      dead: this.#reader.deadFrames,
    };
  }

  /**
   * Sleeps until so many events wait to be claimed, or somebody wants them flushed, or the signal cancels. Costs
   * nothing while it sleeps. One waiter at a time.
   */
  waitForEvents({ events, signal }: { events: number; signal?: AbortSignal }): Promise<Wake> {
    const there = (limit: number) => this.#returned.length + this.#reader.countUnclaimed(limit);
    const isCurrent = () => this.#reader.isCurrent();
    return awaitEvents(this.#reader.memory, { events, there, isCurrent, signal }, this.#watch);
  }

  #nextReady(): Frame | undefined {
    return this.#returned.shift() ?? this.#reader.claimNext();
  }

  #add(like: Pick<Claim<Owner>, 'owner' | 'kind' | 'suspect'>, held: Held[]): Batch<Owner> {
    const batch = new Batch<Owner>(++this.#lastId, like, held);
    this.#claims.set(batch.id, batch);
    return batch;
  }

  #close(batch: Batch<Owner>): void {
    if (batch.running) this.#stopRunning(batch);
    this.#claims.delete(batch.id);
  }

  #stopRunning(batch: Batch<Owner>): void {
    batch.running = false;
    this.#reader.countRunning(-1);
  }

  #batch(claim: Claim<Owner>): Batch<Owner> {
    const batch = this.#claims.get(claim.id);
    assert(batch !== undefined && batch === claim, `claim ${claim.id} is not open`);
    return batch;
  }
}
