/**
 * Runs one batch to its end: delivered, or, event by event, to the dead letters. A plain function, so that whoever has
 * a claim can call it: a Consumer's task, or DispatchServer without one.
 *
 *     attempt ---> delivered
 *        |  ^
 *     failed |---- retry after backoff, while attempts are left
 *        |---- split ---> runBatch(first half), runBatch(second half)
 *        +---- bury                                            the event stands alone
 *
 * The rule: when `lost` is cancelled the claim is no longer ours (it has been given back), and nothing is done to it.
 */

import { backoffDelay } from '../../base/backoff.ts';
import { Cancellation } from '../../base/cancellation.ts';
import type { Claim } from '../../threads/queue/index.ts';
import { isAdapterClosed } from '../adapter/errors.ts';
import type { Recorded } from '../definition.ts';
import { BeamlineError } from '../errors.ts';
import type { RecordSite } from '../site/record-site.ts';
import { shownThrown } from '../telemetry/telemetry.ts';
import { toldDeliveries, tracesOf } from '../telemetry/told-deliveries.ts';
import { type FailedAttempt, withAttempt } from './attempt-history.ts';
import { afterFailure, beforeRun } from './batch-step.ts';
import { ForwardedEvents } from './forwarded-events.ts';
import { HandleTimer } from './handle-timer.ts';
import { Presence } from './presence.ts';
import { Sends } from './sends.ts';

type Attempt =
  | { readonly type: 'delivered' }
  | { readonly type: 'failed'; readonly error: unknown }
  | { readonly type: 'aborted' };

/** One for all: an error takes down where it was made, which for each batch costs more than to abort. */
const ATTEMPT_OVER = new Error('this attempt is over');

export async function runBatch(site: RecordSite, claim: Claim, lost: Cancellation): Promise<void> {
  const { suspect, ranAlone, attempts, size } = claim;
  const { maxAttempts } = site.options;
  switch (beforeRun({ suspect, ranAlone, attempts, events: size, maxAttempts })) {
    case 'run':
      return runFresh(site, claim, lost);
    case 'split':
      return runHalves(site, claim, lost);
    case 'bury':
      site.deadLetters.add(claim, {
        error: new BeamlineError('ERR_THREAD_DIED', { recordType: site.recordType, attempts }),
        attempts,
        history: [],
      });
  }
}

/** Runs a claim at least once, whatever happened to it before. */
async function runFresh(
  site: RecordSite,
  claim: Claim,
  lost: Cancellation,
  before: readonly FailedAttempt[] = [],
): Promise<void> {
  const { table, options } = site;
  let history = before;
  for (;;) {
    const presence = await Presence.enter(site, claim, lost);
    let attempt: Attempt;
    try {
      await site.turns.take();
      if (lost.cancelled) return;
      presence.launch();
      const { clock } = site.runtime;
      const from = clock.now();
      const at = clock.wallTime();
      attempt = await runOnce(site, presence, lost);
      const durationMs = clock.now() - from;
      tellRun(site, claim, { at, durationMs, attempt });
      site.handleMs.add(durationMs);
      site.batchEvents.add(claim.size);
      if (attempt.type === 'failed' && !lost.cancelled) presence.land();
    } finally {
      presence.leave();
    }
    if (lost.cancelled || attempt.type === 'aborted') return;
    if (attempt.type === 'delivered') {
      site.settle(claim, 'delivered');
      return;
    }
    site.noteError(attempt.error);
    // The application stops, and this was not to be waited for any longer: no fault of the events.
    if (isAdapterClosed(attempt.error)) return site.release(claim);
    table.charge(claim);
    const { attempts } = claim;
    history = withAttempt(history, {
      attempt: attempts,
      at: site.runtime.clock.wallTime(),
      error: attempt.error,
    });
    switch (afterFailure({ attempts, events: claim.size, maxAttempts: options.maxAttempts })) {
      case 'retry': {
        const delayMs = backoffDelay(options.backoff, attempts, site.runtime.random);
        tellRetry(site, claim, { attempt: attempts + 1, delayMs, error: attempt.error });
        await site.sleep(delayMs, lost);
        if (lost.cancelled) return;
        break;
      }
      case 'split':
        return runHalves(site, claim, lost, history);
      case 'bury':
        site.deadLetters.add(claim, { error: attempt.error, attempts, history });
        return;
    }
  }
}

