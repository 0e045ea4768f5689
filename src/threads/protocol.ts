/**
 * What travels on the one port between two threads. A single port has a single order: the answer to a start cannot
 * overtake the exit signal that was sent before it.
 */
import type { Signal } from '../otp/signal.ts';

export type Packet =
  /** From one runtime to the other; its terms encoded. */
  | { readonly type: 'signal'; readonly signal: unknown }
  /** A message of the control plane, as Comlink made it. */
  | { readonly type: 'control'; readonly message: unknown }
  /** The thread has loaded its role and serves its control plane. */
  | { readonly type: 'booted' }
  /** It could not; the error is encoded. */
  | { readonly type: 'boot_failed'; readonly error: unknown };

/** A signal as it is before encoding and after decoding. */
export type WireSignal = Signal;
