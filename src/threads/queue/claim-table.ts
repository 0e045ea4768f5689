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
import { type Backlog, Returned, type Unclaimed } from './backlog.ts';
import {
  Batch,
  type Claim,
  type ClaimedEvent,
  type ClaimRequest,
  Held,
  type LaneOf,
  type Settlement,
} from './claim.ts';
import type { EventDecoder } from './codec.ts';
import { Decoder } from './decoder.ts';
import { awaitEvents, type Wake } from './doorbell.ts';
import { attemptsOf, landed, withAttempts, withRunning } from './frame.ts';
import { LANES, Lanes } from './lanes.ts';
import type { QueueHandle } from './layout.ts';
import type { Frame } from './read-frame.ts';
import { QueueReader, type QueueReaderOptions } from './reader.ts';
import type { Watch } from './wait.ts';

const NO_LANES: ReadonlySet<number> = new Set();

export interface ClaimTableOptions {
  /** With it no two claims have events of one lane, but the parts of one that was split. */
  readonly laneOf?: LaneOf | undefined;
  readonly decoder?: EventDecoder;
}

export class ClaimTable<Owner = unknown> {
  readonly #reader: QueueReader;
  readonly #decoder: EventDecoder;
  readonly #watch: Watch;
  readonly #claims = new Map<number, Batch<Owner>>();
  readonly #laneOf: LaneOf | undefined;
  readonly #backlog: Backlog;
  #lastId = 0;

  constructor(
    handle: QueueHandle,
    options: QueueReaderOptions,
    watch: Watch,
    { laneOf, decoder = new Decoder() }: ClaimTableOptions = {},
  ) {
    this.#reader = new QueueReader(handle, options);
    this.#decoder = decoder;
    this.#watch = watch;
    this.#laneOf = laneOf;
    this.#backlog = laneOf === undefined ? new Returned() : new Lanes();
  }

  /**
   * The oldest events that nobody works on, as far as their lanes are free; undefined when there are none. Suspects and
   * others never share a claim.
   */
  claim(request: ClaimRequest<Owner>): Claim<Owner> | undefined {
    const { maxEvents, maxBytes, owner, kind = 'ready', freedOnly = false } = request;
    this.#reader.refresh();
    const held: Held[] = [];
    const mine = new Set<number>();
    let tooMany: Held | undefined;
    let bytes = 0;
    let suspect = false;
    while (held.length < maxEvents) {
      const next = kind === 'ready' ? this.#nextReady(mine, freedOnly) : this.#nextDead();
      if (next === undefined) break;
      if (held.length > 0 && (bytes + next.bytes > maxBytes || next.frame.suspect !== suspect)) {
        tooMany = next;
        break;
      }
      bytes += next.bytes;
      suspect = next.frame.suspect;
      held.push(next);
    }
    if (held.length === 0) return undefined;
    // Those that had been read before came first, lane by lane.
    if (this.#laneOf !== undefined) held.sort((a, b) => a.frame.order - b.frame.order);
    const batch = this.#add({ owner, kind, suspect }, held);
    if (tooMany !== undefined) this.#giveBack(kind, [tooMany]);
    return batch;
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
    const settlements = typeof outcome === 'string' ? undefined : batch.held.map(outcome);
    const open: Held[] = [];
    let index = 0;
    for (const held of batch.held) {
      const settlement = typeof outcome === 'string' ? outcome : settlements?.[index++];
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
    this.#giveBack(batch.kind, batch.held);
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
    const parts: [Claim<Owner>, Claim<Owner>] = [
      this.#add(batch, held.slice(0, count)),
      this.#add(batch, held.slice(count)),
    ];
    this.#close(batch);
    return parts;
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
    const how = { alone: batch.held.length === 1 };
    const run = (mark: number) => withRunning(mark, how);
    for (const { frame } of batch.held) this.#reader.change(frame, run);
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

  /** Events that were read before, and may be claimed now. */
  get freed(): number {
    return this.#backlog.freed;
  }

  /** So many events are held back for others of their lanes that no more are looked at. */
  get isFull(): boolean {
    return this.#backlog.isFull;
  }

  /** Events that are not settled: waiting for a claim, in one, or dead and waiting for a claim for their sink. */
  pending(): { readonly waiting: number; readonly claimed: number; readonly dead: number } {
    let claimed = 0;
    for (const { kind, held } of this.#claims.values()) if (kind === 'ready') claimed += held.length;
    return {
      waiting: this.#backlog.waiting + this.#reader.countUnclaimed(Number.POSITIVE_INFINITY),
      claimed,
      dead: this.#reader.deadFrames,
    };
  }

  /**
   * Sleeps until so many events wait to be claimed, or somebody wants them flushed, or the signal cancels. Costs
   * nothing while it sleeps. One waiter at a time.
   */
  waitForEvents({ events, signal }: { events: number; signal?: AbortSignal }): Promise<Wake> {
    const there = (limit: number) => this.freed + (this.isFull ? 0 : this.#reader.countUnclaimed(limit));
    const isCurrent = () => this.#reader.isCurrent();
    return awaitEvents(this.#reader.memory, { events, there, isCurrent, signal }, this.#watch);
  }

  #nextReady(mine: Set<number>, freedOnly: boolean): Held | undefined {
    const found = this.#backlog.next(mine, () => (freedOnly ? undefined : this.#read()));
    return found && this.#held(found.frame, found.lane);
  }

  #nextDead(): Held | undefined {
    const frame = this.#reader.claimNextDead();
    return frame && this.#held(frame);
  }

  #read(): Unclaimed | undefined {
    const frame = this.#reader.claimNext();
    if (frame === undefined) return undefined;
    const lane = this.#laneOf?.(this.#held(frame)) ?? 0;
    assert(Number.isInteger(lane) && lane >= 0 && lane < LANES, `there is no lane ${lane}`);
    return { frame, lane };
  }

  #held(frame: Frame, lane?: number): Held {
    return new Held(frame, this.#reader, this.#decoder, lane);
  }

  #giveBack(kind: 'ready' | 'dead', held: readonly Held[]): void {
    if (kind === 'dead') for (const { frame } of held) this.#reader.keepDead(frame);
    else this.#backlog.giveBack(held.map(({ frame, lane }) => ({ frame, lane })));
  }

  #add(like: Pick<Claim<Owner>, 'owner' | 'kind' | 'suspect'>, held: Held[]): Batch<Owner> {
    const inLanes = this.#laneOf !== undefined && like.kind === 'ready';
    const lanes = inLanes ? new Set(held.map(({ lane }) => lane)) : NO_LANES;
    const batch = new Batch<Owner>(++this.#lastId, like, held, lanes);
    this.#claims.set(batch.id, batch);
    this.#backlog.lock(batch.lanes);
    return batch;
  }

  #close(batch: Batch<Owner>): void {
    if (batch.running) this.#stopRunning(batch);
    this.#claims.delete(batch.id);
    this.#backlog.unlock(batch.lanes);
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
