/**
 * What becomes of a stream's state. Pure.
 *
 *            failed               refused             probe-due
 *     open -----------> failing ------------> paused ------------> probing
 *      ^ | <----------- |  ^ |                ^    ^                  |  |
 *      | |   accepted      +-+ failed         |    +------------------+  |
 *      | +------------------------------------+      failed, refused,    |
 *      |             refused                         abandoned           |
 *      +-----------------------------------------------------------------+
 *                                   accepted
 *
 * The rule: a paused stream opens by its probe alone. What a request from before the pause finds out is old news,
 * during the pause and after it; the shell keeps it away from here.
 */
import { unreachable } from '../../../base/assert.ts';
import type { StreamState } from '../adapter.ts';

export type StreamSignal =
  /** Kinesis took the request; single records of it may have failed all the same. */
  | { readonly type: 'accepted' }
  /** It failed for a temporary reason. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  /** It was refused for a reason that somebody has to mend. */
  | { readonly type: 'refused'; readonly code: string; readonly message: string }
  | { readonly type: 'probe-due' }
  /** The send whose request was to be the probe has ended before it had an answer. */
  | { readonly type: 'abandoned' };

export interface Moment {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** How long to wait for the probe that follows `probes` failed ones. */
  readonly probeDelayMs: (probes: number) => number;
}

export function nextState(state: StreamState, signal: StreamSignal, moment: Moment): StreamState {
  switch (state.type) {
    case 'open':
    case 'failing':
      return whileOpen(state, signal, moment);
    case 'paused': {
      if (signal.type !== 'probe-due') return state;
      const { code, message, since, probes } = state;
      return { type: 'probing', code, message, since, probes };
    }
    case 'probing':
      return whileProbing(state, signal, moment);
    default:
      return unreachable(state, 'stream state');
  }
}

function whileOpen(
  state: StreamState & { type: 'open' | 'failing' },
  signal: StreamSignal,
  { now, probeDelayMs }: Moment,
): StreamState {
  switch (signal.type) {
    case 'accepted':
      return { type: 'open' };
    case 'failed': {
      const { code, message } = signal;
      const [since, failures] = state.type === 'failing' ? [state.since, state.failures] : [now, 0];
      return { type: 'failing', code, message, since, failures: failures + 1 };
    }
    case 'refused': {
      const { code, message } = signal;
      return { type: 'paused', code, message, since: now, probes: 0, nextProbeAt: now + probeDelayMs(0) };
    }
    case 'probe-due':
    case 'abandoned':
      return state;
    default:
      return unreachable(signal, 'stream signal');
  }
}

function whileProbing(
  state: StreamState & { type: 'probing' },
  signal: StreamSignal,
  { now, probeDelayMs }: Moment,
): StreamState {
  const { since } = state;
  switch (signal.type) {
    case 'accepted':
      return { type: 'open' };
    case 'failed':
    case 'refused': {
      // A probe that got no answer says nothing about the reason of the pause: that stays.
      const { code, message } = signal.type === 'refused' ? signal : state;
      const probes = state.probes + 1;
      return { type: 'paused', code, message, since, probes, nextProbeAt: now + probeDelayMs(probes) };
    }
    case 'abandoned': {
      const { code, message, probes } = state;
      return { type: 'paused', code, message, since, probes, nextProbeAt: now };
    }
    case 'probe-due':
      return state;
    default:
      return unreachable(signal, 'stream signal');
  }
}
