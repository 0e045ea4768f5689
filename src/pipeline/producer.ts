/**
 * Producer (GS): fetches the events of one record type from its queue, cuts them into batches, and dispatches those
 * against the demand of the type's ConsumerSupervisor.
 *
 * Owns: its batch queue, and the claims in it. Runs in the type's own thread; started there for ProducerSupervisor,
 * which supervises it from the main thread. When it dies its claims go back to the queue of events, where its
 * successor, or DispatchServer, finds them first. Bounds: it claims no more than `maxDemand` batches beyond the
 * demand; what it does not claim stays in the queue, whose bound is `queueBytes`.
 *
 *     idle --an event--> gathering --timer, or a flush is asked for--> flushing
 *      ^                  |    ^                                          |
 *      |                  +----+ a full batch: claims that one            | claims all that is there, as far as
 *      +------------------------------------------------------------------+ there is room
 */
import { unreachable } from '../base/assert.ts';
import { Cancellation } from '../base/cancellation.ts';
import type { DynamicSupervisorSpec } from '../otp/dynamic-supervisor.ts';
import { call } from '../otp/gen-server.ts';
import { at, type Pid } from '../otp/pid.ts';
import type { Behaviour, Process } from '../otp/process.ts';
import { noreply, ok, type Result, refuse, stop } from '../otp/result.ts';
import { type Producer, producerBehaviour as stageBehaviour } from '../otp/stage/producer.ts';
import type { Claim, Wake } from '../threads/queue/index.ts';
import { poolSubscription } from './consumer-supervisor.ts';
import { NAMES, registerAt } from './names.ts';
import type { RecordSite } from './site/record-site.ts';

type ProducerMessage =
  /** The queue has what was waited for. */
  | { readonly type: 'woken'; readonly wake: Wake }
  /** The timer, `flushIntervalMs` after the first event that waits; or events were given back. */
  | { readonly type: 'flush' }
  /** Events that were held back to keep their order may be claimed. */
  | { readonly type: 'freed' };

type Phase = 'idle' | 'gathering' | 'flushing';

interface State {
  readonly site: RecordSite;
  readonly waiter: Waiter;
  readonly phase: Phase;
  /** Runs while `gathering`. */
  readonly timer: number | undefined;
  /** Claimed and not dispatched, oldest first. */
  readonly batches: readonly Claim[];
  /** Dispatched, and not yet taken over by a Consumer when last looked at. */
  readonly dispatched: readonly Claim[];
  readonly demand: number;
}

interface Spec {
  readonly argument: RecordSite;
  readonly state: State;
  readonly info: ProducerMessage;
}

export function producerBehaviour(site: RecordSite): Behaviour {
  return stageBehaviour<Spec>(producer, site, {});
}

/** What the site shows of its Producer. */
export function producerAccount(
  state: unknown,
): { readonly batches: number; readonly demand: number } | undefined {
  const { batches, demand } = (state as { readonly user?: Partial<State> } | undefined)?.user ?? {};
  return batches === undefined || demand === undefined ? undefined : { batches: batches.length, demand };
}

/** Claims what waits in the queue, in batches; at most `limit` of them. */
export function createBatchesAndFlush(
  site: RecordSite,
  holder: Process,
  limit: number,
  only: { readonly freedOnly?: boolean } = {},
): readonly Claim[] {
  const batches: Claim[] = [];
  while (batches.length < limit) {
    const batch = site.claim(holder, only);
    if (batch === undefined) break;
    batches.push(batch);
  }
  return batches;
}

const producer: Producer<Spec> = {
  kind: 'producer',

  async init(site, self) {
    const { recordType, argument } = site;
    const registered = await registerAt(self, argument.main, 'producer', recordType);
    if (registered !== 'ok') return refuse({ type: 'already_started', pid: registered });
    const supervisor = at(
      argument.main,
      NAMES.consumerDynamicSupervisor,
    ) as unknown as Pid<DynamicSupervisorSpec>;
    const pool = await call(self, supervisor, {
      type: 'start_child_for',
      argument: { recordType, producer: self.pid },
    });
    // A pool that is there already served another Producer; one that is on its way finds this one by its name.
    if (pool.type === 'ok')
      self.cast(pool.pid, { type: 'subscribe_to', to: poolSubscription(site, self.pid) });
    site.onFlush = () => {
      if (self.alive) self.send(self.pid, { type: 'flush' } satisfies ProducerMessage);
    };
    site.onFreed = () => {
      if (self.alive) self.send(self.pid, { type: 'freed' } satisfies ProducerMessage);
    };
    const waiter = new Waiter(site, self);
    self.onEnd = () => waiter.want(0);
    const state: State = {
      site,
      waiter,
      phase: 'flushing',
      timer: undefined,
      batches: [],
      dispatched: [],
      demand: 0,
    };
    // What the one before has left is there already.
    return ok(fetch(self, state));
  },

  handleDemand: (count, state, self) => dispatch(self, { ...state, demand: state.demand + count }),

  /** The pool has gone: what it was sent and did not hand to a Consumer is dispatched again, first. */
  handleCancel(_cancellation, _subscription, state, self) {
    const returned = state.dispatched.filter((claim) => state.site.holds(claim, self));
    return dispatch(self, { ...state, dispatched: [], batches: [...returned, ...state.batches] });
  },

  handleInfo(message, state, self) {
    switch (message.type) {
      case 'woken':
        return woken(self, state, message.wake);
      case 'flush':
        return dispatch(self, { ...state, phase: 'flushing' });
      case 'freed':
        // While too many were held back, nothing else was read, however long it waited.
        return dispatch(self, state.site.table.isFull ? { ...state, phase: 'flushing' } : state);
      default:
        self.dropped++;
        return noreply(state);
    }
  },
};

