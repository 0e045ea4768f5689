/**
 * Finds the records for which a request was refused as a whole, by halving it, and sends the others. One request at a
 * time, in the place of the one that was refused.
 */
import type { Cancellation } from '../../../base/cancellation.ts';
import { exchange, type Line } from './exchange.ts';
import type { Failure } from './failure.ts';
import type { PreparedRecord } from './record.ts';
import type { RequestLimits } from './request.ts';
import type { Settlement } from './settlement.ts';
import { Worklist } from './worklist.ts';

export interface Found {
  /** What has to be sent again. */
  readonly again: readonly PreparedRecord[];
  /** Why the search was given up, if it was: it begins anew with a request that meets with the same refusal. */
  readonly interrupted: Failure | null;
}

export interface Search {
  readonly line: Line;
  readonly settlement: Settlement;
  readonly limits: RequestLimits;
  /** Whether requests may be sent now. */
  readonly mayGoOn: () => boolean;
}

/** Rejects with the reason of the end, or with a bug. */
export async function searchPoison(
  { line, settlement, limits, mayGoOn }: Search,
  records: readonly PreparedRecord[],
  refusal: Failure,
  end: Cancellation,
): Promise<Found> {
  const again: PreparedRecord[] = [];
  const ordered = records.some(({ parcel }) => parcel?.delivery.ordered === true);
  const worklist = new Worklist(records);
  worklist.take({ maxRecords: records.length, maxBytes: Number.POSITIVE_INFINITY });
  let failure = refusal;
  for (;;) {
    const condemned = worklist.refused();
    if (condemned !== null) settlement.condemn([condemned], failure, null);
    for (;;) {
      if (worklist.size === 0) return { again, interrupted: null };
      if (!mayGoOn()) return { again: [...again, ...worklist.empty()], interrupted: null };
      const taken = worklist.take(ordered ? { ...limits, onePerKey: true } : limits);
      const outcome = await exchange(line, taken, end);
      if (outcome.type === 'failed') {
        failure = outcome.failure;
        line.meter.error(failure.code, failure.message);
        if (failure.verdict === 'invalid') break;
        settlement.failed(taken, failure, null);
        worklist.returned();
        return { again: [...again, ...worklist.empty()], interrupted: failure };
      }
      again.push(...settlement.sort(taken, outcome.outcomes));
      worklist.answered([]);
      // What comes after a record that failed must not overtake it.
      if (ordered && again.length > 0) return { again: [...again, ...worklist.empty()], interrupted: null };
    }
  }
}
