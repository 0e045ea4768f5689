/**
 * Decides which consumer gets which events, and how much demand reaches the producer. A dispatcher guarantees that
 * no consumer gets more than it asked for, and gives back what it cannot place. Its user tells it of every
 * subscription, ask and cancellation, and sends what it says. Pure but for its own account.
 */
import type { Subscription } from './messages.ts';

export interface Delivery<Event> {
  readonly to: Subscription;
  readonly events: readonly Event[];
}

export interface Dispatched<Event> {
  readonly deliveries: readonly Delivery<Event>[];
  /** What nobody has asked for, in order. */
  readonly rest: readonly Event[];
}

export interface Dispatcher {
  /** How much demand that makes, or why the subscription is cancelled at once. */
  subscribe(subscription: Subscription): number | 'already_subscribed';
  /** How much more can be dispatched now. What waits in the producer's buffer meets it first. */
  ask(subscription: Subscription, count: number): number;
  cancel(subscription: Subscription): number;
  /** How much of the demand that nothing waited for is new to the producer; all of it where this is left out. */
  unknownDemand?(count: number): number;
  dispatch<Event>(events: readonly Event[]): Dispatched<Event>;
  /** The open demand of each consumer, for those who inspect. */
  demands(): readonly { readonly subscription: Subscription; readonly demand: number }[];
}
