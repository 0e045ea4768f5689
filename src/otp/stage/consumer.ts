/**
 * Consumer: subscribes to producers and handles the events that it has asked for.
 *
 * Owns: its subscriptions and, for each, the account of what is outstanding. An automatic subscription asks by
 * itself, after a batch has been handled; a manual one asks by `ask`. Losing a subscription ends the consumer, or not,
 * as its cancel mode says. Behaves as a GenStage consumer (https://hexdocs.pm/gen_stage/GenStage.html).
 */
import { unreachable } from '../../base/assert.ts';
import type { ExitReason } from '../exit-reason.ts';
import { type ServerSpec, type StartOptions, serverBehaviour } from '../gen-server.ts';
import type { Destination } from '../pid.ts';
import type { Process } from '../process.ts';
import { type Awaitable, type InitResult, type Result, refuse, reply } from '../result.ts';
import type { Parent, Runtime } from '../runtime.ts';
import type { StartResult } from '../start.ts';
import { planBatches } from './demand.ts';
import {
  type Cancellation,
  type ConsumerMessage,
  type Demand,
  isConsumerMessage,
  isProducerMessage,
  isSetDemand,
  losingEnds,
  parseDemand,
  type Subscribe,
  type Subscription,
  type SubscriptionOptions,
} from './messages.ts';
import {
  dropped,
  endsProcess,
  finish,
  isDownMessage,
  type Stage,
  type StageBody,
  type StageModule,
  type StateOf,
  stageServer,
} from './stage.ts';

export interface Consumer<Spec extends ServerSpec = ServerSpec> extends Stage<Spec> {
  handleEvents(
    events: readonly unknown[],
    subscription: Subscription,
    state: StateOf<Spec>,
    self: Process,
  ): Awaitable<Result<StateOf<Spec>>>;
}

export interface ConsumerOptions {
  readonly subscribeTo?: readonly Subscribe[];
  /** Asks only by `ask`. */
  readonly manual?: boolean;
}

/** Asks a producer for so many more; 0 asks for nothing. */
export function ask(self: Process, subscription: Subscription, count: number): void {
  if (count > 0) self.send(subscription.producer, { type: '$ask', subscription, count });
}

/** Gives a subscription up; its cancel mode applies as if the producer had. */
export function cancel(self: Process, subscription: Subscription, reason: ExitReason): void {
  self.send(subscription.producer, { type: '$cancel', subscription, reason });
}

interface Caller {
  call(to: Destination, message: unknown, options?: { readonly timeoutMs?: number }): Promise<unknown>;
}

export type SubscribeResult =
  | { readonly type: 'ok' }
  | { readonly type: 'error'; readonly reason: ExitReason };

/** Has a consumer subscribe to a producer. */
export function subscribe(caller: Caller, consumer: Destination, to: Subscribe): Promise<SubscribeResult> {
  return caller.call(consumer, { type: '$subscribe_to', to }) as Promise<SubscribeResult>;
}

export function startConsumer<Spec extends ServerSpec>(
  runtime: Runtime,
  module: Consumer<Spec>,
  argument: Spec['argument'],
  options: ConsumerOptions = {},
  startOptions: StartOptions = {},
): Promise<StartResult<Spec>> {
  return runtime.start(undefined, consumerBehaviour(module, argument, options), startOptions);
}

export function startConsumerLink<Spec extends ServerSpec>(
  parent: Parent,
  module: Consumer<Spec>,
  argument: Spec['argument'],
  options: ConsumerOptions = {},
  startOptions: StartOptions = {},
): Promise<StartResult<Spec>> {
  return parent.runtime.startLink(parent, consumerBehaviour(module, argument, options), startOptions);
}

export function consumerBehaviour<Spec extends ServerSpec>(
  module: Consumer<Spec>,
  argument: Spec['argument'],
  options: ConsumerOptions,
): ReturnType<typeof serverBehaviour> {
  const user = module as unknown as ConsumerModule;
  const server = stageServer<ConsumerBody>(
    'consumer',
    user,
    async (state, self) => {
      const body = new ConsumerBody(user, self, state, options.manual ?? false);
      return (await body.subscribeAll(options.subscribeTo ?? [])) ?? body;
    },
    {
      $subscribe_to: (body: ConsumerBody, { to }: { readonly to: Subscribe }) => body.subscribeCall(to),
      $get_demand: (body: ConsumerBody) => reply('forward', body),
      $buffered: (body: ConsumerBody) => reply(0, body),
    },
  );
  return serverBehaviour(server, argument);
}

interface ConsumerModule extends StageModule {
  handleEvents(
    events: readonly unknown[],
    subscription: Subscription,
    state: unknown,
    self: Process,
  ): unknown;
}

interface Account {
  readonly subscription: Subscription;
  readonly demand: Demand;
  outstanding: number;
}

