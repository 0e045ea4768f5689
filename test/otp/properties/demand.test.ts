/** Random stages and pools, random emission, and whatever can happen to subscriptions. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { Restart } from '../../../src/otp/child-spec.ts';
import { exit } from '../../../src/otp/exit-reason.ts';
import { type GenServer, startLink } from '../../../src/otp/gen-server.ts';
import type { Pid } from '../../../src/otp/pid.ts';
import { noreply, ok, stop } from '../../../src/otp/result.ts';
import { BroadcastDispatcher } from '../../../src/otp/stage/broadcast-dispatcher.ts';
import { type Consumer, startConsumer, subscribe } from '../../../src/otp/stage/consumer.ts';
import { startConsumerSupervisor } from '../../../src/otp/stage/consumer-supervisor.ts';
import type { DemandMode, Subscribe } from '../../../src/otp/stage/messages.ts';
import { emit, type Producer, setDemand, startProducer } from '../../../src/otp/stage/producer.ts';
import { FlowRuntime } from './flow.ts';
import { Ground, oneNode } from './ground.ts';
import { holds } from './holds.ts';

interface Plan {
  readonly dispatcher: 'demand' | 'broadcast';
  /** What each handle_demand emits beyond what it was asked for, or less. */
  readonly surplus: readonly number[];
  readonly consumers: readonly ConsumerPlan[];
}

interface ConsumerPlan {
  readonly type: 'consumer' | 'pool';
  readonly max: number;
  readonly min: number;
  /** How long a batch takes. */
  readonly slowMs: number;
  readonly restart: Restart;
}

type Command =
  | { readonly type: 'emit'; readonly count: number }
  | { readonly type: 'mode'; readonly mode: DemandMode }
  | { readonly type: 'child'; readonly at: number; readonly how: 'end' | 'crash' | 'kill' }
  | { readonly type: 'subscribe' | 'kill'; readonly at: number }
  | { readonly type: 'pass' };

const consumerPlan: fc.Arbitrary<ConsumerPlan> = fc
  .record({
    type: fc.constantFrom('consumer' as const, 'pool' as const),
    max: fc.integer({ min: 1, max: 8 }),
    min: fc.nat({ max: 7 }),
    slowMs: fc.constantFrom(0, 0, 10),
    restart: fc.constantFrom<Restart>('temporary', 'transient'),
  })
  .map((plan) => ({ ...plan, min: plan.min % plan.max }));

const plan: fc.Arbitrary<Plan> = fc.record({
  dispatcher: fc.constantFrom('demand' as const, 'broadcast' as const),
  surplus: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 4 }),
  consumers: fc.array(consumerPlan, { minLength: 1, maxLength: 4 }),
});

const at = fc.nat({ max: 1000 });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant('emit' as const), count: fc.integer({ min: 1, max: 12 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('mode' as const),
      mode: fc.constantFrom<DemandMode>('forward', 'forward', 'accumulate'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('child' as const),
      at,
      how: fc.constantFrom('end' as const, 'end' as const, 'crash' as const, 'kill' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('subscribe' as const, 'kill' as const), at }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('pass' as const) }) },
);

/** An automatic consumer asks for ever; what it is given has an end. */
const ON_DEMAND_MAX = 40;

interface ChildSpec {
  readonly argument: undefined;
  readonly info: { readonly type: 'end' | 'crash' };
}

class Flow {
  readonly runtime: FlowRuntime;
  readonly ground = new Ground(oneNode((options) => new FlowRuntime(options)));
  readonly #plan: Plan;
  #producer!: Pid;
  readonly #consumers: Pid[] = [];
  /** What each pool child was started for. */
  readonly #children = new Map<number, number>();
  #emitted = 0;

  /**
   * In GenStage 1.3.2, and so here, a later event may overtake one in the buffer: by broadcast, when demand was met by
   * fewer events than it asked for; and when demand that was held back takes from the buffer what nobody can be sent.
   */
  readonly #keepsOrder: boolean;

  constructor(what: Plan, list: readonly Command[]) {
    this.#plan = what;
    this.#keepsOrder = what.dispatcher === 'demand' && list.every(({ type }) => type !== 'mode');
    this.runtime = this.ground.runtime as FlowRuntime;
  }

