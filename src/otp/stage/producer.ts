/**
 * Producer: emits events against the demand of its consumers.
 *
 * Owns: the account of its subscriptions (in a dispatcher), and a bounded buffer for what it emitted without demand.
 * Demand is served from the buffer first; only the remainder reaches `handleDemand`. In `accumulate` mode demand and
 * emitted events are held back, in order, until `forward`. Behaves as a GenStage producer
 * (https://hexdocs.pm/gen_stage/GenStage.html).
 */
import { unreachable } from '../../base/assert.ts';
import type { ExitReason } from '../exit-reason.ts';
import { type ServerSpec, type StartOptions, serverBehaviour } from '../gen-server.ts';
import type { Destination } from '../pid.ts';
import type { Process } from '../process.ts';
import { type Awaitable, noreply, type Result, reply } from '../result.ts';
import type { Parent, Runtime } from '../runtime.ts';
import type { StartResult } from '../start.ts';
import { Buffer, type BufferOptions } from './buffer.ts';
import { DemandDispatcher } from './demand-dispatcher.ts';
import type { Dispatcher } from './dispatcher.ts';
import {
  type Cancellation,
  type DemandMode,
  isConsumerMessage,
  isProducerMessage,
  isSetDemand,
  type ProducerMessage,
  type SetDemand,
  type Subscription,
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

/** A GenServer that also emits: any callback may return `noreply(state, { events })`. */
export interface Producer<Spec extends ServerSpec = ServerSpec> extends Stage<Spec> {
  /** So much more is asked for. It may emit fewer now and the rest later, and is not asked again for that rest. */
  handleDemand(count: number, state: StateOf<Spec>, self: Process): Awaitable<Result<StateOf<Spec>>>;
}

export interface ProducerOptions {
  readonly dispatcher?: Dispatcher;
  readonly buffer?: BufferOptions;
  /** `accumulate` holds demand back until `setDemand(..., 'forward')`. Default `forward`. */
  readonly demand?: DemandMode;
}

/** Sends events out from a callback: `return emit(events, state)`. */
export function emit<State>(events: readonly unknown[], state: State): Result<State> {
  return noreply(state, { events });
}

export function startProducer<Spec extends ServerSpec>(
  runtime: Runtime,
  module: Producer<Spec>,
  argument: Spec['argument'],
  options: ProducerOptions = {},
  startOptions: StartOptions = {},
): Promise<StartResult<Spec>> {
  return runtime.start(undefined, producerBehaviour(module, argument, options), startOptions);
}

export function startProducerLink<Spec extends ServerSpec>(
  parent: Parent,
  module: Producer<Spec>,
  argument: Spec['argument'],
  options: ProducerOptions = {},
  startOptions: StartOptions = {},
): Promise<StartResult<Spec>> {
  return parent.runtime.startLink(parent, producerBehaviour(module, argument, options), startOptions);
}

interface Sender {
  send(to: Destination, message: unknown): void;
}

interface Caller {
  call(to: Destination, message: unknown, options?: { readonly timeoutMs?: number }): Promise<unknown>;
}

/** Takes effect after the messages that are under way; does not wait for it. */
export function setDemand(caller: Sender, to: Destination, mode: DemandMode): void {
  caller.send(to, { type: '$set_demand', mode } satisfies SetDemand);
}

export function getDemand(caller: Caller, to: Destination): Promise<DemandMode> {
  return caller.call(to, { type: '$get_demand' }) as Promise<DemandMode>;
}

/** How many events wait in the buffer. */
export function bufferedCount(caller: Caller, to: Destination): Promise<number> {
  return caller.call(to, { type: '$buffered' }) as Promise<number>;
}

export function producerBehaviour<Spec extends ServerSpec>(
  module: Producer<Spec>,
  argument: Spec['argument'],
  options: ProducerOptions,
): ReturnType<typeof serverBehaviour> {
  const user = module as unknown as ProducerModule;
  const server = stageServer<ProducerBody>(
    'producer',
    user,
    (state, self) => new ProducerBody(user, self, state, options),
    {
      $subscribe_to: (body: ProducerBody) => reply({ type: 'error', reason: 'not_a_consumer' }, body),
      $get_demand: (body: ProducerBody) => reply(body.mode, body),
      $buffered: (body: ProducerBody) => reply(body.buffer.size, body),
    },
  );
  return serverBehaviour(server, argument);
}

interface ProducerModule extends StageModule {
  handleDemand(count: number, state: unknown, self: Process): unknown;
}

type Held =
  | { readonly type: 'demand'; readonly count: number }
  | { readonly type: 'events'; readonly events: readonly unknown[] };

class ProducerBody implements StageBody {
  user: unknown;
  readonly buffer: Buffer<unknown>;
  readonly #module: ProducerModule;
  readonly #self: Process;
  readonly #dispatcher: Dispatcher;
  /** By the subscription's ref; `monitor` is this side's own. */
  readonly #consumers = new Map<number, { readonly subscription: Subscription; readonly monitor: number }>();
  /** What is held back in `accumulate` mode; undefined in `forward` mode. */
  #held: Held[] | undefined;

  constructor(module: ProducerModule, self: Process, user: unknown, options: ProducerOptions) {
    this.user = user;
    this.#module = module;
    this.#self = self;
    this.#dispatcher = options.dispatcher ?? new DemandDispatcher();
    this.buffer = new Buffer(options.buffer);
    this.#held = options.demand === 'accumulate' ? [] : undefined;
  }

  get mode(): DemandMode {
    return this.#held === undefined ? 'forward' : 'accumulate';
  }

  async #setDemand(mode: DemandMode): Promise<unknown> {
    if (mode === 'forward') return this.#forward();
    this.#held ??= [];
    return undefined;
  }

  /** Replays what was held back. */
  async #forward(): Promise<unknown> {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const item of held) {
      if (item.type === 'events') {
        this.emit(item.events);
        continue;
      }
      // What was replayed before it may wait in the buffer.
      const unmet = this.#takeFromBuffer(item.count);
      const result = unmet === 0 ? undefined : await this.#demand(unmet);
      if (result !== undefined && endsProcess(result)) return result;
    }
    return undefined;
  }

  emit(events: readonly unknown[]): void {
    if (events.length === 0) return;
    if (this.#held !== undefined) {
      this.#held.push({ type: 'events', events });
      return;
    }
    const { deliveries, rest } = this.#dispatcher.dispatch(events);
    for (const { to, events: batch } of deliveries) {
      this.#self.send(to.consumer, { type: '$events', subscription: to, events: batch });
    }
    this.buffer.store(rest);
  }

  own(message: unknown): Promise<unknown> | undefined {
    if (isProducerMessage(message)) return this.#handle(message);
    if (isSetDemand(message)) return this.#setDemand(message.mode);
    if (isConsumerMessage(message)) return dropped(this.#self);
    if (!isDownMessage(message)) return undefined;
    for (const { subscription, monitor } of this.#consumers.values()) {
      if (monitor === message.ref)
        return this.#cancelled(subscription, { kind: 'down', reason: message.reason });
    }
    return undefined;
  }

  async #handle(message: ProducerMessage): Promise<unknown> {
    const { subscription } = message;
    const known = this.#consumers.has(subscription.ref);
    switch (message.type) {
      case '$subscribe': {
        if (known) return this.#refuse(subscription, 'duplicated_subscription');
        this.#consumers.set(subscription.ref, {
          subscription,
          monitor: this.#self.monitor(subscription.consumer),
        });
        const result = await this.#module.handleSubscribe?.(
          subscription,
          message.options,
          this.user,
          this.#self,
        );
        const finished = result === undefined ? undefined : finish(this, result);
        if (finished !== undefined && endsProcess(finished)) return finished;
        const demand = this.#dispatcher.subscribe(subscription);
        if (typeof demand === 'string')
          return this.#cancelled(subscription, { kind: 'cancel', reason: demand });
        return (await this.#served(demand)) ?? finished;
      }
      case '$ask':
        if (!known) return this.#refuse(subscription, 'unknown_subscription');
        return this.#served(this.#dispatcher.ask(subscription, message.count));
      case '$cancel':
        return this.#cancelled(subscription, { kind: 'cancel', reason: message.reason });
      default:
        return unreachable(message, 'producer message');
    }
  }

  #refuse(subscription: Subscription, reason: ExitReason): undefined {
    this.#self.send(subscription.consumer, { type: '$cancelled', subscription, reason });
    return undefined;
  }

  async #cancelled(subscription: Subscription, cancellation: Cancellation): Promise<unknown> {
    const consumer = this.#consumers.get(subscription.ref);
    if (consumer === undefined) return undefined;
    this.#consumers.delete(subscription.ref);
    this.#self.demonitor(consumer.monitor, { flush: true });
    this.#self.send(subscription.consumer, { type: '$cancelled', subscription, reason: cancellation.reason });
    const result = await this.#module.handleCancel?.(cancellation, subscription, this.user, this.#self);
    const finished = result === undefined ? undefined : finish(this, result);
    if (finished !== undefined && endsProcess(finished)) return finished;
    return (await this.#served(this.#dispatcher.cancel(subscription))) ?? finished;
  }

  /**
   * New demand: what the buffer holds first, the remainder to the module, as far as it does not have it already. In this
   * order: an event that waited beside demand would be overtaken by the next that is emitted.
   */
  async #served(count: number): Promise<unknown> {
    const unmet = this.#takeFromBuffer(count);
    const remainder = this.#dispatcher.unknownDemand?.(unmet) ?? unmet;
    if (remainder === 0) return undefined;
    if (this.#held !== undefined) {
      this.#held.push({ type: 'demand', count: remainder });
      return undefined;
    }
    return this.#demand(remainder);
  }

  /** How much of the demand the buffer does not meet. */
  #takeFromBuffer(count: number): number {
    const buffered = this.buffer.take(count);
    this.emit(buffered);
    return count - buffered.length;
  }

  async #demand(count: number): Promise<unknown> {
    return finish(this, await this.#module.handleDemand(count, this.user, this.#self));
  }
}
