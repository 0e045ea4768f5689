/** What a supervisor needs to know of a child. Parsed once; inner code sees only whole specs. */
import type { Backoff } from '../base/backoff.ts';
import { type ExitReason, reasonOf, type StartSpecProblem } from './exit-reason.ts';
import type { Process } from './process.ts';
import type { StartResult } from './start.ts';

/** When a child that ended is started again: always; unless it ended cleanly; never. */
export type Restart = 'permanent' | 'transient' | 'temporary';

/** How a child is stopped: asked by `shutdown` and given so many milliseconds, killed at once, or waited for. */
export type Shutdown = number | 'brutal_kill' | 'infinity';

export type AutoShutdown = 'never' | 'any_significant' | 'all_significant';

/**
 * A restart budget of the child's own: it is started off its supervisor's loop, at once the first time and then
 * after a growing delay, and does not count towards its supervisor's intensity. Not in OTP.
 */
export interface RestartBackoff extends Backoff {
  /** A child that has run for so long, in milliseconds, is forgiven its earlier ends. */
  readonly stableMs: number;
  /** Ends that cost the child nothing: its next start waits for what ended it, a thread say, by itself. */
  readonly isFree?: (reason: ExitReason) => boolean;
}

export interface ChildSpec {
  readonly id: string;
  /** Starts the process, linked to the supervisor. Extra arguments of the supervisor come after it. */
  readonly start: (supervisor: Process, ...extra: readonly unknown[]) => Promise<StartResult>;
  readonly restart?: Restart;
  /** Default 5,000 ms for a worker, `infinity` for a supervisor. */
  readonly shutdown?: Shutdown;
  readonly type?: 'worker' | 'supervisor';
  /** Its end by itself can end the supervisor, see `autoShutdown`. */
  readonly significant?: boolean;
  /** DynamicSupervisor only; the child's `id` is then its key. */
  readonly backoff?: RestartBackoff;
}

/** A spec with nothing left open. */
export interface Child {
  readonly id: string;
  readonly start: ChildSpec['start'];
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly type: 'worker' | 'supervisor';
  readonly significant: boolean;
  readonly backoff: RestartBackoff | undefined;
}

export function parseChild(spec: ChildSpec): Child {
  const type = spec.type ?? 'worker';
  return {
    id: spec.id,
    start: spec.start,
    restart: spec.restart ?? 'permanent',
    shutdown: spec.shutdown ?? (type === 'supervisor' ? 'infinity' : 5000),
    type,
    significant: spec.significant ?? false,
    backoff: spec.backoff,
  };
}

/**
 * Starts the child's process; a start function that throws is a start that failed. One that answers when its
 * supervisor has ended, from another thread perhaps, is nobody's.
 */
export async function startOne(
  child: Child,
  supervisor: Process,
  ...extra: readonly unknown[]
): Promise<StartResult> {
  try {
    return await supervisor.within(child.start(supervisor, ...extra));
  } catch (thrown) {
    return { type: 'error', reason: reasonOf(thrown) };
  }
}

/** What is wrong with one child under that auto_shutdown, if anything. */
export function childProblem(child: Child, autoShutdown: AutoShutdown): StartSpecProblem | undefined {
  if (!child.significant) return undefined;
  if (autoShutdown === 'never')
    return { type: 'bad_combination', detail: ['auto_shutdown', 'never', 'significant', 'true'] };
  if (child.restart === 'permanent') {
    return { type: 'bad_combination', detail: ['restart', 'permanent', 'significant', 'true'] };
  }
  return undefined;
}

export function childrenProblem(
  children: readonly Child[],
  autoShutdown: AutoShutdown,
): StartSpecProblem | undefined {
  const seen = new Set<string>();
  for (const child of children) {
    const problem = childProblem(child, autoShutdown);
    if (problem !== undefined) return problem;
    if (seen.has(child.id)) return { type: 'duplicate_child_name', id: child.id };
    seen.add(child.id);
  }
  return undefined;
}
