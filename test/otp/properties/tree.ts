/** Random supervision trees: what they are made of, and how they are started. */
import fc from 'fast-check';
import type { ChildSpec, Restart, Shutdown } from '../../../src/otp/child-spec.ts';
import { startDynamicSupervisorLink } from '../../../src/otp/dynamic-supervisor.ts';
import { type ExitReason, exit } from '../../../src/otp/exit-reason.ts';
import { type GenServer, type StartOptions, startLink } from '../../../src/otp/gen-server.ts';
import { at, via } from '../../../src/otp/pid.ts';
import { noreply, ok, refuse, stop } from '../../../src/otp/result.ts';
import type { Parent } from '../../../src/otp/runtime.ts';
import type { StartResult } from '../../../src/otp/start.ts';
import { startSupervisorLink } from '../../../src/otp/supervisor.ts';
import type { Strategy } from '../../../src/otp/supervisor-plan.ts';
import type { Away } from './ground.ts';

export interface WorkerNode {
  readonly type: 'worker';
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly trapExit: boolean;
  /** How long its last words take. */
  readonly lastWordsMs: number;
  /** Which of its starts fail, the first being 1. */
  readonly failing: readonly number[];
  /** The key that it takes in the registry; several may want the same. */
  readonly key: number | undefined;
}

export interface SupervisorNode {
  readonly type: 'supervisor';
  readonly restart: Restart;
  readonly strategy: Strategy;
  readonly maxRestarts: number;
  readonly maxSeconds: number;
  readonly children: readonly TreeNode[];
}

export interface DynamicNode {
  readonly type: 'dynamic';
  readonly restart: Restart;
  readonly maxRestarts: number;
  readonly maxSeconds: number;
}

export type TreeNode = WorkerNode | SupervisorNode | DynamicNode;

/** What a worker is told to do. */
export type Order =
  | { readonly type: 'crash'; readonly reason: ExitReason }
  | { readonly type: 'raise' }
  | { readonly type: 'stop'; readonly reason: ExitReason };

interface WorkerSpec {
  readonly argument: undefined;
  readonly state: undefined;
  readonly info: Order;
}

const restart = fc.constantFrom<Restart>('permanent', 'permanent', 'transient', 'temporary');

export const workerNode: fc.Arbitrary<WorkerNode> = fc.record({
  type: fc.constant('worker' as const),
  restart,
  shutdown: fc.constantFrom<Shutdown>('brutal_kill', 'infinity', 100, 5000),
  trapExit: fc.boolean(),
  lastWordsMs: fc.constantFrom(0, 0, 50, 500),
  failing: fc.constantFrom([], [], [], [1], [2], [2, 3], [2, 3, 4, 5, 6]),
  key: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
});

const dynamicNode: fc.Arbitrary<DynamicNode> = fc.record({
  type: fc.constant('dynamic' as const),
  restart,
  maxRestarts: fc.integer({ min: 0, max: 3 }),
  maxSeconds: fc.integer({ min: 1, max: 5 }),
});

export const supervisorNode: fc.Arbitrary<SupervisorNode> = fc.letrec<{
  supervisor: SupervisorNode;
  child: TreeNode;
}>((tie) => ({
  supervisor: fc.record({
    type: fc.constant('supervisor' as const),
    restart,
    strategy: fc.constantFrom<Strategy>('one_for_one', 'one_for_all', 'rest_for_one'),
    maxRestarts: fc.integer({ min: 0, max: 3 }),
    maxSeconds: fc.integer({ min: 1, max: 5 }),
    children: fc.array(tie('child'), { maxLength: 4, depthIdentifier: 'tree' }),
  }),
  child: fc.oneof(
    { depthIdentifier: 'tree', maxDepth: 3 },
    { arbitrary: workerNode, weight: 4 },
    { arbitrary: dynamicNode, weight: 1 },
    { arbitrary: tie('supervisor'), weight: 2 },
  ),
})).supervisor;

export const REGISTRY = 'registry';

/** The specs of a tree's processes, each with an id, and so a label, of its own: the path to it. */
export class Planter {
  readonly #names: 'names' | 'no names';
  /** Where workers run, if not with their supervisors. */
  readonly #away: Away | undefined;
  /** How often each id was started. */
  readonly #starts = new Map<string, number>();

  constructor(names: 'names' | 'no names', away?: Away) {
    this.#names = names;
    this.#away = away;
  }

  spec(node: TreeNode, id: string): ChildSpec {
    const common = { id, restart: node.restart };
    switch (node.type) {
      case 'worker':
        return {
          ...common,
          shutdown: node.shutdown,
          start: (supervisor) => {
            const begin = (parent: Parent): Promise<StartResult> =>
              startLink(parent, this.#worker(node, id), undefined, this.#workerOptions(node, id));
            if (this.#away === undefined) return begin(supervisor);
            const { runtime, answer } = this.#away;
            return answer(begin({ runtime, pid: supervisor.pid }));
          },
        };
      case 'supervisor':
        return {
          ...common,
          type: 'supervisor',
          start: (supervisor) => startSupervisorLink(supervisor, this.options(node, id), { label: id }),
        };
      case 'dynamic': {
        const { maxRestarts, maxSeconds } = node;
        return {
          ...common,
          type: 'supervisor',
          start: (supervisor) =>
            startDynamicSupervisorLink(supervisor, { maxRestarts, maxSeconds }, { label: id }),
        };
      }
    }
  }

  options(node: SupervisorNode, id: string): Parameters<typeof startSupervisorLink>[1] {
    const { strategy, maxRestarts, maxSeconds, children } = node;
    return {
      strategy,
      maxRestarts,
      maxSeconds,
      children: children.map((child, index) => this.spec(child, `${id}.${index}`)),
    };
  }

  #workerOptions({ key }: WorkerNode, label: string): StartOptions {
    if (key === undefined || this.#names === 'no names') return { label };
    const name = via(REGISTRY, key);
    return { label, name: this.#away === undefined ? name : at(0, name) };
  }

  #worker(node: WorkerNode, id: string): GenServer<WorkerSpec> {
    return {
      trapExit: node.trapExit,
      init: () => {
        const start = (this.#starts.get(id) ?? 0) + 1;
        this.#starts.set(id, start);
        return node.failing.includes(start) ? refuse('will not start') : ok(undefined);
      },
      handleInfo(message, state) {
        switch (message.type) {
          case 'crash':
            return exit(message.reason);
          case 'raise':
            throw new Error('raised');
          case 'stop':
            return stop(message.reason, state);
          default:
            return noreply(state);
        }
      },
      async terminate(_reason, _state, self) {
        if (node.lastWordsMs > 0) await self.sleep(node.lastWordsMs);
      },
    };
  }
}
