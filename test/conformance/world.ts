/**
 * What a scripted process needs to know of its scenario, whichever thread it runs in. What is known in one place only
 * (who is who, names, the clock, what was observed) is with the world of the main thread, the home.
 */
import type { Destination, Pid } from '../../src/otp/pid.ts';
import type { Process } from '../../src/otp/process.ts';
import type { Runtime } from '../../src/otp/runtime.ts';
import type { StartResult } from '../../src/otp/start.ts';
import type { Awaitable } from './awaitable.ts';
import type { Json, Observation, Reference, Spec, SpecType, SupervisorReference } from './format.ts';
import type { Names } from './names.ts';
import type { Terms } from './term.ts';

export interface Incarnation {
  readonly label: string;
  readonly number: number;
  /** `a#1` */
  readonly name: string;
}

/** What a step or an action on a process that was never born comes to. */
export const UNKNOWN = 'unknown_process';

export interface World {
  /** Of the thread that asks. */
  readonly runtime: Runtime;
  readonly terms: Terms;
  readonly names: Names;
  /** Says what the next process of a label is, and its argument: a task is observed at its spawn. */
  declare(label: string, type: SpecType, argument: Json | undefined): void;
  /** Who a process of this thread is. */
  incarnation(pid: Pid): Awaitable<Incarnation>;
  /** Where a reference leads at this moment; undefined when that process was never born. */
  resolve(reference: Reference, self?: Process): Awaitable<Destination | undefined>;
  observe(...observation: Observation): void;
  /** Starts the process of a spec, linked to `parent`, in the thread where it belongs. */
  start(parent: Process, spec: Spec, argument?: Json): Promise<StartResult>;
  /** Has a supervisor of whatever kind start a child; the outcome as text. */
  startChild(
    caller: Process,
    supervisor: SupervisorReference,
    spec: Spec | undefined,
    argument: Json | undefined,
  ): Promise<string>;
}
