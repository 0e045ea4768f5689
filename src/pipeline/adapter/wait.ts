/**
 * Waiting that can be cut short. Whatever way a wait ends, its timer and its listener are gone with it.
 */
import type { Cancellation } from '../../base/cancellation.ts';
import type { Clock } from '../../base/clock.ts';

/** Settles as `promise` does, or rejects with the reason of the end, whichever comes first. */
export function orCancelled<T>(promise: Promise<T>, end: Cancellation): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancel = () => reject(end.reason);
    const done = () => end.offCancel(cancel);
    end.onCancel(cancel);
    promise.then(resolve, reject).finally(done);
    if (end.cancelled) cancel();
  });
}

/** Resolves after `delayMs` on the clock; rejects with the reason of the end if that comes first. */
export function delay(clock: Clock, delayMs: number, end: Cancellation): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const cancel = () => {
      timer.clear();
      reject(end.reason);
    };
    const timer = clock.setTimer(delayMs, () => {
      end.offCancel(cancel);
      resolve();
    });
    end.onCancel(cancel);
    if (end.cancelled) cancel();
  });
}
