/** A call with a time limit of its own, on the clock that was handed in, so that it can be tested without waiting. */
import type { Clock } from '../../../base/clock.ts';
import { orAborted } from '../wait.ts';

/** Named as the SDK names its own timeouts: whoever reads the error need not tell the two apart. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/**
 * Settles as `call` does, or rejects with a `TimeoutError` after `timeoutMs`, or with the signal's reason. In the
 * latter two cases the call's own signal is aborted, and it is not waited for: it may never settle.
 */
export async function withDeadline<T>(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
  call: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const timer = clock.setTimer(timeoutMs, () => {
    controller.abort(new TimeoutError(`no answer within ${timeoutMs} ms`));
  });
  try {
    return await orAborted(call(controller.signal), controller.signal);
  } finally {
    timer.clear();
    signal.removeEventListener('abort', abort);
  }
}
