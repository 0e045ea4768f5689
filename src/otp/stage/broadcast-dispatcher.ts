/**
 * Every event goes to every consumer, once each has asked for it: the one with the smallest open demand holds the
 * others back.
 *
 *     open demand of a consumer = its surplus + waiting        waiting: what all have asked for, not yet delivered
 */
import type { Dispatched, Dispatcher } from './dispatcher.ts';
import type { Subscription } from './messages.ts';

export class BroadcastDispatcher implements Dispatcher {
  /** Demand beyond `#waiting`; of a newcomer less than nothing. */
  readonly #surplus = new Map<number, { readonly subscription: Subscription; readonly demand: number }>();
  #waiting = 0;

  subscribe(subscription: Subscription): number {
    this.#surplus.set(subscription.ref, { subscription, demand: -this.#waiting });
    return 0;
  }

  ask(subscription: Subscription, count: number): number {
    const demand = (this.#surplus.get(subscription.ref)?.demand ?? 0) + count;
    this.#surplus.set(subscription.ref, { subscription, demand });
    return this.#raise();
  }

  cancel(subscription: Subscription): number {
    this.#surplus.delete(subscription.ref);
    if (this.#surplus.size === 0) {
      this.#waiting = 0;
      return 0;
    }
    // The one that held the others back may have gone.
    return this.#raise();
  }

  dispatch<Event>(events: readonly Event[]): Dispatched<Event> {
    const now = events.slice(0, this.#waiting);
    if (now.length === 0) return { deliveries: [], rest: events };
    this.#waiting -= now.length;
    const deliveries = [...this.#surplus.values()].map(({ subscription }) => ({
      to: subscription,
      events: now,
    }));
    return { deliveries, rest: events.slice(now.length) };
  }

  demands(): readonly { readonly subscription: Subscription; readonly demand: number }[] {
    return [...this.#surplus.values()].map(({ subscription, demand }) => ({
      subscription,
      demand: Math.max(0, demand + this.#waiting),
    }));
  }

  #raise(): number {
    const smallest = Math.max(0, Math.min(...[...this.#surplus.values()].map((entry) => entry.demand)));
    if (smallest === 0) return 0;
    for (const [ref, entry] of this.#surplus)
      this.#surplus.set(ref, { ...entry, demand: entry.demand - smallest });
    this.#waiting += smallest;
    return smallest;
  }
}
