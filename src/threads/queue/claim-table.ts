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
import type { Cancellation } from '../../base/cancellation.ts';
import { type Backlog, Returned, type Unclaimed } from './backlog.ts';
import {
  Batch,
  type Claim,
  type ClaimedEvent,
  type ClaimRequest,
  type EventAccess,
  EventView,
  type LaneOf,
  type Settlement,
} from './claim.ts';
import type { EventDecoder } from './codec.ts';
import { fillOf } from './counts.ts';
import { Decoder } from './decoder.ts';
import { awaitEvents, type Wake } from './doorbell.ts';
import { attemptsOf, type FrameAt, landed, withAttempts, withRunning } from './frame.ts';
import { JsonWriter } from './json-writer.ts';
import { LANES, Lanes } from './lanes.ts';
import type { QueueHandle } from './layout.ts';
import { QueueReader, type QueueReaderOptions } from './reader.ts';
import { ShortTexts } from './short-texts.ts';
import type { Watch } from './wait.ts';

const NO_LANES: ReadonlySet<number> = new Set();
const land = (mark: number): number => landed(mark, { suspect: false });

/** What a claim is made of. */
interface Found {
  readonly frames: FrameAt[];
  /** The lane of each; empty where there are no lanes. */
  readonly lanes: number[];
  readonly suspect: boolean;
  /** Was found too, and does not fit. */
  readonly left?: Unclaimed | undefined;
}

export interface ClaimTableOptions {
  /** With it no two claims have events of one lane, but the parts of one that was split. */
  readonly laneOf?: LaneOf | undefined;
  readonly decoder?: EventDecoder;
}

