/**
 * Who crashed lately: the processes of one runtime that ended with a reason that is no clean one, kept for `SHOWN_MS`
 * and at most `KEPT_MAX` of them, so that a child that is gone can still be seen. Names and reasons, nothing else.
 */
import { type ExitReason, isCleanExit } from '../../otp/exit-reason.ts';
import type { Pid } from '../../otp/pid.ts';
import type { Process } from '../../otp/process.ts';
import type { Runtime } from '../../otp/runtime.ts';
import { type ShownReason, shownReason } from './shown-reason.ts';

/** Plain data. */
export interface Tombstone {
  readonly pid: Pid;
  readonly parent: Pid | undefined;
  readonly kind: string;
  readonly name: string | undefined;
  readonly label: string | undefined;
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
  readonly reason: ShownReason;
}

const SHOWN_MS = 30_000;
const KEPT_MAX = 50;

export class Tombstones {
  readonly #runtime: Runtime;
  #kept: readonly Tombstone[] = [];

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    runtime.observers.add({ ended: (process, reason) => this.#ended(process, reason) });
  }

  /** Those that are to be shown now, oldest first. */
  recent(): readonly Tombstone[] {
    const oldest = this.#runtime.clock.wallTime() - SHOWN_MS;
    this.#kept = this.#kept.filter(({ endedAt }) => endedAt >= oldest);
    return this.#kept;
  }

  #ended(process: Process, reason: ExitReason): void {
    if (isCleanExit(reason)) return;
    const { pid, parent, behaviour, name, label } = process;
    const tombstone: Tombstone = {
      pid,
      parent,
      kind: behaviour.kind,
      name: typeof name === 'string' ? name : undefined,
      label,
      endedAt: this.#runtime.clock.wallTime(),
      reason: shownReason(reason),
    };
    this.#kept = [...this.#kept.slice(1 - KEPT_MAX), tombstone];
  }
}
