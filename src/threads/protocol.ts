/**
 * What travels on the one port between two threads. A single port has a single order: the answer to a start cannot
 * overtake the exit signal that was sent before it.
 */
import type { Ref } from '../otp/envelope.ts';

export type Packet =
  /** From one runtime to the other; its terms encoded. */
  | { readonly type: 'signal'; readonly signal: unknown }
  /**
   * The signal of a call to a pid, flat: what a structured clone costs goes by objects and names, and as a signal in a
   * packet a call took three bare messages' worth. `to` and `by` are serials, of the receiver's and the sender's node.
   */
  | {
      readonly type: 'call';
      readonly to: number;
      readonly by: number | undefined;
      readonly ref: Ref;
      readonly message: unknown;
    }
  /** The signal of an answer that is not a failure, flat. */
  | { readonly type: 'answer'; readonly ref: Ref; readonly value: unknown }
  /** A message of the control plane, as Comlink made it. */
  | { readonly type: 'control'; readonly message: unknown }
  /** The thread has loaded its role and serves its control plane. */
  | { readonly type: 'booted' }
  /** It could not; the error is encoded. */
  | { readonly type: 'boot_failed'; readonly error: unknown }
  /** Asks whether what was sent before it has been handled. */
  | { readonly type: 'ping' }
  | { readonly type: 'pong' };
