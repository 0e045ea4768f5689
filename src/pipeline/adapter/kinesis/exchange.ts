/**
 * One request to one stream and what came of it, told to the meter and to telemetry. Decides nothing.
 */
import type { AdapterContext } from '../adapter.ts';
import type { StreamMeter } from '../stream-meter.ts';
import { withDeadline } from './deadline.ts';
import { type Failure, failureOf } from './failure.ts';
import { isRecord, type PreparedRecord, type Unit } from './record.ts';
import { type RecordOutcome, readResponse } from './response.ts';
import type { PutRecordsResponse, StreamTarget, Transport } from './transport.ts';

export type Outcome =
  /** One outcome per unit, in order, and the shard that it was put into. */
  | {
      readonly type: 'answered';
      readonly outcomes: readonly RecordOutcome[];
      readonly shardIds: readonly (string | null)[];
      readonly durationMs: number;
    }
  | { readonly type: 'failed'; readonly failure: Failure };

export interface Line {
  readonly stream: string;
  readonly target: StreamTarget;
  readonly transport: Transport;
  readonly context: AdapterContext;
  readonly meter: StreamMeter;
  readonly timeoutMs: number;
}

/** Rejects with the signal's reason, or with a bug. */
export async function exchange(line: Line, units: readonly Unit[], signal: AbortSignal): Promise<Outcome> {
  const { stream, target, transport, context, meter } = line;
  const records = countTries(units, meter);
  const startedAt = context.clock.now();
  let response: PutRecordsResponse;
  try {
    response = await withDeadline(context.clock, line.timeoutMs, signal, (limited) =>
      transport.putRecords({ target, records: units.map(({ entry }) => entry) }, limited),
    );
  } catch (thrown) {
    signal.throwIfAborted();
    const failure = failureOf(thrown);
    if (failure === 'bug') throw thrown;
    const durationMs = context.clock.now() - startedAt;
    context.report({ type: 'request-failed', stream, records, code: failure.code, durationMs });
    if (failure.verdict === 'throttle') context.report({ type: 'throttled', stream, records, shardId: null });
    return { type: 'failed', failure };
  }
  const outcomes = readResponse(units.length, response);
  const durationMs = context.clock.now() - startedAt;
  let failed = 0;
  const throttled = new Map<string | null, number>();
  let unit = 0;
  for (const outcome of outcomes) {
    const size = units[unit++]?.members?.length ?? 1;
    if (outcome === 'delivered') continue;
    failed += size;
    if (outcome.verdict === 'throttle')
      throttled.set(outcome.shardId, (throttled.get(outcome.shardId) ?? 0) + size);
  }
  context.report({ type: 'request', stream, records, bytes: totalBytes(units), failed, durationMs });
  for (const [shardId, refused] of throttled)
    context.report({ type: 'throttled', stream, records: refused, shardId });
  const shardIds = outcomes.map((_, i) => response.Records?.[i]?.ShardId ?? null);
  return { type: 'answered', outcomes, shardIds, durationMs };
}

export function totalBytes(units: readonly Unit[]): number {
  return units.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Tells the meter of the request and of the records that are in one again; gives the number of records. */
function countTries(units: readonly Unit[], meter: StreamMeter): number {
  let records = 0;
  let retries = 0;
  const count = (record: PreparedRecord): void => {
    records++;
    if (record.tried) retries++;
    record.tried = true;
  };
  for (const unit of units) {
    if (isRecord(unit)) count(unit);
    else unit.members?.forEach(count);
  }
  meter.request(retries);
  return records;
}
