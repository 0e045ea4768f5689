/**
 * The messages that wait for one process, oldest first, and those of its callbacks that wait for a particular one of
 * them (Erlang's selective receive). It has no bound of its own: it is bounded by who sends to the process.
 */
import type { Clock } from '../base/clock.ts';
import { Ring } from '../base/ring.ts';
import { type Envelope, messageType, type ReplyTo } from './envelope.ts';
import type { Wait } from './wait.ts';

/** How many messages are looked at to tell their types. */
const PEEKED_MAX = 20;
/** From so many messages on a mailbox is told of. */
const CROWDED_MIN = 1024;

type Matches = (envelope: Envelope) => boolean;

interface Receive {
  readonly matches: Matches;
  readonly wait: Wait<Envelope | undefined>;
  /** The one that came after it. */
  next: Receive | undefined;
}

export class Mailbox {
  readonly #envelopes = new Ring<Envelope>();
  /** The first of those that wait: more than one when a callback waits for several things at once. */
  #receives: Receive | undefined = undefined;
  /** The most that there have been. */
  highWater = 0;

  get size(): number {
    return this.#envelopes.size;
  }

  /** A message waits that is for the callbacks of the process. */
  get hasMessage(): boolean {
    if (this.size === 0) return false;
    for (const envelope of this.#envelopes) if (envelope.type !== 'sys') return true;
    return false;
  }

  /** True when there are more than ever before, and a power of two from `CROWDED_MIN` on. */
  put(envelope: Envelope): boolean {
    this.#envelopes.push(envelope);
    const { size } = this;
    if (size <= this.highWater) return false;
    this.highWater = size;
    return size >= CROWDED_MIN && (size & (size - 1)) === 0;
  }

  /** The oldest message. */
  shift(): Envelope | undefined {
    return this.#envelopes.shift();
  }

  /** The oldest message that matches. Linear. */
  take(matches: Matches): Envelope | undefined {
    return this.#envelopes.take(matches);
  }

  /** Hands the first message that matches to `wait`; `undefined` when none comes in time. */
  receive(wait: Wait<Envelope | undefined>, matches: Matches, timeoutMs: number, clock: Clock): void {
    const receive: Receive = { matches, wait, next: undefined };
    this.#append(receive);
    if (timeoutMs === Number.POSITIVE_INFINITY) return;
    wait.timer = clock.setTimer(timeoutMs, () => {
      this.#forget(receive);
      wait.resolve(undefined);
    });
  }

  /** The callback that waits for just this message, if one does; it does no longer. */
  receiverOf(envelope: Envelope): Wait<Envelope | undefined> | undefined {
    let receive = this.#receives;
    while (receive !== undefined && !receive.matches(envelope)) receive = receive.next;
    if (receive !== undefined) this.#forget(receive);
    return receive?.wait;
  }

  #append(receive: Receive): void {
    let last = this.#receives;
    while (last?.next !== undefined) last = last.next;
    if (last === undefined) this.#receives = receive;
    else last.next = receive;
  }

  #forget(receive: Receive): void {
    if (this.#receives === receive) {
      this.#receives = receive.next;
      return;
    }
    let before = this.#receives;
    while (before !== undefined && before.next !== receive) before = before.next;
    if (before !== undefined) before.next = receive.next;
  }

  /** Who waits for the answer to a message in it. */
  callers(): ReplyTo[] {
    const callers: ReplyTo[] = [];
    for (const envelope of this.#envelopes)
      if (envelope.type === 'call' || envelope.type === 'sys') callers.push(envelope.from);
    return callers;
  }

  /** The types of the first `PEEKED_MAX` messages, with their number. */
  types(): Record<string, number> {
    const types: Record<string, number> = {};
    let left = PEEKED_MAX;
    for (const envelope of this.#envelopes) {
      if (left-- === 0) break;
      const type = messageType(envelope);
      types[type] = (types[type] ?? 0) + 1;
    }
    return types;
  }

  /** Drops everything: its process has ended. */
  clear(): void {
    this.#envelopes.clear();
    for (let receive = this.#receives; receive !== undefined; receive = receive.next)
      receive.wait.timer?.clear();
    this.#receives = undefined;
  }
}

/** The mailbox of every process that nothing has come to and that waits for nothing. Nothing is put into it. */
export const NO_MAIL = new Mailbox();
