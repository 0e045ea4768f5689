/**
 * Events go to the consumer with the largest open demand; equal ones take turns. What a consumer that left had
 * asked for is remembered: the producer has it already, and is asked for so much less by others.
 *
 *     demands, largest first: [ 10 | 5 | 5 | 0 ]      a consumer that was served goes behind its equals
 */
import type { Delivery, Dispatched, Dispatcher } from './dispatcher.ts';
import type { Subscription } from './messages.ts';

interface Entry {
  readonly subscription: Subscription;
  readonly demand: number;
}

export class DemandDispatcher implements Dispatcher {
  #entries: Entry[] = [];
  /** Demand that the producer knows of and nobody is left to use. */
  #orphaned = 0;

  subscribe(subscription: Subscription): number {
    this.#entries.push({ subscription, demand: 0 });
    return 0;
  }

  ask(subscription: Subscription, count: number): number {
    this.#place({ subscription, demand: this.#pop(subscription) + count });
    return count;
  }

  unknownDemand(count: number): number {
    const known = Math.min(this.#orphaned, count);
    this.#orphaned -= known;
    return count - known;
  }

  cancel(subscription: Subscription): number {
    this.#orphaned += this.#pop(subscription);
    return 0;
  }

  dispatch<Event>(events: readonly Event[]): Dispatched<Event> {
    const deliveries: Delivery<Event>[] = [];
    let sent = 0;
    while (sent < events.length) {
      const first = this.#entries[0];
      if (first === undefined || first.demand === 0) break;
      const batch = events.slice(sent, sent + first.demand);
      sent += batch.length;
      deliveries.push({ to: first.subscription, events: batch });
      this.#entries.shift();
      this.#place({ subscription: first.subscription, demand: first.demand - batch.length });
    }
    const rest = events.slice(sent);
    // What is left over is what they had asked for: it waits in the producer's buffer now.
    this.#orphaned = Math.max(0, this.#orphaned - rest.length);
    return { deliveries, rest };
  }

  demands(): readonly Entry[] {
    return [...this.#entries];
  }

  #pop(subscription: Subscription): number {
    const index = this.#entries.findIndex((entry) => entry.subscription.ref === subscription.ref);
    const entry = index === -1 ? undefined : this.#entries.splice(index, 1)[0];
    return entry?.demand ?? 0;
  }

  /** Behind all that have as much or more. */
  #place(entry: Entry): void {
    const index = this.#entries.findIndex((other) => entry.demand > other.demand);
    if (index === -1) this.#entries.push(entry);
    else this.#entries.splice(index, 0, entry);
  }
}
