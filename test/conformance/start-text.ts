/** The text of a start's outcome, the same for steps and actions. */
import type { ExitReason } from '../../src/otp/exit-reason.ts';
import type { Pid } from '../../src/otp/pid.ts';
import type { Terms } from './term.ts';

export type StartOutcome =
  | { readonly type: 'ok'; readonly pid: Pid | undefined; readonly info?: unknown }
  | { readonly type: 'ignore' }
  | { readonly type: 'error'; readonly reason: ExitReason };

export function startText(outcome: StartOutcome, terms: Terms): string {
  switch (outcome.type) {
    case 'ok': {
      const pid = outcome.pid === undefined ? 'undefined' : terms.text(outcome.pid);
      return outcome.info === undefined ? `{ok,${pid}}` : `{ok,${pid},${terms.text(outcome.info)}}`;
    }
    case 'ignore':
      return 'ignore';
    case 'error':
      return `{error,${terms.reason(outcome.reason)}}`;
  }
}
