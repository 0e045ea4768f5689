/** What can become of an event, under the names that metrics have for it, in Prometheus as in OpenTelemetry. */
import type { RecordSnapshot } from '../pipeline/view/snapshot-types.ts';

const OUTCOMES = {
  accepted: 'accepted',
  recovered: 'recovered',
  delivered: 'delivered',
  deadLettered: 'dead_lettered',
  refused: 'refused',
} as const satisfies Partial<Record<keyof RecordSnapshot, string>>;

/** How many events of a type came to each outcome. */
export function outcomesOf(record: RecordSnapshot): readonly (readonly [outcome: string, count: number])[] {
  const counts = Object.keys(OUTCOMES) as (keyof typeof OUTCOMES)[];
  return counts.map((count) => [OUTCOMES[count], record[count]]);
}
