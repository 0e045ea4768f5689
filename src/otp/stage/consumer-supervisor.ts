/**
 * ConsumerSupervisor: a pool that starts one child for each event it receives; a child that ends makes room for
 * another event.
 *
 * Owns: its children and its subscriptions. A transient child that crashes is started again with the same event, at
 * the expense of the pool's intensity; a child that ends for good gives its demand back. Losing a permanent
 * subscription ends the pool with the producer's reason, and its children are shut down, all at the same time.
 * Behaves as GenStage's ConsumerSupervisor (https://hexdocs.pm/gen_stage/ConsumerSupervisor.html).
 */
import { unreachable } from '../../base/assert.ts';
import { type Child, type ChildSpec, parseChild, type Restart, startOne } from '../child-spec.ts';
import type { SystemMessage } from '../envelope.ts';
import type { ExitReason } from '../exit-reason.ts';
import {
  call,
  type GenServer,
  type Request,
  type StartOptions,
  serverBehaviour,
  start,
  startLink,
} from '../gen-server.ts';
import { isPid, type Pid } from '../pid.ts';
import type { Behaviour, Process } from '../process.ts';
import { countRestart, type Intensity } from '../restart-intensity.ts';
import { type InitResult, noreply, ok, type Result, refuse, reply, stop } from '../result.ts';
import type { Parent, Runtime } from '../runtime.ts';
import { shutdownChild, shutdownChildren } from '../shutdown.ts';
import type { StartResult } from '../start.ts';
import { type ChildCounts, type ChildInfo, type ChildResult, countOf } from '../supervisor.ts';
import { badOptions } from '../supervisor-check.ts';
import { verdict } from '../supervisor-plan.ts';
import { ask, type SubscribeResult } from './consumer.ts';
import {
  type ConsumerMessage,
  type Demand,
  isConsumerMessage,
  losingEnds,
  parseDemand,
  type Subscribe,
  type Subscription,
} from './messages.ts';
import { childrenEnded } from './pool-demand.ts';
import { isDownMessage } from './stage.ts';

export interface ConsumerSupervisorOptions {
  /** The spec of the child for an event; its `restart` is the pool's. */
  readonly child: (event: never) => ChildSpec;
  /** `temporary`, the default, or `transient`. A permanent child would be started for ever with its event: refused. */
  readonly restart?: Restart;
  readonly subscribeTo?: readonly Subscribe[];
  /** Default 3. */
  readonly maxRestarts?: number;
  /** Default 5. */
  readonly maxSeconds?: number;
  /** Called first of all, in the pool's own process. */
  readonly init?: (self: Process) => void | Promise<void>;
  /** A subscription is lost and the pool goes on: its cancel mode allows it. */
  readonly onCancel?: (self: Process, subscription: Subscription, reason: ExitReason) => void;
}

/** One subscription's demand, for those who inspect. */
export interface PoolDemand {
  readonly producer: Pid;
  readonly max: number;
  readonly min: number;
  /** Ended children not asked for yet. */
  readonly pending: number;
}

export type ConsumerSupervisorCall =
  | Request<{ readonly type: '$subscribe_to'; readonly to: Subscribe }, SubscribeResult>
  | Request<{ readonly type: 'start_child'; readonly event: unknown }, StartResult>
  | Request<{ readonly type: 'terminate_child'; readonly child: Pid }, ChildResult>
  | Request<{ readonly type: 'which_children' }, readonly ChildInfo[]>
  | Request<{ readonly type: 'count_children' }, ChildCounts>
  | Request<{ readonly type: 'demands' }, readonly PoolDemand[]>;

type ConsumerSupervisorCast =
  | { readonly type: 'try_again'; readonly pid: Pid }
  /** As the call `$subscribe_to`, for those who must not wait; nothing when it is subscribed to that producer. */
  | { readonly type: 'subscribe_to'; readonly to: Subscribe };

export interface ConsumerSupervisorSpec {
  readonly argument: ConsumerSupervisorOptions;
  readonly state: State;
  readonly call: ConsumerSupervisorCall;
  readonly cast: ConsumerSupervisorCast;
  readonly info: ConsumerMessage;
}

interface Slot {
  readonly child: Child;
  readonly pid: Pid;
  readonly restarting: boolean;
  /** The subscription that the event came by; undefined for a child started by hand. */
  readonly ref: number | undefined;
}

interface Account {
  readonly subscription: Subscription;
  readonly demand: Demand;
  pending: number;
}

/** Changed in place, as a DynamicSupervisor's. */
interface State {
  readonly options: ConsumerSupervisorOptions;
  readonly intensity: Intensity;
  readonly slots: Map<number, Slot>;
  readonly accounts: Map<number, Account>;
  restarts: readonly number[];
}

export function startConsumerSupervisor(
  runtime: Runtime,
  options: ConsumerSupervisorOptions,
  startOptions: StartOptions = {},
): Promise<StartResult<ConsumerSupervisorSpec>> {
  return start(runtime, consumerSupervisor, options, startOptions);
}

