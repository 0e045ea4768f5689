/**
 * The one place that knows every process of a scenario: labels and incarnations, what was observed, the clock, and
 * the driver. A process is known here from its spawn on, under the label it was spawned with; its end is recorded at
 * the moment it counts. Whatever runs elsewhere tells this place, and asks it who is who.
 */
import { seededRandom } from '../../src/base/random.ts';
import type { ExitReason } from '../../src/otp/exit-reason.ts';
import type { Destination, Pid } from '../../src/otp/pid.ts';
import { via } from '../../src/otp/pid.ts';
import type { Behaviour, Process } from '../../src/otp/process.ts';
import { Runtime } from '../../src/otp/runtime.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import type { Json, Observation, Reference, SpecType, SupervisorReference } from './format.ts';
import { Terms } from './term.ts';

export interface Incarnation {
  readonly label: string;
  readonly number: number;
  /** `a#1` */
  readonly name: string;
  readonly pid: Pid;
  alive: boolean;
}

/** What a step or an action on a process that was never born comes to. */
export const UNKNOWN = 'unknown_process';

const INCARNATION = /^(.*)#(\d+)$/s;

/** Traps exits and drops every message that it is not waiting for. */
const driverBehaviour: Behaviour = {
  kind: 'driver',
  start(process) {
    process.trapExit = true;
  },
  receive() {},
};

export class World {
  readonly clock = new ManualClock();
  readonly runtime = new Runtime({ clock: this.clock, random: seededRandom(1) });
  readonly terms = new Terms((pid) => this.nameOf(pid));
  /** Runs the steps; the parent of all that they start. */
  readonly driver: Process;
  readonly #labels = new Map<string, Incarnation[]>();
  readonly #byPid = new Map<number, Incarnation>();
  readonly #types = new Map<string, SpecType>();
  /** Labels of tasks, with the argument that the next one gets: a task is observed at its spawn. */
  readonly #tasks = new Map<string, Json | undefined>();
  #log: Observation[] = [];
  #exits: [string, string][] = [];

  constructor() {
    this.runtime.observers.add({
      spawned: (process) => this.#spawned(process),
      ended: (process, reason) => this.#ended(process, reason),
    });
    this.driver = this.runtime.spawn(driverBehaviour);
  }

  // -- who is who --------------------------------------------------------------------------------------------

  /** Says what the processes of a label are, before one of them is born. */
  declare(label: string, type: SpecType): void {
    this.#types.set(label, type);
  }

  /** As `declare`, for a task and the argument of the next one. */
  declareTask(label: string, argument: Json | undefined): void {
    this.declare(label, 'task');
    this.#tasks.set(label, argument);
  }

  nameOf(pid: Pid): string {
    return this.#byPid.get(pid.key)?.name ?? (pid.key === this.driver.pid.key ? 'driver' : 'other');
  }

  incarnationOf(pid: Pid): Incarnation | undefined {
    return this.#byPid.get(pid.key);
  }

  /** What a supervisor is: as the reference says, or as its label was declared. */
  typeOf(reference: SupervisorReference, pid: Pid | undefined): SpecType | undefined {
    if (typeof reference === 'object' && 'kind' in reference) return reference.kind;
    const incarnation = pid === undefined ? undefined : this.#byPid.get(pid.key);
    return incarnation === undefined ? undefined : this.#types.get(incarnation.label);
  }

  /** Where a reference leads at this moment; undefined when that process was never born. */
  resolve(reference: Reference, self?: Process): Destination | undefined {
    if (typeof reference === 'object') {
      return 'name' in reference ? reference.name : via(reference.via[0], reference.via[1]);
    }
    if (reference === 'self' && self !== undefined) return self.pid;
    const [, label, number] = INCARNATION.exec(reference) ?? [];
    if (label !== undefined) return this.#labels.get(label)?.[Number(number) - 1]?.pid;
    const born = this.#labels.get(reference) ?? [];
    return (born.findLast((incarnation) => incarnation.alive) ?? born.at(-1))?.pid;
  }

  living(): string[] {
    return [...this.#byPid.values()].flatMap(({ alive, name }) => (alive ? [name] : []));
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

  #spawned({ label, pid }: Process): void {
    if (label === undefined) return;
    const born = this.#labels.get(label) ?? [];
    const number = born.length + 1;
    const incarnation: Incarnation = { label, number, name: `${label}#${number}`, pid, alive: true };
    this.#labels.set(label, [...born, incarnation]);
    this.#byPid.set(pid.key, incarnation);
    if (!this.#tasks.has(label)) return;
    const argument = this.#tasks.get(label);
    this.observe('init', incarnation.name, ...(argument === undefined ? [] : [this.terms.value(argument)]));
  }

  #ended({ pid }: Process, reason: ExitReason): void {
    const incarnation = this.#byPid.get(pid.key);
    if (incarnation === undefined) return;
    incarnation.alive = false;
    this.#exits.push([incarnation.name, this.terms.reason(reason)]);
  }
}
