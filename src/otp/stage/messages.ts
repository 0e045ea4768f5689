/**
 * What stages send each other, and how demand is agreed. One closed union; the names begin with `$`, which the
 * user's own messages should not.
 *
 *     consumer                                producer
 *        |-- $subscribe (ref, options) ---------->|
 *        |-- $ask (ref, count) ------------------>|   demand grows by count
 *        |<------------------ $events (ref, ...) -|   demand falls by as many
 *        |-- $cancel (ref, reason) -------------->|
 *        |<-------------- $cancelled (ref, reason)|
 *
 * The ref of a subscription is that of the consumer's monitor on the producer. Never more events are sent than were
 * asked for.
 */
import type { Ref } from '../envelope.ts';
import { type ExitReason, isCleanExit } from '../exit-reason.ts';
import type { Destination, Pid } from '../pid.ts';

/** What losing the subscription does to the consumer: ends it; ends it unless the reason is clean; nothing. */
export type CancelMode = 'permanent' | 'transient' | 'temporary';

export interface SubscriptionOptions {
  /** The most events on their way at once. Default 1000. */
  readonly maxDemand?: number;
  /** More is asked for when no more than so many are outstanding. Default half of `maxDemand`, rounded down. */
  readonly minDemand?: number;
  /** Default `permanent`. */
  readonly cancel?: CancelMode;
}

export interface Subscribe extends SubscriptionOptions {
  readonly to: Destination;
}

/** One subscription, as both sides name it. */
export interface Subscription {
  readonly producer: Pid;
  readonly consumer: Pid;
  readonly ref: Ref;
}

export interface Demand {
  readonly max: number;
  readonly min: number;
  readonly cancel: CancelMode;
}

export type ProducerMessage =
  | {
      readonly type: '$subscribe';
      readonly subscription: Subscription;
      readonly options: SubscriptionOptions;
    }
  | { readonly type: '$ask'; readonly subscription: Subscription; readonly count: number }
  | { readonly type: '$cancel'; readonly subscription: Subscription; readonly reason: ExitReason };

export type ConsumerMessage =
  | { readonly type: '$events'; readonly subscription: Subscription; readonly events: readonly unknown[] }
  | { readonly type: '$cancelled'; readonly subscription: Subscription; readonly reason: ExitReason };

export type DemandMode = 'forward' | 'accumulate';

/** To a producer, from anybody. */
export interface SetDemand {
  readonly type: '$set_demand';
  readonly mode: DemandMode;
}

/** Why a subscription ended: somebody cancelled it, or the other side is gone. */
export interface Cancellation {
  readonly kind: 'cancel' | 'down';
  readonly reason: ExitReason;
}

/** The options with their defaults, or what is wrong with them. */
export function parseDemand(options: SubscriptionOptions): Demand | { readonly problem: string } {
  const max = options.maxDemand ?? 1000;
  if (!Number.isInteger(max) || max < 1)
    return { problem: `maxDemand must be an integer of at least 1, got ${String(max)}` };
  const min = options.minDemand ?? Math.floor(max / 2);
  if (!Number.isInteger(min) || min < 0 || min >= max) {
    return { problem: `minDemand must be an integer from 0 to ${max - 1}, got ${String(min)}` };
  }
  const cancel = options.cancel ?? 'permanent';
  if (!['permanent', 'transient', 'temporary'].includes(cancel)) {
    return { problem: `cancel must be permanent, transient or temporary, got ${String(cancel)}` };
  }
  return { max, min, cancel };
}

export function isProducerMessage(message: unknown): message is ProducerMessage {
  const type = typeOf(message);
  return type === '$subscribe' || type === '$ask' || type === '$cancel';
}

export function isConsumerMessage(message: unknown): message is ConsumerMessage {
  const type = typeOf(message);
  return type === '$events' || type === '$cancelled';
}

export function isSetDemand(message: unknown): message is SetDemand {
  return typeOf(message) === '$set_demand';
}

/** Whether losing the subscription for that reason ends the consumer. */
export function losingEnds(mode: CancelMode, reason: ExitReason): boolean {
  // The producer has the same consumer already, by another subscription.
  if (reason === 'already_subscribed') return false;
  return mode === 'permanent' || (mode === 'transient' && !isCleanExit(reason));
}

function typeOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'type' in message ? message.type : undefined;
}
