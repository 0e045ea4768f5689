/**
 * Compares what was recorded with what stands in a stream. An event is known by its number, from 1, which its record
 * carries; that it is one event, however often it was delivered, is known by its id. Pure.
 */

/** What a record of a stream says of itself. */
export interface Found {
  readonly number: number;
  readonly eventId: string;
}

export interface StreamAudit {
  readonly stream: string;
  readonly recorded: number;
  /** How many of the events recorded are there at least once. */
  readonly found: number;
  /** How many are there once, twice, ...: index 0 is once. */
  readonly times: readonly number[];
  /** The id of each event that is there. */
  readonly ids: ReadonlyMap<number, string>;
  /** What should not be there, in words; empty when all is well. */
  readonly unexpected: readonly string[];
}

export function auditStream(stream: string, recorded: number, records: Iterable<Found>): StreamAudit {
  const ids = new Map<number, string>();
  const counts = new Map<number, number>();
  const unexpected: string[] = [];
  for (const { number, eventId } of records) {
    if (!Number.isInteger(number) || number < 1 || number > recorded) {
      unexpected.push(`${stream}: a record of event ${number}, which was not recorded`);
      continue;
    }
    const known = ids.get(number);
    if (known !== undefined && known !== eventId)
      unexpected.push(`${stream}: event ${number} under two ids, ${known} and ${eventId}`);
    ids.set(number, eventId);
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  const times: number[] = [];
  for (const count of counts.values()) {
    while (times.length < count) times.push(0);
    times[count - 1]!++;
  }
  return { stream, recorded, found: ids.size, times, ids, unexpected };
}

/** What was sent to two streams must have the same id in both. */
export function compareIds(one: StreamAudit, other: StreamAudit): string[] {
  const problems: string[] = [];
  for (const [number, id] of one.ids) {
    const otherId = other.ids.get(number);
    if (otherId !== undefined && otherId !== id)
      problems.push(`event ${number} is ${id} in ${one.stream} and ${otherId} in ${other.stream}`);
  }
  if (new Set(one.ids.values()).size !== one.ids.size) problems.push(`${one.stream}: two events share an id`);
  return problems;
}

export function formatAudit({ stream, recorded, found, times }: StreamAudit): string {
  const words = times.flatMap((events, index) => (events === 0 ? [] : [`${events} ${often(index + 1)}`]));
  const how = words.length === 0 ? 'nothing' : words.join(', ');
  const duplicates = times.reduce((sum, events, index) => sum + events * index, 0);
  return `${stream}: ${found} of ${recorded} events found (${how}; ${duplicates} duplicates)`;
}

function often(times: number): string {
  return times === 1 ? 'once' : times === 2 ? 'twice' : `${times} times`;
}
