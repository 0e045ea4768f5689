/** How the start of a process went. */
import type { ExitReason } from './exit-reason.ts';
import type { Pid } from './pid.ts';

export type StartResult<Spec = unknown> =
  | { readonly type: 'ok'; readonly pid: Pid<Spec>; readonly info?: unknown }
  /** Its init did not want to run; the process has ended `normal`. */
  | { readonly type: 'ignore' }
  | { readonly type: 'error'; readonly reason: ExitReason };
