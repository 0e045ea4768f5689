/**
 * What happens to a batch that has failed, or ended its thread: pure decisions. A batch is tried again until its
 * attempts are used up; then it is halved, and each half is run, until the event that fails stands alone.
 */
export type BatchStep = 'retry' | 'split' | 'bury';

/** The handler has failed. `attempts`: how often its events have failed, this time included. */
export function afterFailure(batch: {
  readonly attempts: number;
  readonly events: number;
  readonly maxAttempts: number;
}): BatchStep {
  if (batch.attempts < batch.maxAttempts) return 'retry';
  return batch.events > 1 ? 'split' : 'bury';
}

/**
 * The batch is about to be run. One that was running when its thread died is halved as well, once its attempts are used
 * up; an event is buried only if its thread died when that alone was running.
 */
export function beforeRun(batch: {
  readonly suspect: boolean;
  readonly ranAlone: boolean;
  readonly attempts: number;
  readonly events: number;
  readonly maxAttempts: number;
}): 'run' | 'split' | 'bury' {
  if (!batch.suspect || batch.attempts < batch.maxAttempts) return 'run';
  if (batch.events > 1) return 'split';
  return batch.ranAlone ? 'bury' : 'run';
}
