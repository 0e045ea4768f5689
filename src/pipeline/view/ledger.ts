/**
 * What became of the events: `accepted + recovered = delivered + deadLettered + pending`, and `refused` beside it.
 * Derived from the queues' segments each time it is asked for.
 */
import type { QueueCounts } from '../../threads/queue/index.ts';
import type { RecordType } from '../site/record-type.ts';

export type TypeLedger = QueueCounts;

export interface Ledger extends TypeLedger {
  readonly types: Readonly<Record<string, TypeLedger>>;
}

export function ledgerOf(types: Iterable<RecordType>): Ledger {
  const total = {
    accepted: 0,
    recovered: 0,
    delivered: 0,
    deadLettered: 0,
    pending: 0,
    spooled: 0,
    refused: 0,
    invalid: 0,
  };
  const byType: Record<string, TypeLedger> = {};
  for (const { name, counts } of types) {
    byType[name] = counts;
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += counts[key];
  }
  return { ...total, types: byType };
}
