/**
 * The one place that knows every process of a scenario: labels and incarnations, what was observed, the clock, and
 * the driver. A process is known here from its spawn on, under the label it was spawned with; its end is recorded at
 * the moment it counts. A second thread tells this place what happens there, and asks it who is who.
 */
import { type ExitReason, OperationFailed } from '../../src/otp/exit-reason.ts';
import type { Destination, Pid } from '../../src/otp/pid.ts';
import { via } from '../../src/otp/pid.ts';
import type { Behaviour, Process } from '../../src/otp/process.ts';
import type { Runtime, RuntimeObserver } from '../../src/otp/runtime.ts';
import type { StartResult } from '../../src/otp/start.ts';
import type { ManualClock } from '../../src/testing/manual-clock.ts';
import type { Json, Observation, Reference, Spec, SpecType, SupervisorReference } from './format.ts';
import { NAMES_HERE } from './names.ts';
import { startChildOf, startHere } from './start.ts';
import { isLeaf, type LeafSpec } from './start-leaf.ts';
import { Terms } from './term.ts';
import { type Incarnation, UNKNOWN, type World } from './world.ts';

/** The second thread, as the home sees it. */
export interface Away {
  /** Whether it is the place for what that starts, if it is no supervisor itself. */
  takes(starter: 'supervisor' | 'process'): boolean;
  /** Starts the process of a spec there, linked to `parent`. */
  start(parent: Pid, spec: LeafSpec, argument: Json | undefined): Promise<StartResult>;
  /** Tells who a process is, before anything else that names it. */
  introduce(pid: Pid, incarnation: Incarnation): void;
  /** Tells the time before it goes on. */
  tick(now: number): void;
  /** Whether nothing is busy there, and everything that either side has sent was handled by the other. */
  isIdle(): Promise<boolean>;
}

interface Known extends Incarnation {
  readonly type: SpecType;
  readonly pid: Pid;
  alive: boolean;
}

interface Declared {
  readonly type: SpecType;
  readonly argument: Json | undefined;
}

const INCARNATION = /^(.*)#(\d+)$/s;

/** Traps exits and drops every message that it is not waiting for. */
const driverBehaviour: Behaviour = {
  kind: 'driver',
  start(process) {
    process.trapExit = true;
  },
  receive() {},
};

export class HomeWorld implements World {
  readonly runtime: Runtime;
  readonly clock: ManualClock;
  readonly away: Away | undefined;
  readonly names = NAMES_HERE;
  readonly terms = new Terms((pid) => this.nameOf(pid));
  /** Runs the steps; the parent of all that they start. */
  readonly driver: Process;
  readonly #observer: RuntimeObserver;
  readonly #labels = new Map<string, Known[]>();
  readonly #byPid = new Map<number, Known>();
  readonly #declared = new Map<string, Declared>();
  #log: Observation[] = [];
  #exits: [string, string][] = [];

  constructor(runtime: Runtime, clock: ManualClock, away?: Away) {
    this.runtime = runtime;
    this.clock = clock;
    this.away = away;
    this.#observer = {
      spawned: ({ pid, label }) => {
        const declared = label === undefined ? undefined : this.#declared.get(label);
        if (label !== undefined && declared !== undefined) this.born(pid, label, declared);
      },
      ended: ({ pid }, reason) => this.ended(pid, reason),
    };
    runtime.observers.add(this.#observer);
    this.driver = runtime.spawn(driverBehaviour);
    away?.introduce(this.driver.pid, { label: 'driver', number: 1, name: 'driver' });
  }

  /** Goes to the moment of the earliest timer, everywhere, and fires that one alone; false when none is set. */
  fireNext(): boolean {
    const { nextDueAt } = this.clock;
    if (nextDueAt !== undefined && nextDueAt > this.clock.now()) this.away?.tick(nextDueAt);
    return this.clock.fireNext();
  }