export function startConsumerSupervisorLink(
  parent: Parent,
  options: ConsumerSupervisorOptions,
  startOptions: StartOptions = {},
): Promise<StartResult<ConsumerSupervisorSpec>> {
  return startLink(parent, consumerSupervisor, options, startOptions);
}

/** The behaviour of a pool, for those who start it in another way. */
export function consumerSupervisorBehaviour(options: ConsumerSupervisorOptions): Behaviour {
  return serverBehaviour(consumerSupervisor, options);
}

type Caller = Parameters<typeof call>[0];
type To = Pid<ConsumerSupervisorSpec>;
const NO_TIMEOUT = { timeoutMs: Number.POSITIVE_INFINITY };

/** Starts a child by hand: it counts towards no subscription's demand. */
export function startPoolChild(caller: Caller, to: To, event: unknown): Promise<StartResult> {
  return call(caller, to, { type: 'start_child', event }, NO_TIMEOUT);
}

export function terminatePoolChild(caller: Caller, to: To, child: Pid): Promise<ChildResult> {
  return call(caller, to, { type: 'terminate_child', child }, NO_TIMEOUT);
}

export function whichPoolChildren(caller: Caller, to: To): Promise<readonly ChildInfo[]> {
  return call(caller, to, { type: 'which_children' }, NO_TIMEOUT);
}

export function countPoolChildren(caller: Caller, to: To): Promise<ChildCounts> {
  return call(caller, to, { type: 'count_children' }, NO_TIMEOUT);
}

const POOL_RESTARTS: readonly Restart[] = ['temporary', 'transient'];

const consumerSupervisor: GenServer<ConsumerSupervisorSpec> = {
  kind: 'consumer_supervisor',
  trapExit: true,

  async init(options, self): Promise<InitResult<State>> {
    const bad = badOptions(options);
    if (bad !== undefined) return refuse(bad);
    await options.init?.(self);
    if (options.restart !== undefined && !POOL_RESTARTS.includes(options.restart)) {
      const message = `restart must be temporary or transient, got ${options.restart}`;
      return refuse({ type: 'bad_opts', message });
    }
    const state: State = {
      options,
      intensity: { maxRestarts: options.maxRestarts ?? 3, maxSeconds: options.maxSeconds ?? 5 },
      slots: new Map(),
      accounts: new Map(),
      restarts: [],
    };
    for (const to of options.subscribeTo ?? []) {
      const demand = parseDemand(to);
      if (!('problem' in demand) && !(await subscribeTo(self, state, to, demand))) return refuse('noproc');
    }
    return ok(state);
  },

  handleCall: {
    async $subscribe_to({ to }, state, _from, self) {
      const demand = parseDemand(to);
      if ('problem' in demand)
        return reply({ type: 'error', reason: { type: 'bad_opts', message: demand.problem } }, state);
      if (await subscribeTo(self, state, to, demand)) return reply({ type: 'ok' }, state);
      return stop('noproc', state, { value: { type: 'ok' } satisfies SubscribeResult });
    },

    async start_child({ event }, state, _from, self) {
      return reply(await startFor(self, state, event, undefined), state);
    },

    async terminate_child({ child }, state, _from, self) {
      const slot = state.slots.get(child.key);
      if (slot === undefined) return reply({ type: 'error', reason: 'not_found' }, state);
      if (!slot.restarting) await shutdownChild(self, slot.pid, slot.child.shutdown);
      ended(self, state, slot);
      return reply({ type: 'ok' }, state);
    },

    which_children: (_message, state) => reply(describe(state), state),

    // One spec: the template.
    count_children: (_message, state) => reply({ ...countOf(describe(state)), specs: 1 }, state),

    demands: (_message, state) =>
      reply(
        [...state.accounts.values()].map(({ subscription, demand, pending }) => ({
          producer: subscription.producer,
          max: demand.max,
          min: demand.min,
          pending,
        })),
        state,
      ),
  },

  async handleCast(message, state, self): Promise<Result<State>> {
    switch (message.type) {
      case 'try_again': {
        const slot = state.slots.get(message.pid.key);
        return slot?.restarting ? restart(self, state, slot) : noreply(state);
      }
      case 'subscribe_to': {
        if (isSubscribed(state, message.to)) return noreply(state);
        const demand = parseDemand(message.to);
        if ('problem' in demand) return stop({ type: 'bad_opts', message: demand.problem }, state);
        return (await subscribeTo(self, state, message.to, demand)) ? noreply(state) : stop('noproc', state);
      }
    }
  },

  handleInfo(message: SystemMessage | ConsumerMessage, state, self): Result<State> | Promise<Result<State>> {
    if (isConsumerMessage(message)) return handleConsumerMessage(self, state, message);
    if (isDownMessage(message)) {
      const account = state.accounts.get(message.ref);
      return account === undefined ? noreply(state) : lost(self, state, account, message.reason);
    }
    if (message.type !== 'EXIT') return noreply(state);
    const slot = state.slots.get(message.from.key);
    if (slot === undefined || slot.restarting) return noreply(state);
    if (verdict(slot.child.restart, message.reason) === 'restart') return restart(self, state, slot);
    ended(self, state, slot);
    return noreply(state);
  },

  async terminate(_reason, state, self) {
    const running = [...state.slots.values()].filter((slot) => !slot.restarting);
    await shutdownChildren(
      self,
      running.map(({ pid, child }) => ({ pid, shutdown: child.shutdown })),
    );
  },
};

