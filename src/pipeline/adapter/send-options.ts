/**
 * The options of a send as the library makes them: an AbortSignal for an adapter that asks for it, and for the adapters of
 * this library, which do not, what it would be made of.
 */
import type { Cancellation } from '../../base/cancellation.ts';
import type { SendOptions } from './adapter.ts';

/** By the very options that were made: a copy may have another signal. */
const ends = new WeakMap<SendOptions, Cancellation>();

export function sendOptions(over: Cancellation, others: Omit<SendOptions, 'signal'>): SendOptions {
  const options: SendOptions = {
    ...others,
    get signal() {
      return over.signal;
    },
  };
  ends.set(options, over);
  return options;
}

/** What ends the send: a cancellation where it was made of one, otherwise the signal. */
export function endOf(options: SendOptions): Cancellation | AbortSignal {
  return ends.get(options) ?? options.signal;
}
