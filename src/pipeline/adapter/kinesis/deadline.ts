/** A call with a time limit of its own, on the clock that was handed in, so that it can be tested without waiting. */
import { Cancellation } from '../../../base/cancellation.ts';
import type { Clock } from '../../../base/clock.ts';
import { orCancelled } from '../wait.ts';

/** Named as the SDK names its own timeouts: whoever reads the error need not tell the two apart. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/**
 * Settles as `call` does, or rejects with a `TimeoutError` after `timeoutMs`, or with the reason of the end. In the
 * latter two cases the call's signal is aborted, and it is not waited for: it may never settle.
 */
export async function withDeadline<T>(
  clock: Clock,
  timeoutMs: number,
  end: Cancellation,
  call: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  if (end.cancelled) throw end.reason;
  const limit = new Cancellation();
  const cancel = () => limit.cancel(end.reason);
  end.onCancel(cancel);
  const timer = clock.setTimer(timeoutMs, () => {
    limit.cancel(new TimeoutError(`no answer within ${timeoutMs} ms`));
  });
  try {
    return await orCancelled(call(limit.signal), limit);
  } finally {
    timer.clear();
    end.offCancel(cancel);
  }
}
