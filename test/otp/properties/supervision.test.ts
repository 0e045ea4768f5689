/** Random trees and random sequences of what can happen to them, against what must hold whatever happens. */
import { expect } from 'chai';
import fc from 'fast-check';
import { startDynamicChild, terminateDynamicChild } from '../../../src/otp/dynamic-supervisor.ts';
import type { ExitReason } from '../../../src/otp/exit-reason.ts';
import type { Pid } from '../../../src/otp/pid.ts';
import type { Process } from '../../../src/otp/process.ts';
import { startRegistry } from '../../../src/otp/registry.ts';
import {
  deleteChild,
  restartChild,
  startChild,
  startSupervisor,
  terminateChild,
  whichChildren,
} from '../../../src/otp/supervisor.ts';
import { Chronicle } from './chronicle.ts';
import { Ground } from './ground.ts';
import { holds } from './holds.ts';
import {
  type Order,
  Planter,
  REGISTRY,
  type SupervisorNode,
  supervisorNode,
  type WorkerNode,
  workerNode,
} from './tree.ts';

/** `at` chooses among those that there are at that moment. */
type Command =
  | { readonly type: 'order'; readonly at: number; readonly order: Order }
  | { readonly type: 'signal'; readonly at: number; readonly reason: ExitReason }
  | { readonly type: 'stop_supervisor'; readonly at: number; readonly reason: ExitReason }
  | { readonly type: 'start_child'; readonly at: number; readonly node: WorkerNode | SupervisorNode }
  | {
      readonly type: 'terminate_child' | 'restart_child' | 'delete_child';
      readonly at: number;
      readonly child: number;
    }
  | { readonly type: 'pass'; readonly ms: number };

const at = fc.nat({ max: 1000 });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('order' as const),
      at,
      order: fc.constantFrom<Order>(
        { type: 'crash', reason: 'boom' },
        { type: 'raise' },
        { type: 'stop', reason: 'normal' },
        { type: 'stop', reason: 'shutdown' },
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('signal' as const),
      at,
      reason: fc.constantFrom<ExitReason>('kill', 'kill', 'shutdown', 'normal', 'boom'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('stop_supervisor' as const),
      at,
      reason: fc.constantFrom<ExitReason>('normal', 'shutdown', 'boom'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('start_child' as const),
      at,
      node: fc.oneof({ weight: 4, arbitrary: workerNode }, { weight: 1, arbitrary: supervisorNode }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom('terminate_child' as const, 'restart_child' as const, 'delete_child' as const),
      at,
      child: at,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('pass' as const),
      ms: fc.constantFrom(500, 1000, 2500, 6000),
    }),
  },
);

const commands = fc.array(command, { maxLength: 25 });

/** One tree that commands are played to. */
class Story {
  readonly ground = new Ground();
  readonly chronicle = new Chronicle(this.ground);
  readonly #planter: Planter;
  #fresh = 0;

  constructor(planter: Planter) {
    this.#planter = planter;
  }

  async begin(root: SupervisorNode): Promise<void> {
    const { runtime } = this.ground;
    await startRegistry(runtime, { name: REGISTRY, keys: 'unique' });
    this.chronicle.plant('root', root);
    void startSupervisor(runtime, this.#planter.options(root, 'root'), { label: 'root' });
    await this.ground.settle();
  }

  /** Begins what the command says; it has not happened yet when this returns. */
  async play(next: Command): Promise<void> {
    const { runtime, clock } = this.ground;
    switch (next.type) {
      case 'order':
        return this.#on(next.at, 'worker', ({ pid }) => runtime.send(pid, next.order));
      case 'signal':
        return this.#on(next.at, 'any', (process) => {
          if (next.reason === 'kill') this.chronicle.struck(process);
          runtime.exit(process.pid, next.reason);
        });
      case 'stop_supervisor':
        return this.#on(next.at, 'supervisor', (process) => {
          this.chronicle.asked(process);
          void runtime.stop(process.pid, next.reason).catch(() => {});
        });
      case 'start_child':
        return this.#on(next.at, 'supervisor', (process) => {
          const id = `${process.label}+${++this.#fresh}`;
          const spec = this.#planter.spec(next.node, id);
          this.chronicle.requested(process, id);
          this.chronicle.plant(id, next.node);
          const start = this.#isDynamic(process) ? startDynamicChild : startChild;
          void start(runtime, process.pid as Pid<never>, spec).catch(() => {});
        });
      case 'terminate_child':
      case 'restart_child':
      case 'delete_child':
        return this.#on(next.at, 'supervisor', (process) => this.#onChild(process, next.type, next.child));
      case 'pass':
        clock.advance(next.ms);
    }
  }

  async #onChild(
    supervisor: Process,
    type: 'terminate_child' | 'restart_child' | 'delete_child',
    child: number,
  ): Promise<void> {
    const { runtime } = this.ground;
    const to = supervisor.pid as Pid<never>;
    if (this.#isDynamic(supervisor)) {
      const children = this.ground.processes.filter(({ parent }) => parent?.key === supervisor.pid.key);
      const chosen = choose(children, child);
      if (chosen !== undefined && type === 'terminate_child')
        void terminateDynamicChild(runtime, to, chosen.pid).catch(() => {});
      return;
    }
    const asked = whichChildren(runtime, to).catch(() => []);
    await this.ground.settle();
    const id = choose(await asked, child)?.id;
    if (id === undefined) return;
    this.chronicle.requested(supervisor, id);
    const operation = {
      terminate_child: terminateChild,
      restart_child: restartChild,
      delete_child: deleteChild,
    }[type];
    void operation(runtime, to, id).catch(() => {});
  }

  async #on(
    index: number,
    kind: 'worker' | 'supervisor' | 'any',
    then: (process: Process) => void | Promise<void>,
  ): Promise<void> {
    const tree = this.ground.processes.filter(({ label }) => label !== undefined);
    const fitting = tree.filter(({ behaviour }) => kind === 'any' || behaviour.kind === kind);
    const process = choose(fitting, index);
    if (process !== undefined) await then(process);
  }

  #isDynamic(process: Process): boolean {
    return this.chronicle.nodeOf(process)?.type === 'dynamic';
  }
}

function choose<Value>(list: readonly Value[], index: number): Value | undefined {
  return list[index % Math.max(1, list.length)];
}

describe('whatever happens to a supervision tree', () => {
  it('no process outlives its supervisor, children start in order and stop in reverse, and no supervisor restarts more than it may', () =>
    holds(
      fc.asyncProperty(supervisorNode, commands, async (root, list) => {
        const story = new Story(new Planter('no names'));
        await story.begin(root);
        for (const next of list) {
          story.chronicle.turn();
          await story.play(next);
          await story.ground.settle();
          story.chronicle.check();
        }
      }),
    )).timeout(0);

  it('it is whole again after a burst, with nothing left of what has ended', () =>
    holds(
      fc.asyncProperty(supervisorNode, fc.array(commands, { maxLength: 5 }), async (root, bursts) => {
        const story = new Story(new Planter('names'));
        await story.begin(root);
        for (const burst of bursts) {
          for (const next of burst) if (next.type !== 'delete_child') await story.play(next);
          await story.ground.settle();
          story.chronicle.checkLiving();
        }
        await story.ground.end();
        expect(story.ground.processes).to.deep.equal([]);
      }),
    )).timeout(0);
});
