/**
 * What a supervisor does when a child has ended: pure decisions, as tables. The shell, `supervisor.ts`, acts.
 */
import { unreachable } from '../base/assert.ts';
import type { AutoShutdown, Child, Restart } from './child-spec.ts';
import { type ExitReason, isCleanExit } from './exit-reason.ts';

export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one';

export type Verdict =
  /** Start it again; counts towards the intensity. */
  | 'restart'
  /** It has ended for good, its spec stays. */
  | 'keep'
  /** It has ended for good, its spec goes. */
  | 'forget';

export function verdict(restart: Restart, reason: ExitReason): Verdict {
  switch (restart) {
    case 'permanent':
      return 'restart';
    case 'transient':
      return isCleanExit(reason) ? 'keep' : 'restart';
    case 'temporary':
      return 'forget';
    default:
      return unreachable(restart, 'restart type');
  }
}

/** Which children, by position, are stopped and started again when the one at `index` is restarted. */
export function restartRange(
  strategy: Strategy,
  index: number,
  count: number,
): { readonly from: number; readonly to: number } {
  switch (strategy) {
    case 'one_for_one':
      return { from: index, to: index + 1 };
    case 'rest_for_one':
      return { from: index, to: count };
    case 'one_for_all':
      return { from: 0, to: count };
    default:
      return unreachable(strategy, 'strategy');
  }
}

/** Whether the end of `ended`, which is not restarted, ends the supervisor too. */
export function shutsDown(
  autoShutdown: AutoShutdown,
  ended: Child,
  others: Iterable<{ readonly child: Child; readonly active: boolean }>,
): boolean {
  if (!ended.significant || autoShutdown === 'never') return false;
  if (autoShutdown === 'any_significant') return true;
  for (const other of others) if (other.child.significant && other.active) return false;
  return true;
}