class ConsumerBody implements StageBody {
  user: unknown;
  readonly #module: ConsumerModule;
  readonly #self: Process;
  readonly #manual: boolean;
  readonly #accounts = new Map<number, Account>();

  constructor(module: ConsumerModule, self: Process, user: unknown, manual: boolean) {
    this.user = user;
    this.#module = module;
    this.#self = self;
    this.#manual = manual;
  }

  emit(events: readonly unknown[]): void {
    // It has nobody to send them to.
    this.#self.dropped += events.length;
  }

  /** The subscriptions of the start. One with bad options is left out; one to a name that nobody holds fails it. */
  async subscribeAll(list: readonly Subscribe[]): Promise<InitResult<never> | undefined> {
    for (const to of list) {
      const demand = parseDemand(to);
      if ('problem' in demand) continue;
      const outcome = await this.#subscribe(to, demand);
      if (outcome.type === 'stop') return refuse(outcome.reason);
    }
    return undefined;
  }

  async subscribeCall(to: Subscribe): Promise<unknown> {
    const demand = parseDemand(to);
    if ('problem' in demand) {
      return reply({ type: 'error', reason: { type: 'bad_opts', message: demand.problem } }, this);
    }
    const outcome = await this.#subscribe(to, demand);
    if (outcome.type === 'stop')
      return { type: 'stop', reason: outcome.reason, state: this, answer: { value: { type: 'ok' } } };
    return reply({ type: 'ok' }, this);
  }

  async #subscribe(
    to: Subscribe,
    demand: Demand,
  ): Promise<{ readonly type: 'ok' } | { readonly type: 'stop'; readonly reason: ExitReason }> {
    const producer = await this.#self.runtime.locate(this.#self, to.to);
    if (producer === undefined)
      return demand.cancel === 'temporary' ? { type: 'ok' } : { type: 'stop', reason: 'noproc' };
    const ref = this.#self.monitor(producer);
    const subscription: Subscription = { producer, consumer: this.#self.pid, ref };
    const options: SubscriptionOptions = {
      maxDemand: demand.max,
      minDemand: demand.min,
      cancel: demand.cancel,
    };
    this.#self.send(producer, { type: '$subscribe', subscription, options });
    this.#accounts.set(ref, { subscription, demand, outstanding: this.#manual ? 0 : demand.max });
    const result = await this.#module.handleSubscribe?.(subscription, options, this.user, this.#self);
    if (result !== undefined) finish(this, result);
    if (!this.#manual) ask(this.#self, subscription, demand.max);
    return { type: 'ok' };
  }

  own(message: unknown): Promise<unknown> | undefined {
    if (isConsumerMessage(message)) return this.#handle(message);
    if (isProducerMessage(message) || isSetDemand(message)) return dropped(this.#self);
    if (!isDownMessage(message)) return undefined;
    const account = this.#accounts.get(message.ref);
    return account === undefined ? undefined : this.#lost(account, { kind: 'down', reason: message.reason });
  }

  async #handle(message: ConsumerMessage): Promise<unknown> {
    const { subscription } = message;
    const account = this.#accounts.get(subscription.ref);
    switch (message.type) {
      case '$events':
        if (account === undefined) {
          this.#self.send(subscription.producer, {
            type: '$cancel',
            subscription,
            reason: 'unknown_subscription',
          });
          return undefined;
        }
        return this.#events(account, message.events);
      case '$cancelled':
        return account === undefined
          ? undefined
          : this.#lost(account, { kind: 'cancel', reason: message.reason });
      default:
        return unreachable(message, 'consumer message');
    }
  }

  async #events(account: Account, events: readonly unknown[]): Promise<unknown> {
    const { subscription } = account;
    if (this.#manual)
      return finish(this, await this.#module.handleEvents(events, subscription, this.user, this.#self));
    const plan = planBatches(events, account.outstanding, account.demand);
    account.outstanding = plan.outstanding;
    let result: unknown;
    for (const batch of plan.batches) {
      result = finish(
        this,
        await this.#module.handleEvents(batch.events, subscription, this.user, this.#self),
      );
      if (endsProcess(result)) return result;
      ask(this.#self, subscription, batch.askAfter);
    }
    return result;
  }

  async #lost(account: Account, cancellation: Cancellation): Promise<unknown> {
    const { subscription, demand } = account;
    this.#accounts.delete(subscription.ref);
    this.#self.demonitor(subscription.ref, { flush: true });
    const result = await this.#module.handleCancel?.(cancellation, subscription, this.user, this.#self);
    const finished = result === undefined ? undefined : finish(this, result);
    if (finished !== undefined && endsProcess(finished)) return finished;
    return losingEnds(demand.cancel, cancellation.reason)
      ? { type: 'stop', reason: cancellation.reason, state: this }
      : finished;
  }
}
