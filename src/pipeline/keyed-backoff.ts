/** How the children of the dynamic supervisors are restarted: at their own expense, for ever. */
import type { RestartBackoff } from '../otp/child-spec.ts';

export function keyedBackoff(stableMs: number): RestartBackoff {
  return {
    initialMs: 200,
    maxMs: 30_000,
    factor: 2,
    jitter: 0.5,
    stableMs,
    // A thread that ended has a backoff of its own, and the next start waits for that thread.
    isFree: (reason) => reason === 'noconnection',
  };
}
