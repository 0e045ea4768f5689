/**
 * An account of a supervision tree, kept from births and ends alone, and checked as it is written:
 *
 *  - a supervisor that ends has ended its children first, unless it was killed; and then they end too;
 *  - it starts children in the order of their specs and stops them in reverse;
 *  - more than `maxRestarts` ends within `maxSeconds` that call for a restart end it, and nothing else does but a request.
 */
import { expect } from 'chai';
import type { Process } from '../../../src/otp/process.ts';
import { verdict } from '../../../src/otp/supervisor-plan.ts';
import type { Ground, Happening } from './ground.ts';
import type { DynamicNode, SupervisorNode, TreeNode } from './tree.ts';

/** One supervisor's life. */
interface Account {
  readonly process: Process;
  readonly node: SupervisorNode | DynamicNode;
  /** Its children's ids, in the order of their specs. */
  readonly order: string[];
  /** When a child's end called for a restart. */
  readonly restarts: number[];
  exceeded: boolean;
  /** What it is doing to its children one after the other, and how far it has come. */
  run: { readonly type: 'starts' | 'stops'; readonly at: number } | undefined;
}

export class Chronicle {
  readonly #ground: Ground;
  readonly #nodes = new Map<string, TreeNode>();
  readonly #accounts = new Map<number, Account>();
  /** Killed from outside: these had no time for their children. */
  readonly #struck = new Set<Process>();
  /** Asked from outside to stop. */
  readonly #asked = new Set<Process>();
  /** Noted where they happen, in the middle of the runtime, and told when it rests. */
  readonly #faults: string[] = [];
  /** The child that a supervisor was asked to start in this turn. */
  #requested: { readonly supervisor: Process; readonly id: string } | undefined;

  constructor(ground: Ground) {
    this.#ground = ground;
    ground.listeners.push((happening) => {
      if (happening.type === 'born') this.#born(happening.process);
      else this.#ended(happening);
    });
  }

  nodeOf(process: Process): TreeNode | undefined {
    return process.label === undefined ? undefined : this.#nodes.get(process.label);
  }

  /** What the processes with that id, and with the ids below it, are. */
  plant(id: string, node: TreeNode): void {
    this.#nodes.set(id, node);
    if (node.type !== 'supervisor') return;
    for (const [index, child] of node.children.entries()) this.plant(`${id}.${index}`, child);
  }

  /** One thing is about to happen, and all that comes of it. */
  turn(): void {
    this.#requested = undefined;
    for (const account of this.#accounts.values()) account.run = undefined;
  }

  struck(process: Process): void {
    this.#struck.add(process);
  }

  asked(process: Process): void {
    this.#asked.add(process);
  }

  requested(supervisor: Process, id: string): void {
    this.#requested = { supervisor, id };
  }

  /** What holds when a turn is over. */
  check(): void {
    this.checkLiving();
    expect(this.#faults, 'what must not happen').to.deep.equal([]);
    for (const { process, exceeded } of this.#accounts.values())
      if (exceeded) expect(process.alive, `${process.label} restarts more than it may`).to.equal(false);
  }

  checkLiving(): void {
    for (const process of this.#ground.processes) {
      if (process.parent === undefined || this.nodeOf(process) === undefined) continue;
      const parent = this.#ground.runtime.find(process.parent);
      expect(parent, `${process.label} outlives its supervisor`).not.to.equal(undefined);
    }
    this.#ground.checkLinks();
    this.#ground.checkRegistries();
  }

  #born(process: Process): void {
    const node = this.nodeOf(process);
    if (node === undefined) return;
    if (node.type !== 'worker') {
      const order =
        node.type === 'dynamic' ? [] : node.children.map((_, index) => `${process.label}.${index}`);
      this.#accounts.set(process.pid.key, {
        process,
        node,
        order,
        restarts: [],
        exceeded: false,
        run: undefined,
      });
    }
    const supervisor = this.#accountOf(process);
    if (supervisor !== undefined) this.#goesOn(supervisor, 'starts', process);
  }

  #ended(happening: Extract<Happening, { type: 'ended' }>): void {
    const { process } = happening;
    const node = this.nodeOf(process);
    if (node === undefined) return;
    if (node.type !== 'worker') this.#supervisorEnded(happening);
    const supervisor = this.#accountOf(process);
    if (supervisor === undefined || !supervisor.process.alive) return;
    if (!happening.byItself) {
      if (happening.wasUp) this.#goesOn(supervisor, 'stops', process);
    } else if (happening.wasUp) {
      if (verdict(node.restart, happening.reason) === 'restart') this.#restarts(supervisor);
    } else if (supervisor.process.starter === undefined && !this.#isRequested(supervisor, process)) {
      this.#restarts(supervisor);
    }
  }

  #supervisorEnded({ process, reason, byItself, wasUp }: Extract<Happening, { type: 'ended' }>): void {
    if (this.#struck.has(process)) return;
    const living = this.#ground.processes.filter(({ parent }) => parent?.key === process.pid.key);
    if (living.length > 0)
      this.#faults.push(`${process.label} ended before ${living.map(({ label }) => label)}`);
    const byOwnWill = wasUp && (byItself || process.parent === undefined) && !this.#asked.has(process);
    if (!byOwnWill) return;
    if (reason !== 'shutdown') this.#faults.push(`${process.label} ended of ${JSON.stringify(reason)}`);
    if (this.#accounts.get(process.pid.key)?.exceeded !== true)
      this.#faults.push(`${process.label} gave up too early`);
  }

  #restarts(supervisor: Account): void {
    const { maxRestarts, maxSeconds } = supervisor.node;
    const now = this.#ground.clock.now();
    supervisor.restarts.push(now);
    const counted = supervisor.restarts.filter((at) => at >= now - maxSeconds * 1000);
    if (counted.length > maxRestarts) supervisor.exceeded = true;
  }

  #isRequested({ process }: Account, child: Process): boolean {
    return this.#requested?.supervisor === process && this.#requested.id === child.label;
  }

  #goesOn(supervisor: Account, type: 'starts' | 'stops', child: Process): void {
    if (supervisor.node.type === 'dynamic') return;
    const { label } = child;
    if (label === undefined) return;
    if (!supervisor.order.includes(label)) supervisor.order.push(label);
    const at = supervisor.order.indexOf(label);
    const { run } = supervisor;
    if (run?.type === type) {
      const inOrder = type === 'starts' ? at >= run.at : at < run.at;
      if (!inOrder) this.#faults.push(`${supervisor.process.label} ${type} ${label} out of order`);
    }
    supervisor.run = { type, at };
  }

  #accountOf({ parent }: Process): Account | undefined {
    return parent === undefined ? undefined : this.#accounts.get(parent.key);
  }
}
