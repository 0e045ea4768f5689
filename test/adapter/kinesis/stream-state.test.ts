import type { StreamState } from '../../../src/pipeline/adapter/adapter.ts';
import { nextState, type StreamSignal } from '../../../src/pipeline/adapter/kinesis/stream-state.ts';
import { check } from '../check.ts';

const moment = { now: 1_000, probeDelayMs: (probes: number) => 10 * 2 ** probes };
const error = { code: 'AccessDeniedException', message: 'no' };
const other = { code: 'ExpiredTokenException', message: 'old' };
const open: StreamState = { type: 'open' };
const failing: StreamState = { type: 'failing', ...error, since: 500, failures: 2 };
const paused: StreamState = { type: 'paused', ...error, since: 500, probes: 1, nextProbeAt: 900 };
const probing: StreamState = { type: 'probing', ...error, since: 500, probes: 1 };

interface Given {
  readonly state: StreamState;
  readonly signal: StreamSignal;
}

describe('the state of a stream', () => {
  check(
    ({ state, signal }: Given) => nextState(state, signal, moment),
    [
      {
        name: 'stays open while requests are accepted',
        given: { state: open, signal: { type: 'accepted' } },
        expected: open,
      },
      {
        name: 'is failing after a temporary error',
        given: { state: open, signal: { type: 'failed', ...error } },
        expected: { type: 'failing', ...error, since: 1_000, failures: 1 },
      },
      {
        name: 'counts the failures in a row, from their first moment, with the latest reason',
        given: { state: failing, signal: { type: 'failed', ...other } },
        expected: { type: 'failing', ...other, since: 500, failures: 3 },
      },
      {
        name: 'is open again when a request is accepted',
        given: { state: failing, signal: { type: 'accepted' } },
        expected: open,
      },
      {
        name: 'is paused by a refusal',
        given: { state: failing, signal: { type: 'refused', ...other } },
        expected: { type: 'paused', ...other, since: 1_000, probes: 0, nextProbeAt: 1_010 },
      },
      {
        name: 'is probed when that is due',
        given: { state: paused, signal: { type: 'probe-due' } },
        expected: probing,
      },
      {
        name: 'opens by an accepted probe',
        given: { state: probing, signal: { type: 'accepted' } },
        expected: open,
      },
      {
        name: 'is paused for longer by a refused probe, for its reason',
        given: { state: probing, signal: { type: 'refused', ...other } },
        expected: { type: 'paused', ...other, since: 500, probes: 2, nextProbeAt: 1_040 },
      },
      {
        name: 'keeps its reason when the probe fails for a temporary one',
        given: { state: probing, signal: { type: 'failed', ...other } },
        expected: { type: 'paused', ...error, since: 500, probes: 2, nextProbeAt: 1_040 },
      },
      {
        name: 'may be probed at once by another when the probe was abandoned',
        given: { state: probing, signal: { type: 'abandoned' } },
        expected: { type: 'paused', ...error, since: 500, probes: 1, nextProbeAt: 1_000 },
      },
    ],
  );
});