  /** Nothing of what happens from now on is recorded. */
  close(): void {
    this.runtime.observers.delete(this.#observer);
  }

  // -- who is who --------------------------------------------------------------------------------------------

  declare(label: string, type: SpecType, argument: Json | undefined): void {
    this.#declared.set(label, { type, argument });
  }

  nameOf(pid: Pid): string {
    return this.#byPid.get(pid.key)?.name ?? (pid.key === this.driver.pid.key ? 'driver' : 'other');
  }

  incarnation(pid: Pid): Incarnation {
    const known = this.#byPid.get(pid.key);
    if (known === undefined) throw new Error(`process ${pid} was started without a spec`);
    return known;
  }

  /** What a supervisor is: as the reference says, or as it was declared. */
  typeOf(reference: SupervisorReference, pid: Pid): SpecType | undefined {
    if (typeof reference === 'object' && 'kind' in reference) return reference.kind;
    return this.#byPid.get(pid.key)?.type;
  }

  resolve(reference: Reference, self?: Process): Destination | undefined {
    if (typeof reference === 'object') {
      return 'name' in reference ? reference.name : via(reference.via[0], reference.via[1]);
    }
    return reference === 'self' && self !== undefined ? self.pid : this.find(reference);
  }

  /** The incarnation that is meant by `a` or `a#1`. */
  find(reference: string): Pid | undefined {
    const [, label, number] = INCARNATION.exec(reference) ?? [];
    if (label !== undefined) return this.#labels.get(label)?.[Number(number) - 1]?.pid;
    const born = this.#labels.get(reference) ?? [];
    return (born.findLast((known) => known.alive) ?? born.at(-1))?.pid;
  }

  isAlive(pid: Pid): boolean {
    return this.#byPid.get(pid.key)?.alive ?? false;
  }

  living(): string[] {
    return [...this.#byPid.values()].flatMap(({ alive, name }) => (alive ? [name] : []));
  }

  // -- starts ------------------------------------------------------------------------------------------------

  start(parent: Process, spec: Spec, argument?: Json): Promise<StartResult> {
    return this.#startBy('process', parent, spec, argument);
  }

  /** As `start`, for a supervisor's child. */
  startSupervised(supervisor: Process, spec: Spec, argument: Json | undefined): Promise<StartResult> {
    return this.#startBy('supervisor', supervisor, spec, argument);
  }

  #startBy(
    starter: 'supervisor' | 'process',
    parent: Process,
    spec: Spec,
    argument: Json | undefined,
  ): Promise<StartResult> {
    if (this.away?.takes(starter) === true && isLeaf(spec))
      return parent.within(this.away.start(parent.pid, spec, argument));
    return startHere(this, parent, spec, argument);
  }

  async startChild(
    caller: Process,
    supervisor: SupervisorReference,
    spec: Spec | undefined,
    argument: Json | undefined,
  ): Promise<string> {
    const to = this.resolve(supervisor, caller);
    if (to === undefined) return UNKNOWN;
    const pid = this.runtime.whereis(to);
    if (pid === undefined) throw new OperationFailed('call', 'noproc');
    return startChildOf(this, caller, pid as Pid<never>, this.typeOf(supervisor, pid), spec, argument);
  }

  // -- what happened -----------------------------------------------------------------------------------------

  observe(...observation: Observation): void {
    this.#log.push(observation);
  }

  /** What was observed since the last collection. */
  collect(): { readonly log: Observation[]; readonly exits: [string, string][] } {
    const collected = { log: this.#log, exits: this.#exits };
    this.#log = [];
    this.#exits = [];
    return collected;
  }

  /** A process was spawned, on either thread. */
  born(pid: Pid, label: string, { type, argument }: Declared): void {
    const before = this.#labels.get(label) ?? [];
    const number = before.length + 1;
    const known: Known = { label, number, name: `${label}#${number}`, type, pid, alive: true };
    this.#labels.set(label, [...before, known]);
    this.#byPid.set(pid.key, known);
    this.away?.introduce(pid, { label, number, name: known.name });
    if (type === 'task')
      this.observe('init', known.name, ...(argument === undefined ? [] : [this.terms.value(argument)]));
  }

  /** A process has ended, on either thread. */
  ended(pid: Pid, reason: ExitReason): void {
    const known = this.#byPid.get(pid.key);
    if (known === undefined) return;
    known.alive = false;
    this.#exits.push([known.name, this.terms.reason(reason)]);
  }
}
