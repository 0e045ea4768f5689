/** What the commands print, as text. Pure. */
import { styleText } from 'node:util';
import type { FeedEntry } from '../observer/feed.ts';
import type { HealthLine } from '../pipeline/health.ts';
import type { RestartEntry } from '../pipeline/restarts.ts';
import type { RecordSnapshot, TreeNode } from '../pipeline/snapshot-types.ts';

/** `none` for what is no terminal. */
export type Colours = 'terminal' | 'none';

const LEVELS = { ok: 'green', warn: 'yellow', bad: 'red' } as const;
const MARKS = { ok: '✓', warn: '!', bad: '✕' } as const;

export function healthText(lines: readonly HealthLine[], colours: Colours): string {
  if (lines.length === 0) return 'no record type is defined yet';
  return lines.map(({ level, text }) => paint(`${MARKS[level]} ${text}`, level, colours)).join('\n');
}

export function topText(nodes: readonly TreeNode[]): string {
  return table(
    ['PROCESS', 'THREAD', 'STATE', 'MAILBOX', 'MOST', 'HANDLED', 'RESTARTS'],
    nodes.map(({ id, thread, status, mailbox, mailboxMax, handled, restarts }) => [
      id,
      thread === null ? '-' : String(thread),
      status,
      String(mailbox),
      String(mailboxMax),
      String(handled),
      String(restarts),
    ]),
  );
}

export function recordsText(records: readonly RecordSnapshot[]): string {
  return table(
    ['TYPE', 'ACCEPTED', 'DELIVERED', 'PENDING', 'DEAD', 'REFUSED', 'QUEUE', 'BATCHES', 'THREAD'],
    records.map((record) => [
      record.name,
      String(record.accepted),
      String(record.delivered),
      String(record.pending),
      String(record.deadLettered),
      String(record.refused),
      `${Math.round(record.queueFill * 100)} %`,
      `${record.running} of ${record.maxDemand}`,
      record.thread.hung ? 'hung' : record.thread.state,
    ]),
  );
}

export function restartsText(entries: readonly RestartEntry[]): string {
  if (entries.length === 0) return 'nothing has been started again';
  return table(
    ['TIME', 'WHAT', 'ATTEMPT', 'WHY'],
    entries.map(({ at, id, attempt, budget, reason }) => [
      new Date(at).toISOString(),
      id,
      budget === null ? String(attempt) : `${attempt} of ${budget.max}`,
      reason.message,
    ]),
  );
}

export function feedText({ at, level, text }: FeedEntry, colours: Colours): string {
  return `${new Date(at).toISOString()} ${paint(`${MARKS[level]} ${text}`, level, colours)}`;
}

function paint(text: string, level: keyof typeof LEVELS, colours: Colours): string {
  return colours === 'terminal' ? styleText(LEVELS[level], text) : text;
}

/** Columns as wide as what is in them; the last as wide as it likes. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(heads), ...rows.map(line)].join('\n');
}