function isSubscribed(state: State, { to }: Subscribe): boolean {
  for (const { subscription } of state.accounts.values()) {
    if (isPid(to) && subscription.producer.key === to.key) return true;
  }
  return false;
}

/** False when nobody holds the name, and the subscription is one that must be. */
async function subscribeTo(self: Process, state: State, to: Subscribe, demand: Demand): Promise<boolean> {
  const producer = await self.runtime.locate(self, to.to);
  if (producer === undefined) return demand.cancel === 'temporary';
  const ref = self.monitor(producer);
  const subscription: Subscription = { producer, consumer: self.pid, ref };
  self.send(producer, {
    type: '$subscribe',
    subscription,
    options: { maxDemand: demand.max, minDemand: demand.min, cancel: demand.cancel },
  });
  state.accounts.set(ref, { subscription, demand, pending: 0 });
  ask(self, subscription, demand.max);
  return true;
}

async function handleConsumerMessage(
  self: Process,
  state: State,
  message: ConsumerMessage,
): Promise<Result<State>> {
  const { subscription } = message;
  const account = state.accounts.get(subscription.ref);
  switch (message.type) {
    case '$events': {
      if (account === undefined) {
        self.send(subscription.producer, { type: '$cancel', subscription, reason: 'unknown_subscription' });
        return noreply(state);
      }
      let notStarted = 0;
      for (const event of message.events) {
        const result = await startFor(self, state, event, subscription.ref);
        if (result.type !== 'ok') notStarted++;
      }
      count(self, account, notStarted);
      return noreply(state);
    }
    case '$cancelled':
      return account === undefined ? noreply(state) : lost(self, state, account, message.reason);
    default:
      return unreachable(message, 'consumer message');
  }
}

async function startFor(
  self: Process,
  state: State,
  event: unknown,
  ref: number | undefined,
): Promise<StartResult> {
  const child = parseChild({
    ...state.options.child(event as never),
    restart: state.options.restart ?? 'temporary',
  });
  const result = await startOne(child, self);
  if (result.type === 'ok')
    state.slots.set(result.pid.key, { child, pid: result.pid, restarting: false, ref });
  return result;
}

async function restart(self: Process, state: State, slot: Slot): Promise<Result<State>> {
  const counted = countRestart(state.restarts, self.runtime.clock.now(), state.intensity);
  state.restarts = counted.restarts;
  if (counted.exceeded) {
    for (const observer of self.runtime.observers) observer.gaveUp?.(self);
    ended(self, state, slot);
    return stop('shutdown', state);
  }
  const result = await startOne(slot.child, self);
  switch (result.type) {
    case 'ok':
      state.slots.delete(slot.pid.key);
      state.slots.set(result.pid.key, { ...slot, pid: result.pid, restarting: false });
      break;
    case 'ignore':
      ended(self, state, slot);
      break;
    case 'error':
      state.slots.set(slot.pid.key, { ...slot, restarting: true });
      self.cast(self.pid, { type: 'try_again', pid: slot.pid } satisfies ConsumerSupervisorCast);
  }
  return noreply(state);
}

/** A child has ended for good: its demand goes back to where its event came from. */
function ended(self: Process, state: State, slot: Slot): void {
  state.slots.delete(slot.pid.key);
  const account = slot.ref === undefined ? undefined : state.accounts.get(slot.ref);
  if (account !== undefined) count(self, account, 1);
}

function count(self: Process, account: Account, number: number): void {
  const { pending, ask: wanted } = childrenEnded(account.pending, number, account.demand);
  account.pending = pending;
  ask(self, account.subscription, wanted);
}

function lost(self: Process, state: State, account: Account, reason: ExitReason): Result<State> {
  const { subscription, demand } = account;
  state.accounts.delete(subscription.ref);
  self.demonitor(subscription.ref, { flush: true });
  if (losingEnds(demand.cancel, reason)) return stop(reason, state);
  state.options.onCancel?.(self, subscription, reason);
  return noreply(state);
}

function describe(state: State): ChildInfo[] {
  return [...state.slots.values()].map(({ child, pid, restarting }) => ({
    id: undefined,
    pid: restarting ? 'restarting' : pid,
    type: child.type,
  }));
}
