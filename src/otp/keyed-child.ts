/**
 * A dynamic supervisor's child with a restart budget of its own: when it is tried again. Pure; the shell is
 * `dynamic-supervisor.ts`.
 *
 *                  started                    ended, or failed to start
 *     starting ------------> running ------------------------------------> waiting
 *        ^                                                                     |
 *        +---------------------------------- due ------------------------------+
 *
 * The first restart is due at once, each further one after a delay that grows; having run for `stableMs` wipes the
 * slate.
 */
import { backoffDelay } from '../base/backoff.ts';
import type { Random } from '../base/random.ts';
import type { Child, RestartBackoff } from './child-spec.ts';
import type { ExitReason } from './exit-reason.ts';
import type { Pid } from './pid.ts';

export type Keyed =
  | {
      readonly type: 'starting';
      readonly child: Child;
      readonly attempt: number;
      readonly restarts: number;
      readonly token: number;
    }
  | {
      readonly type: 'running';
      readonly child: Child;
      readonly attempt: number;
      readonly restarts: number;
      readonly pid: Pid;
      readonly sinceMs: number;
    }
  | {
      readonly type: 'waiting';
      readonly child: Child;
      /** How many restarts it has had since it was last stable, the one that is waited for included. */
      readonly attempt: number;
      /** How many it has had in all. */
      readonly restarts: number;
      readonly token: number;
      readonly reason: ExitReason;
      readonly dueAtMs: number;
    };

/** The number of the restart that comes now, and the delay before it in milliseconds. */
export function nextRestart(
  keyed: Keyed,
  backoff: RestartBackoff,
  reason: ExitReason,
  nowMs: number,
  random: Random,
): { readonly attempt: number; readonly delayMs: number } {
  if (backoff.isFree?.(reason) === true) return { attempt: keyed.attempt, delayMs: 0 };
  const forgiven = keyed.type === 'running' && nowMs - keyed.sinceMs >= backoff.stableMs;
  const attempt = forgiven ? 1 : keyed.attempt + 1;
  return { attempt, delayMs: attempt === 1 ? 0 : backoffDelay(backoff, attempt - 1, random) };
}
