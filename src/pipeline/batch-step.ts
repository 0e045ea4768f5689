/**
 * What happens to a batch whose handler has failed: a pure decision. The batch is tried again until its attempts are
 * used up; then it is halved, and each half is run, until the event that fails stands alone.
 */
export type BatchStep = 'retry' | 'split' | 'bury';

/** `attempts`: how often its events have failed, this time included. */
export function afterFailure(batch: {
  readonly attempts: number;
  readonly events: number;
  readonly maxAttempts: number;
}): BatchStep {
  if (batch.attempts < batch.maxAttempts) return 'retry';
  return batch.events > 1 ? 'split' : 'bury';
}
