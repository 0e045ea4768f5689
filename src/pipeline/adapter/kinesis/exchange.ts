/**
 * One request to one stream and what came of it, told to the meter and to telemetry. Decides nothing.
 */
import type { Cancellation } from '../../../base/cancellation.ts';
import type { AdapterContext } from '../adapter.ts';
import type { StreamMeter } from '../stream-meter.ts';
import { withDeadline } from './deadline.ts';
import { type Failure, failureOf } from './failure.ts';
import type { PreparedRecord } from './record.ts';
import { type Reading, type RecordOutcome, readResponse } from './response.ts';
import type { PutRecordsResponse, StreamTarget, Transport } from './transport.ts';
import { entriesOf, entryCount, type Run, recordCount, type Unit } from './unit.ts';
import { UnitsRequest } from './units-request.ts';

export type Outcome =
  | ({ readonly type: 'answered'; readonly durationMs: number } & Reading)
  | { readonly type: 'failed'; readonly failure: Failure };

export interface Line {
  readonly stream: string;
  readonly target: StreamTarget;
  readonly transport: Transport;
  readonly context: AdapterContext;
  readonly meter: StreamMeter;
  readonly timeoutMs: number;
}

/** Rejects with the reason of the end, or with a bug. */
export async function exchange(line: Line, units: readonly Unit[], end: Cancellation): Promise<Outcome> {
  const { stream, target, transport, context, meter } = line;
  const records = countTries(units, meter);
  const startedAt = context.clock.now();
  const request = new UnitsRequest(target, units);
  let response: PutRecordsResponse;
  try {
    response = await withDeadline(context.clock, line.timeoutMs, end, (limited) =>
      transport.putRecords(request, limited),
    );
  } catch (thrown) {
    if (end.cancelled) throw end.reason;
    const failure = failureOf(thrown);
    if (failure === 'bug') throw thrown;
    const durationMs = context.clock.now() - startedAt;
    context.report({ type: 'request-failed', stream, records, code: failure.code, durationMs });
    if (failure.verdict === 'throttle') context.report({ type: 'throttled', stream, records, shardId: null });
    return { type: 'failed', failure };
  }
  const entries = units.reduce((sum, unit) => sum + entryCount(unit), 0);
  const reading = readResponse(entries, response);
  const durationMs = context.clock.now() - startedAt;
  const { failed, throttled } = countFailures(units, reading.outcomes);
  context.report({ type: 'request', stream, records, bytes: totalBytes(units), failed, durationMs });
  for (const [shardId, refused] of throttled)
    context.report({ type: 'throttled', stream, records: refused, shardId });
  return { type: 'answered', durationMs, ...reading };
}

/** How many records were not taken, and how many of them, by shard, for being too many. */
function countFailures(units: readonly Unit[], outcomes: readonly RecordOutcome[] | null) {
  let failed = 0;
  const throttled = new Map<string | null, number>();
  if (outcomes === null) return { failed, throttled };
  let i = 0;
  for (const entry of units.flatMap(entriesOf)) {
    const outcome = outcomes[i++];
    if (outcome === undefined || outcome === 'delivered') continue;
    const size = recordCount(entry);
    failed += size;
    if (outcome.verdict === 'throttle')
      throttled.set(outcome.shardId, (throttled.get(outcome.shardId) ?? 0) + size);
  }
  return { failed, throttled };
}

export function totalBytes(units: readonly Unit[]): number {
  return units.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Tells the meter of the request and of the records that are in one again; gives the number of records. */
function countTries(units: readonly Unit[], meter: StreamMeter): number {
  let records = 0;
  let retries = 0;
  const count = (member: PreparedRecord | Run): void => {
    if (member.type === 'run') {
      // What is packed has never been in one.
      records += member.size;
      return;
    }
    records++;
    if (member.tried) retries++;
    member.tried = true;
  };
  for (const unit of units) {
    if (unit.type === 'aggregate') unit.members.forEach(count);
    else count(unit);
  }
  meter.request(retries);
  return records;
}