function woken(self: Process, state: State, wake: Wake): Result<State> {
  const { site } = state;
  switch (wake) {
    case 'fenced':
      // Another reader has the queue: this thread is on its way out.
      return stop('shutdown', state);
    case 'cancelled':
      return noreply(state);
    case 'flush':
      return dispatch(self, { ...state, phase: 'flushing' });
    case 'events': {
      if (state.phase !== 'idle')
        return dispatch(self, state.phase === 'gathering' ? claimed(self, state, 1) : state);
      // The first event after a while: others have until the timer to come along.
      const timer = self.sendAfter(site.options.flushIntervalMs, { type: 'flush' } satisfies ProducerMessage);
      return dispatch(self, { ...state, phase: 'gathering', timer });
    }
    default:
      return unreachable(wake, 'wake');
  }
}

/** Sends out what there is demand for, and then claims what there is room for. */
function dispatch(self: Process, before: State): Result<State> {
  const state = fetch(self, before);
  const events = state.batches.slice(0, state.demand);
  state.site.wantPlaces(state.batches.length - events.length);
  const stillMine = state.dispatched.filter((claim) => state.site.holds(claim, self));
  return noreply(
    {
      ...state,
      batches: state.batches.slice(events.length),
      demand: state.demand - events.length,
      dispatched: [...stillMine, ...events],
    },
    { events },
  );
}

/**
 * A flush claims all that is there, as far as there is room, and goes on when there is room again. What was held back
 * has waited for a flush once: it waits for no other.
 */
function fetch(self: Process, before: State): State {
  let state =
    before.site.table.freed > 0 ? claimed(self, before, roomFor(before), { freedOnly: true }) : before;
  if (state.phase === 'flushing') {
    const room = roomFor(state);
    const had = state.batches.length;
    state = claimed(self, state, room);
    if (state.batches.length - had < room) {
      if (state.timer !== undefined) self.cancelTimer(state.timer);
      state = { ...state, phase: 'idle', timer: undefined };
    }
  }
  state.waiter.want(wanted(state));
  return state;
}

function claimed(self: Process, state: State, limit: number, only = {}): State {
  const batches = createBatchesAndFlush(state.site, self, Math.min(limit, roomFor(state)), only);
  return batches.length === 0 ? state : { ...state, batches: [...state.batches, ...batches] };
}

function roomFor({ site, demand, batches }: State): number {
  return Math.max(0, demand + site.options.maxDemand - batches.length);
}

/** How many events are worth being woken for; 0 when there is no room for them. */
function wanted(state: State): number {
  switch (state.phase) {
    case 'idle':
      return 1;
    case 'gathering':
      return roomFor(state) > 0 ? state.site.options.batchSize : 0;
    case 'flushing':
      return 0;
    default:
      return unreachable(state.phase, 'phase');
  }
}

/** Waits for events on behalf of the Producer, who cannot wait itself, and wakes it with a message. One wait at a time. */
class Waiter {
  readonly #site: RecordSite;
  readonly #self: Process;
  #wanted = 0;
  #waiting: Cancellation | undefined;

  constructor(site: RecordSite, self: Process) {
    this.#site = site;
    this.#self = self;
  }

  /** From now on so many events are waited for; 0: none. */
  want(events: number): void {
    if (events === this.#wanted && (events === 0 || this.#waiting !== undefined)) return;
    this.#wanted = events;
    if (this.#waiting !== undefined) this.#waiting.cancel();
    else void this.#wait();
  }

  async #wait(): Promise<void> {
    while (this.#wanted > 0) {
      const cancellation = new Cancellation();
      this.#waiting = cancellation;
      const wake = await this.#site.table.waitForEvents({ events: this.#wanted, cancellation });
      this.#waiting = undefined;
      if (wake === 'cancelled') continue;
      this.#wanted = 0;
      if (this.#self.alive)
        this.#self.send(this.#self.pid, { type: 'woken', wake } satisfies ProducerMessage);
    }
  }
}
