/**
 * The live feed: what happened, oldest first, each with a number that a reader can go on from. Owns the last `KEPT_MAX`
 * entries; a reader that was away for longer is told that there is a gap.
 */
import { nanoid } from 'nanoid';
import type { HealthLine } from '../pipeline/view/health.ts';
import type { RestartEntry } from '../pipeline/view/restarts.ts';
import type { Snapshot } from '../pipeline/view/snapshot-types.ts';

export interface FeedEntry {
  /** `<feed>-<number>`; numbers rise by one. */
  readonly id: string;
  readonly at: number;
  readonly type: 'restart' | 'health' | 'process';
  readonly level: 'ok' | 'warn' | 'bad';
  readonly recordType: string | null;
  /** The box of the tree that it is about. */
  readonly node: string | null;
  readonly text: string;
}

type Unnumbered = Omit<FeedEntry, 'id'>;

const KEPT_MAX = 500;

export class Feed {
  /** Another process has another feed: a reader that comes back to it starts anew. */
  readonly #name = nanoid(8);
  readonly #listeners = new Set<(entry: FeedEntry) => void>();
  #entries: FeedEntry[] = [];
  #last = 0;

  add(entry: Unnumbered): void {
    const numbered = { id: `${this.#name}-${++this.#last}`, ...entry };
    this.#entries = [...this.#entries.slice(1 - KEPT_MAX), numbered];
    for (const listener of this.#listeners) listener(numbered);
  }

  listen(listener: (entry: FeedEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What came after the entry `lastId`, and whether some of it is gone. All there is when the id is not of this feed. */
  since(lastId: string | undefined): { readonly entries: readonly FeedEntry[]; readonly gap: boolean } {
    const [, name, number] = /^(.+)-(\d+)$/.exec(lastId ?? '') ?? [];
    if (name !== this.#name) return { entries: this.#entries, gap: false };
    const first = this.#last - this.#entries.length + 1;
    const from = Number(number) + 1;
    return { entries: this.#entries.slice(Math.max(0, from - first)), gap: from < first };
  }
}

export function restartEntry({
  at,
  id,
  recordType,
  reason,
  attempt,
  delayMs,
  budget,
}: RestartEntry): Unnumbered {
  const of = budget === null ? '' : ` of ${budget.max} in ${budget.seconds} s`;
  const next =
    delayMs === null ? '' : delayMs === 0 ? ', started again at once' : `, next try in ${seconds(delayMs)}`;
  // An end that costs nothing: that of the thread below it.
  const then = attempt === 0 ? 'it waits for its thread' : `restart ${attempt}${of}${next}`;
  return {
    at,
    type: 'restart',
    level: attempt >= 3 ? 'bad' : 'warn',
    recordType,
    node: id.startsWith('Thread/') ? null : id,
    text: `${id} ended: ${reason.message} (${then})`,
  };
}

/** What two snapshots tell of the time between them. Pure. */
export function changesBetween(before: Snapshot | undefined, now: Snapshot): readonly Unnumbered[] {
  if (before === undefined) return [];
  return [...crashes(before, now), ...healthChanges(before.health, now)];
}

function crashes(before: Snapshot, now: Snapshot): Unnumbered[] {
  const known = new Set(before.tombstones.map(({ id, endedAt }) => `${id} ${endedAt}`));
  return now.tombstones
    .filter(({ id, endedAt }) => !known.has(`${id} ${endedAt}`) && endedAt >= before.takenAt - 1000)
    .map(({ id, name, endedAt, recordType, parent, reason }) => ({
      at: endedAt,
      type: 'process' as const,
      level: 'warn' as const,
      recordType: recordType ?? typeOf(parent),
      node: parent,
      text: `${name} ${id} ended: ${reason.message}`,
    }));
}

function typeOf(id: string | null): string | null {
  return id?.includes('/') ? id.slice(id.indexOf('/') + 1) : null;
}

/** A line is news when its cause or its level is another than before, not when a number in it has moved on. */
function healthChanges(before: readonly HealthLine[], { health, takenAt }: Snapshot): Unnumbered[] {
  const key = ({ recordType, text }: HealthLine): string => recordType ?? text.split(' ', 1)[0] ?? '';
  const earlier = new Map(before.map((line) => [key(line), line]));
  return health
    .filter((line) => {
      const was = earlier.get(key(line));
      const isNew =
        was === undefined ? line.level !== 'ok' : was.cause !== line.cause || was.level !== line.level;
      return isNew && line.recordType !== null;
    })
    .map((line) => ({
      at: takenAt,
      type: 'health' as const,
      level: line.level,
      recordType: line.recordType,
      node: null,
      text: line.cause === 'ok' ? `${line.recordType} is well again` : line.text,
    }));
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