  async begin(): Promise<void> {
    const { dispatcher, consumers } = this.#plan;
    const options = dispatcher === 'broadcast' ? { dispatcher: new BroadcastDispatcher() } : {};
    const started = await startProducer(this.runtime, this.#producerModule(), undefined, options);
    if (started.type !== 'ok') throw new Error('the producer did not start');
    this.#producer = started.pid;
    for (const each of consumers) await this.#start(each);
    await this.ground.settle();
  }

  /** Losing its producer ends none of them. */
  #subscription({ max, min }: ConsumerPlan): Subscribe {
    return { to: this.#producer, maxDemand: max, minDemand: min, cancel: 'temporary' };
  }

  async #start(each: ConsumerPlan): Promise<void> {
    const subscribeTo = [this.#subscription(each)];
    const started =
      each.type === 'consumer'
        ? await startConsumer(this.runtime, consumerModule(each), undefined, { subscribeTo })
        : await startConsumerSupervisor(this.runtime, {
            subscribeTo,
            restart: each.restart,
            maxRestarts: 1_000_000,
            child: (event: number) => ({
              id: 'child',
              start: (pool) => startLink(pool, this.#child(event), undefined),
            }),
          });
    if (started.type === 'ok') this.#consumers.push(started.pid);
  }

  #next(count: number): number[] {
    return Array.from({ length: Math.max(0, count) }, () => ++this.#emitted);
  }

  #producerModule(): Producer<{ readonly argument: undefined; readonly info: number }> {
    const { surplus } = this.#plan;
    let asked = 0;
    let left = ON_DEMAND_MAX;
    return {
      init: () => ok(undefined),
      handleDemand: (count, state) => {
        const wanted = count + (surplus[asked++ % surplus.length] as number);
        const events = this.#next(Math.min(left, wanted));
        left -= events.length;
        return emit(events, state);
      },
      handleInfo: (message, state) =>
        typeof message === 'number' ? emit(this.#next(message), state) : noreply(state),
    };
  }

  #child(event: number): GenServer<ChildSpec> {
    return {
      init: (_argument, self) => {
        this.#children.set(self.pid.key, event);
        return ok(undefined);
      },
      handleInfo: (message, state) => (message.type === 'end' ? stop('normal', state) : exit('crashed')),
    };
  }

  async run(next: Command): Promise<void> {
    switch (next.type) {
      case 'emit':
        return this.runtime.send(this.#producer, next.count);
      case 'mode':
        return setDemand(this.runtime, this.#producer, next.mode);
      case 'child': {
        const living = this.ground.processes.filter(({ pid }) => this.#children.has(pid.key));
        const child = living[next.at % Math.max(1, living.length)];
        if (child === undefined) return;
        if (next.how === 'kill') this.runtime.exit(child.pid, 'kill');
        else this.runtime.send(child.pid, { type: next.how });
        return;
      }
      case 'subscribe': {
        const each = this.#plan.consumers[next.at % this.#plan.consumers.length] as ConsumerPlan;
        const consumer = this.#consumers[next.at % this.#consumers.length];
        if (consumer !== undefined)
          void subscribe(this.runtime, consumer, this.#subscription(each)).catch(() => {});
        return;
      }
      case 'kill': {
        const consumer = this.#consumers[next.at % this.#consumers.length];
        if (consumer !== undefined) this.runtime.exit(consumer, 'kill');
        return;
      }
      case 'pass':
        return this.ground.settle();
    }
  }

  check(): void {
    expect(this.runtime.faults).to.deep.equal([]);
    const all: number[] = [];
    for (const [ref, { consumer, events, outstanding, max }] of this.runtime.accounts) {
      if (this.#keepsOrder)
        expect(events, `what came by subscription ${ref}`).to.deep.equal(events.toSorted((a, b) => a - b));
      expect(new Set(events).size, 'an event that came twice').to.equal(events.length);
      all.push(...events);
      const mine = new Set(events);
      const running = this.ground.processes.filter(
        ({ pid, parent }) => parent?.key === consumer.key && mine.has(this.#children.get(pid.key) ?? 0),
      );
      expect(running.length + outstanding, 'children and what is asked for beside them').to.be.at.most(max);
    }
    if (this.#plan.dispatcher === 'demand')
      expect(new Set(all).size, 'an event that two got').to.equal(all.length);
    for (const event of all) expect(event).to.be.within(1, this.#emitted);
  }
}

function consumerModule({ slowMs }: ConsumerPlan): Consumer<{ readonly argument: undefined }> {
  return {
    init: () => ok(undefined),
    async handleEvents(_events, _subscription, state, self) {
      if (slowMs > 0) await self.sleep(slowMs);
      return noreply(state);
    },
  };
}

/** One leaves with demand, what is emitted then waits, and of those that are left one asks for less than was left. */
const askedForLessThanWasLeft: [Plan, Command[]] = [
  {
    dispatcher: 'demand',
    surplus: [0],
    consumers: [
      { type: 'consumer', max: 3, min: 0, slowMs: 0, restart: 'temporary' },
      { type: 'consumer', max: 1, min: 0, slowMs: 0, restart: 'temporary' },
      { type: 'pool', max: 5, min: 0, slowMs: 0, restart: 'temporary' },
    ],
  },
  [
    ...Array.from({ length: 3 }, (): Command => ({ type: 'child', at: 0, how: 'end' })),
    { type: 'kill', at: 0 },
    { type: 'emit', count: 6 },
    { type: 'pass' },
    { type: 'emit', count: 1 },
  ],
];

describe('whatever happens to stages', () => {
  it('demand is never negative, never more than a subscription allows, and no event comes twice', () =>
    holds(
      fc.asyncProperty(plan, fc.array(command, { maxLength: 40 }), async (what, list) => {
        const flow = new Flow(what, list);
        await flow.begin();
        for (const next of list) await flow.run(next);
        await flow.ground.settle();
        flow.check();
      }),
      [askedForLessThanWasLeft],
    )).timeout(0);
});
