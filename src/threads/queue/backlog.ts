/**
 * Events that were read from the queue and are in no claim. They are claimed before any that are read anew. Two kinds:
 * `Returned` here, in which any event may be claimed at any time, and `Lanes`.
 */
import type { FrameAt } from './frame.ts';

export interface Unclaimed {
  readonly at: FrameAt;
  /** Its place in the order of the queue. */
  readonly order: number;
  readonly lane: number;
  /** It was running when its thread died: run it in a batch that is alone. */
  readonly suspect: boolean;
}

export interface Backlog {
  /** All events in here. */
  readonly waiting: number;
  /** Those that may be claimed now. */
  readonly freed: number;
  /** Nothing more is read until a claim has been closed. */
  readonly isFull: boolean;
  /** The next event for a claim that has these lanes so far: from in here, or read. Adds its lane to them. */
  next(mine: Set<number>, read: () => Unclaimed | undefined): Unclaimed | undefined;
  /** A claim has been made, with events of these lanes. */
  lock(lanes: Iterable<number>): void;
  /** A claim with events of these lanes is closed. */
  unlock(lanes: Iterable<number>): void;
  /** Nobody works on these events of a claim any more. They keep their places in the order of the queue. */
  giveBack(events: readonly Unclaimed[]): void;
}

/** Oldest first. */
export class Returned implements Backlog {
  readonly isFull = false;
  #events: Unclaimed[] = [];

  get waiting(): number {
    return this.#events.length;
  }

  get freed(): number {
    return this.#events.length;
  }

  next(_mine: Set<number>, read: () => Unclaimed | undefined): Unclaimed | undefined {
    return this.#events.shift() ?? read();
  }

  lock(): void {}

  unlock(): void {}

  giveBack(events: readonly Unclaimed[]): void {
    this.#events = [...this.#events, ...events].sort((a, b) => a.order - b.order);
  }
}
