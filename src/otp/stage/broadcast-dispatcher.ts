/**
 * Every event goes to every consumer, once each has asked for it: the one with the smallest open demand holds the
 * others back, a newcomer until its first ask.
 *
 *     open demand of a consumer = its surplus + shared
 *
 *     shared      what all have asked for and nobody has been sent yet
 *     requested   what the producer was asked for and has not delivered yet; it is not asked for that again
 */
import type { Dispatched, Dispatcher } from './dispatcher.ts';
import type { Subscription } from './messages.ts';

export class BroadcastDispatcher implements Dispatcher {
  readonly #surplus = new Map<number, { readonly subscription: Subscription; readonly demand: number }>();
  #shared = 0;
  #requested = 0;

  /** A process is sent each event once: its second subscription is refused. */
  subscribe(subscription: Subscription): number | 'already_subscribed' {
    for (const { subscription: known } of this.#surplus.values())
      if (known.consumer.key === subscription.consumer.key) return 'already_subscribed';
    this.#adjust(this.#shared);
    this.#shared = 0;
    this.#surplus.set(subscription.ref, { subscription, demand: 0 });
    return 0;
  }

  ask(subscription: Subscription, count: number): number {
    const demand = (this.#surplus.get(subscription.ref)?.demand ?? 0) + count;
    this.#surplus.set(subscription.ref, { subscription, demand });
    return this.#share();
  }

  cancel(subscription: Subscription): number {
    if (!this.#surplus.delete(subscription.ref)) return 0;
    if (this.#surplus.size === 0) {
      this.#shared = 0;
      return 0;
    }
    // The one that held the others back may have gone.
    return this.#share();
  }

  dispatch<Event>(events: readonly Event[]): Dispatched<Event> {
    const now = events.slice(0, this.#shared);
    if (now.length === 0) return { deliveries: [], rest: events };
    this.#shared -= now.length;
    this.#requested -= now.length;
    const deliveries = [...this.#surplus.values()].map(({ subscription }) => ({
      to: subscription,
      events: now,
    }));
    return { deliveries, rest: events.slice(now.length) };
  }

  demands(): readonly { readonly subscription: Subscription; readonly demand: number }[] {
    return [...this.#surplus.values()].map(({ subscription, demand }) => ({
      subscription,
      demand: demand + this.#shared,
    }));
  }

  /** Moves the smallest surplus of all to `shared`; how much of it is new to the producer. */
  #share(): number {
    const smallest = Math.max(0, Math.min(...[...this.#surplus.values()].map((entry) => entry.demand)));
    this.#adjust(-smallest);
    this.#shared += smallest;
    const request = Math.max(0, this.#shared - this.#requested);
    this.#requested += request;
    return request;
  }

  #adjust(by: number): void {
    if (by === 0) return;
    for (const [ref, entry] of this.#surplus) this.#surplus.set(ref, { ...entry, demand: entry.demand + by });
  }
}