export class ClaimTable<Owner = unknown> {
  readonly #reader: QueueReader;
  readonly #access: EventAccess;
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
    this.#access = {
      frames: this.#reader.frames,
      decoder,
      json: new JsonWriter(),
      texts: new ShortTexts(),
    };
    this.#watch = watch;
    this.#laneOf = laneOf;
    this.#backlog = laneOf === undefined ? new Returned() : new Lanes();
  }

  /**
   * The oldest events that nobody works on, as far as their lanes are free; undefined when there are none. Suspects and
   * others never share a claim.
   */
  claim(request: ClaimRequest<Owner>): Claim<Owner> | undefined {
    const { owner, kind = 'ready' } = request;
    this.#reader.refresh();
    const found = this.#find(request);
    if (found.frames.length === 0) return undefined;
    const batch = this.#add({ owner, kind, suspect: found.suspect }, found);
    if (found.left !== undefined) this.#giveBack(kind, [found.left]);
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
    if (typeof outcome === 'string') {
      for (const at of batch.frames) this.#settle(batch, at, outcome);
      batch.frames = [];
    } else {
      const settlements = batch.events.map(outcome);
      const isOpen = (_: unknown, index: number): boolean => settlements[index] === undefined;
      batch.frames.forEach((at, index) => {
        const settlement = settlements[index];
        if (settlement !== undefined) this.#settle(batch, at, settlement);
      });
      batch.lanes = batch.lanes.filter(isOpen);
      batch.frames = batch.frames.filter(isOpen);
    }
    this.#reader.announce();
    if (batch.size === 0) this.#close(batch);
    this.#reader.refresh();
  }

  /** Nobody works on these events any longer. They are claimed again first. */
  release(claim: Claim<Owner>): void {
    const batch = this.#batch(claim);
    if (batch.running) this.land(claim);
    const { frames, lanes, kind } = batch;
    const suspect = batch.suspect && !batch.parked;
    this.#giveBack(
      kind,
      frames.map((at, index) => ({ ...this.#unclaimed(at, lanes[index] ?? 0), suspect })),
    );
    batch.frames = [];
    this.#close(batch);
  }

  /**
   * Two claims in place of one, with the first `count` of its events and with the rest; half and half unless said. Of a
   * claim that is suspect the rest is cleared: should the first part end the thread again, a successor must not put
   * the two together and begin anew.
   */
  split(claim: Claim<Owner>, count = claim.size >> 1): [Claim<Owner>, Claim<Owner>] {
    const batch = this.#batch(claim);
    assert(!batch.running, 'a claim is split when it has landed');
    assert(count > 0 && count < batch.size, `${count} of ${batch.size} events`);
    const { frames, lanes, suspect, parked } = batch;
    if (suspect) for (const at of frames.slice(count)) this.#reader.change(at, land);
    batch.frames = [];
    const part = (from: number, to?: number): Batch<Owner> => {
      const found = { frames: frames.slice(from, to), lanes: lanes.slice(from, to), suspect };
      const half = this.#add(batch, found);
      half.parked = parked;
      return half;
    };
    const parts: [Claim<Owner>, Claim<Owner>] = [part(0, count), part(count)];
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
    const how = { alone: batch.size === 1 };
    const run = (mark: number) => withRunning(mark, how);
    for (const at of batch.frames) this.#reader.change(at, run);
  }

  /** The run has ended, however. Settling the whole claim and releasing it do this too. */
  land(claim: Claim<Owner>): void {
    const batch = this.#batch(claim);
    assert(batch.running, 'a claim lands that was launched');
    for (const at of batch.frames) this.#reader.change(at, land);
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
    if (!reader.hasRoomToPark(batch.frames.filter((at) => !reader.frames.isParked(at)))) return false;
    for (const [i, at] of batch.frames.entries()) {
      if (reader.frames.isParked(at)) {
        reader.change(at, land);
        continue;
      }
      const copy = reader.park(at);
      if (copy === undefined) return false;
      batch.frames[i] = copy;
    }
    batch.parked = true;
    this.#stopRunning(batch);
    reader.refresh();
    return true;
  }

  /** Charges the events of a claim with one attempt. */
  charge(claim: Claim<Owner>): void {
    for (const at of this.#batch(claim).frames)
      this.#reader.change(at, (mark) => withAttempts(mark, attemptsOf(mark) + 1));
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

  /** The share of the memory for events that is in use, by segments. */
  get fill(): number {
    return fillOf(this.#reader.memory.handle, this.#reader.memory);
  }

  /** Events that are not settled: waiting for a claim, in one, or dead and waiting for a claim for their sink. */
  pending(): { readonly waiting: number; readonly claimed: number; readonly dead: number } {
    let claimed = 0;
    for (const { kind, size } of this.#claims.values()) if (kind === 'ready') claimed += size;
    return {
      waiting: this.#backlog.waiting + this.#reader.countUnclaimed(Number.POSITIVE_INFINITY),
      claimed,
      dead: this.#reader.deadFrames,
    };
  }

  /**
   * Sleeps until so many events wait to be claimed, or somebody wants them flushed, or it is cancelled. Costs
   * nothing while it sleeps. One waiter at a time.
   */
  waitForEvents({ events, cancellation }: { events: number; cancellation?: Cancellation }): Promise<Wake> {
    const there = (limit: number) => this.freed + (this.isFull ? 0 : this.#reader.countUnclaimed(limit));
    const isCurrent = () => this.#reader.isCurrent();
    return awaitEvents(this.#reader.memory, { events, there, isCurrent, cancellation }, this.#watch);
  }

  #find(request: ClaimRequest<Owner>): Found {
    const { kind = 'ready', freedOnly = false, maxEvents, maxBytes } = request;
    if (kind === 'ready' && this.#laneOf === undefined && this.#backlog.waiting === 0)
      return freedOnly ? { frames: [], lanes: [], suspect: false } : this.#findFresh(maxEvents, maxBytes);
    const found: Unclaimed[] = [];
    const mine = new Set<number>();
    let left: Unclaimed | undefined;
    let bytes = 0;
    while (found.length < maxEvents) {
      const next =
        kind === 'dead'
          ? this.#nextDead()
          : this.#backlog.next(mine, () => (freedOnly ? undefined : this.#read()));
      if (next === undefined) break;
      bytes += this.#reader.frames.bytes(next.at);
      const [first] = found;
      if (first !== undefined && (bytes > maxBytes || next.suspect !== first.suspect)) {
        left = next;
        break;
      }
      found.push(next);
    }
    // Those that had been read before came first, lane by lane.
    if (this.#laneOf !== undefined) found.sort((a, b) => a.order - b.order);
    return {
      frames: found.map(({ at }) => at),
      lanes: this.#laneOf === undefined || kind === 'dead' ? [] : found.map(({ lane }) => lane),
      suspect: found[0]?.suspect ?? false,
      left,
    };
  }

  /** The same where nothing has been read before and is in no claim: the way of nearly every event. */
  #findFresh(maxEvents: number, maxBytes: number): Found {
    const reader = this.#reader;
    const held = reader.frames;
    const frames: FrameAt[] = [];
    let bytes = 0;
    let suspect = false;
    let left: Unclaimed | undefined;
    while (frames.length < maxEvents) {
      const at = reader.claimNext();
      if (at === undefined) break;
      bytes += held.bytes(at);
      const isSuspect = held.isSuspect(at);
      if (frames.length > 0 && (bytes > maxBytes || isSuspect !== suspect)) {
        left = this.#unclaimed(at, 0);
        break;
      }
      suspect = isSuspect;
      frames.push(at);
    }
    return { frames, lanes: [], suspect, left };
  }

  #nextDead(): Unclaimed | undefined {
    const at = this.#reader.claimNextDead();
    return at === undefined ? undefined : this.#unclaimed(at, 0);
  }

  #read(): Unclaimed | undefined {
    const at = this.#reader.claimNext();
    if (at === undefined) return undefined;
    const lane = this.#laneOf?.(new EventView(at, this.#access)) ?? 0;
    assert(Number.isInteger(lane) && lane >= 0 && lane < LANES, `there is no lane ${lane}`);
    return this.#unclaimed(at, lane);
  }

  #unclaimed(at: FrameAt, lane: number): Unclaimed {
    const { frames } = this.#reader;
    return { at, order: frames.order(at), lane, suspect: frames.isSuspect(at) };
  }

  #giveBack(kind: 'ready' | 'dead', events: readonly Unclaimed[]): void {
    if (kind === 'dead') for (const { at } of events) this.#reader.keepDead(at);
    else this.#backlog.giveBack(events);
  }

  #settle({ kind }: Batch<Owner>, at: FrameAt, settlement: Settlement): void {
    assert(kind === 'ready' || settlement === 'buried', 'a dead letter is buried');
    this.#reader.settle(at, settlement);
    if (settlement === 'dead') this.#reader.keepDead(at);
  }

  #add(like: Pick<Claim<Owner>, 'owner' | 'kind' | 'suspect'>, found: Found): Batch<Owner> {
    const locked = found.lanes.length === 0 ? NO_LANES : new Set(found.lanes);
    const batch = new Batch<Owner>(++this.#lastId, like, found, locked, this.#access);
    this.#claims.set(batch.id, batch);
    this.#backlog.lock(locked);
    return batch;
  }

  #close(batch: Batch<Owner>): void {
    if (batch.running) this.#stopRunning(batch);
    this.#claims.delete(batch.id);
    this.#backlog.unlock(batch.locked);
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
