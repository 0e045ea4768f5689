/** What the two threads of a scenario can ask of each other, beside the signals of their processes. */
import type { ExitReason } from '../../src/otp/exit-reason.ts';
import type { Pid } from '../../src/otp/pid.ts';
import type { StartResult } from '../../src/otp/start.ts';
import type { Json, Observation, Spec, SpecType, SupervisorReference } from './format.ts';
import type { LeafSpec } from './start-leaf.ts';
import type { Incarnation } from './world.ts';

/** Served by the main thread. */
export interface HomeControl {
  born(pid: Pid, label: string, type: SpecType, argument: Json | undefined): void;
  ended(pid: Pid, reason: ExitReason): void;
  observe(observation: Observation): void;
  /** The incarnation that is meant by `a` or `a#1`. */
  find(reference: string): Pid | undefined;
  /** Starts a supervisor, linked to a process of the second thread. */
  start(parent: Pid, spec: Spec, argument: Json | undefined): Promise<StartResult>;
  startChild(
    supervisor: SupervisorReference,
    spec: Spec | undefined,
    argument: Json | undefined,
  ): Promise<ChildOutcome>;
  setTimer(id: number, delayMs: number): void;
  clearTimer(id: number): void;
}

/** An outcome as text, or why there is none. */
export type ChildOutcome =
  | { readonly type: 'told'; readonly text: string }
  | { readonly type: 'failed'; readonly reason: ExitReason };

/** Served by the second thread. */
export interface AwayControl {
  start(parent: Pid, spec: LeafSpec, argument: Json | undefined): Promise<StartResult>;
  introduce(pid: Pid, incarnation: Incarnation): void;
  tick(now: number): void;
  fire(timer: number): void;
  /** Answers when nothing is able to run there: with how many packets it has handled, this one included. */
  rest(): Promise<number>;
  /** Ends all processes and forgets the scenario. */
  clear(): void;
}