async function runHalves(
  site: RecordSite,
  claim: Claim,
  lost: Cancellation,
  history: readonly FailedAttempt[] = [],
): Promise<void> {
  const [first, second] = site.split(claim);
  await runFresh(site, first, lost, history);
  if (!lost.cancelled) await runFresh(site, second, lost, history);
}

function tellRun(
  { telemetry, recordType }: RecordSite,
  claim: Claim,
  { at, durationMs, attempt }: { at: number; durationMs: number; attempt: Attempt },
): void {
  telemetry.tell('batch', () => ({
    recordType,
    at,
    durationMs,
    events: claim.size,
    bytes: claim.bytes,
    attempt: claim.attempts + 1,
    outcome: attempt.type === 'aborted' ? 'abandoned' : attempt.type,
    reason: attempt.type === 'failed' ? shownThrown(attempt.error) : null,
  }));
}

function tellRetry(
  { telemetry, recordType, runtime }: RecordSite,
  claim: Claim,
  { attempt, delayMs, error }: { attempt: number; delayMs: number; error: unknown },
): void {
  telemetry.tell('retry', () => ({
    type: 'batch',
    recordType,
    at: runtime.clock.wallTime(),
    events: claim.size,
    attempt,
    delayMs,
    reason: shownThrown(error),
  }));
}

/** One run of the handler over the batch, over when the handler has returned and all that it sent has settled. */
async function runOnce(site: RecordSite, presence: Presence, lost: Cancellation): Promise<Attempt> {
  const { claim } = presence;
  const { definition, options } = site;
  const attempt = claim.attempts + 1;
  const over = new Cancellation();
  let decide!: (attempt: Attempt) => void;
  const decided = new Promise<Attempt>((resolve) => {
    decide = resolve;
  });
  const { handleTimeoutMs } = options;
  const timer = new HandleTimer(site.runtime.clock, handleTimeoutMs, () => {
    const recordType = definition.name;
    const error = new BeamlineError('ERR_HANDLE_TIMEOUT', { recordType, handleTimeoutMs, attempt });
    decide({ type: 'failed', error });
    over.cancel(error);
  });
  const abandon = (): void => {
    decide({ type: 'aborted' });
    over.cancel(lost.reason);
  };
  lost.onCancel(abandon);
  let traces: readonly string[] = [];
  const told = site.telemetry.wants('delivery');
  const adapter = told ? toldDeliveries(site, () => traces) : site.adapter;
  const sends = new Sends(adapter, over, (open) => (open > 0 ? timer.pause() : timer.resume()), {
    ordered: site.partition !== undefined,
    isHurried: () => site.hurry.isFor(claim),
  });
  presence.sending(sends);
  const { forwardTo } = definition;
  // A function of its own: one that awaits would keep the events until the last send is answered.
  const handle = (): void | Promise<void> => {
    // Nobody looks at the events, so nobody needs them decoded.
    if (forwardTo !== undefined && !told && site.partition === undefined)
      return sends.send(forwardTo.stream, new ForwardedEvents(claim, forwardTo));
    const events: Recorded<unknown>[] = claim.map((id, recordedAt, data) => ({
      id,
      recordedAt: new Date(recordedAt),
      data,
    }));
    site.partition?.check(events);
    if (told) traces = tracesOf(events);
    return definition.handleEvent(events, {
      get signal() {
        return over.signal;
      },
      attempt,
      sendData: (stream, messages) => sends.send(stream, messages),
    });
  };
  const handled = async (): Promise<Attempt> => {
    await handle();
    const unseen = await sends.settled();
    return unseen === undefined ? { type: 'delivered' } : { type: 'failed', error: unseen.error };
  };
  handled().then(decide, (error: unknown) => decide({ type: 'failed', error }));
  const outcome = await decided;
  timer.stop();
  lost.offCancel(abandon);
  // Whatever the handler goes on to do, its attempt is over.
  over.cancel(ATTEMPT_OVER);
  return outcome;
}
