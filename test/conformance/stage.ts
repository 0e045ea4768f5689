/** The specs of stages as the modules of a Producer and of a Consumer. */
import type { ExitReason } from '../../src/otp/exit-reason.ts';
import type { Destination } from '../../src/otp/pid.ts';
import { BroadcastDispatcher } from '../../src/otp/stage/broadcast-dispatcher.ts';
import type { Consumer } from '../../src/otp/stage/consumer.ts';
import type { Cancellation, Subscribe, Subscription } from '../../src/otp/stage/messages.ts';
import type { Producer, ProducerOptions } from '../../src/otp/stage/producer.ts';
import { type Awaitable, after, all } from './awaitable.ts';
import type {
  ConsumerSpec,
  Json,
  ProducerSpec,
  StageTrace,
  SubscribeTo,
  SubscriptionFields,
} from './format.ts';
import type { HomeWorld } from './home-world.ts';
import { type Scripted, ScriptedServer } from './server.ts';
import type { World } from './world.ts';

/** Where a producer's events come from, and which of those that its scripts emit go out now. */
interface Source {
  outgoing(events: readonly Json[]): readonly Json[];
  demanded(count: number): readonly Json[];
}

export function producerModule(world: World, spec: ProducerSpec): Producer<Scripted> {
  const source = sourceOf(spec);
  const server = new ScriptedServer(world, spec, (events) => source.outgoing(events));
  return {
    ...server.module(),
    handleDemand(count, value) {
      server.actor.observe('demand', count);
      return server.run(value, spec.on_demand_do, () => source.demanded(count));
    },
    handleSubscribe(subscription, _options, value) {
      traced(server, 'subscribe', world.terms.text(subscription.consumer));
      return server.run(value, undefined);
    },
    handleCancel(cancellation, subscription, value) {
      traced(server, 'cancel', ...cancelled(world, subscription.consumer, cancellation));
      return server.run(value, spec.on_cancel);
    },
  };
}

export function producerOptions(spec: ProducerSpec): ProducerOptions {
  const { buffer_size: size, buffer_keep: keep, demand, dispatcher } = spec;
  return {
    ...(dispatcher === 'broadcast' ? { dispatcher: new BroadcastDispatcher() } : {}),
    ...(demand === undefined ? {} : { demand }),
    buffer: {
      ...(size === undefined ? {} : { size: size === 'infinity' ? Number.POSITIVE_INFINITY : size }),
      ...(keep === undefined ? {} : { keep }),
    },
  };
}

export function consumerModule(world: World, spec: ConsumerSpec): Consumer<Scripted> {
  const server = new ScriptedServer(world, spec);
  return {
    ...server.module(),
    handleEvents(events, _subscription, value) {
      server.actor.observe('events', world.terms.value(events));
      return server.run(value, spec.on_events);
    },
    handleSubscribe(subscription, _options, value) {
      server.actor.subscriptions.set(subscription.producer.key, subscription);
      traced(server, 'subscribe', world.terms.text(subscription.producer));
      return server.run(value, undefined);
    },
    handleCancel(cancellation, subscription, value) {
      if (server.actor.subscriptions.get(subscription.producer.key)?.ref === subscription.ref) {
        server.actor.subscriptions.delete(subscription.producer.key);
      }
      traced(server, 'cancel', ...cancelled(world, subscription.producer, cancellation));
      return server.run(value, spec.on_cancel);
    },
  };
}

/** The subscriptions of a start; those to a process that was never born are left out. */
export function subscriptions(
  world: World,
  list: readonly SubscribeTo[] | undefined,
): Awaitable<readonly Subscribe[]> {
  const entries = list ?? [];
  const targets = entries.map(({ to }) => world.resolve(to));
  return after(all(targets), (found) => subscribing(entries, found));
}

/** As `subscriptions`, on the main thread. */
export function subscriptionsHere(
  world: HomeWorld,
  list: readonly SubscribeTo[] | undefined,
): readonly Subscribe[] {
  const entries = list ?? [];
  return subscribing(
    entries,
    entries.map(({ to }) => world.resolve(to)),
  );
}

function subscribing(
  entries: readonly SubscribeTo[],
  targets: readonly (Destination | undefined)[],
): readonly Subscribe[] {
  return entries.flatMap((entry, index) => {
    const to = targets[index];
    return to === undefined ? [] : [{ to, ...subscriptionOptions(entry) }];
  });
}

export function subscriptionOptions(fields: SubscriptionFields): Omit<Subscribe, 'to'> {
  const { max_demand: maxDemand, min_demand: minDemand, cancel } = fields;
  return {
    ...(maxDemand === undefined ? {} : { maxDemand }),
    ...(minDemand === undefined ? {} : { minDemand }),
    ...(cancel === undefined ? {} : { cancel }),
  };
}

function traced(
  server: ScriptedServer<ProducerSpec> | ScriptedServer<ConsumerSpec>,
  kind: StageTrace,
  ...rest: readonly Json[]
): void {
  if (server.spec.trace?.includes(kind)) server.actor.observe(kind, ...rest);
}

function cancelled(world: World, other: Subscription['producer'], cancellation: Cancellation): Json[] {
  const reason: ExitReason = cancellation.reason;
  return [world.terms.text(other), cancellation.kind, world.terms.reason(reason)];
}

const asEmitted = (events: readonly Json[]): readonly Json[] => events;

function sourceOf(spec: ProducerSpec): Source {
  switch (spec.on_demand ?? 'none') {
    case 'none':
      return { outgoing: asEmitted, demanded: () => [] };
    case 'counter':
      return counter(spec.from ?? 1, spec.limit ?? Number.POSITIVE_INFINITY);
    case 'script':
      return scripted(spec.script ?? []);
    case 'queue':
      return queue();
  }
}

/** The next so many integers, never beyond the limit. */
function counter(from: number, limit: number): Source {
  let next = from;
  return {
    outgoing: asEmitted,
    demanded(count) {
      const events: number[] = [];
      while (events.length < count && next <= limit) events.push(next++);
      return events;
    },
  };
}

/** The next list, however many events were asked for. */
function scripted(lists: readonly (readonly Json[])[]): Source {
  let next = 0;
  return { outgoing: asEmitted, demanded: () => lists[next++] ?? [] };
}

/** A queue of its own, with a count of the demand that is open: what is emitted waits for demand here. */
function queue(): Source {
  const waiting: Json[] = [];
  let open = 0;
  return {
    outgoing(events) {
      waiting.push(...events);
      const sent = waiting.splice(0, open);
      open -= sent.length;
      return sent;
    },
    demanded(count) {
      open += count;
      return [];
    },
  };
}
