/** What the commands print, as text. Pure. */
import type { FeedEntry } from '../observer/feed.ts';
import type { TraceEntry } from '../otp/trace.ts';
import type { HealthLine } from '../pipeline/view/health.ts';
import type { RestartEntry } from '../pipeline/view/restarts.ts';
import type { NodeStatus, RecordSnapshot, TreeNode } from '../pipeline/view/snapshot-types.ts';
import { type Colours, paint, type Tone } from './paint.ts';
import { type Column, type Screen, table } from './table.ts';

const MARKS = { ok: '✓', warn: '!', bad: '✕' } as const;
const LATE_MS = 1000;

export function healthText(lines: readonly HealthLine[], colours: Colours): string {
  if (lines.length === 0) return 'no record type is defined yet';
  return lines.map(({ level, text }) => paint(`${MARKS[level]} ${text}`, level, colours)).join('\n');
}

export function topText(nodes: readonly TreeNode[], screen: Screen): string {
  const toned = tonedBy(screen);
  return table(
    [
      left('PROCESS'),
      left('THREAD'),
      left('STATE'),
      ...numbers('MAILBOX', 'MOST', 'HANDLED', 'P99', 'RESTARTS'),
      left('LAST END'),
    ],
    nodes.map((node) => [
      // What has no name of its own is called what it is, beside its pid.
      node.id === node.pid ? `${node.name} ${node.id}` : node.id,
      node.thread === null ? '-' : String(node.thread),
      toned(statusText(node), STATUS_TONES[node.status]),
      String(node.mailbox),
      String(node.mailboxMax),
      String(node.handled),
      node.callbackMs === null ? '-' : duration(node.callbackMs.p99),
      toned(String(node.restarts), node.restarts > 0 ? 'warn' : undefined),
      node.lastReason ?? '',
    ]),
    screen,
  );
}

export function recordsText(records: readonly RecordSnapshot[], screen: Screen): string {
  const toned = tonedBy(screen);
  return table(
    [
      left('TYPE'),
      ...numbers('ACCEPTED', 'DELIVERED', 'PENDING', 'DEAD', 'REFUSED', 'QUEUE'),
      left('BATCHES'),
      left('THREAD'),
    ],
    records.map((record) => [
      record.name,
      String(record.accepted),
      String(record.delivered),
      String(record.pending),
      toned(String(record.deadLettered), record.deadLettered > 0 ? 'warn' : undefined),
      toned(String(record.refused), record.refused > 0 ? 'bad' : undefined),
      `${Math.round(record.queueFill * 100)} %`,
      `${record.running} of ${record.maxDemand}`,
      record.thread.hung ? toned('hung', 'bad') : record.thread.state,
    ]),
    screen,
  );
}

export function restartsText(entries: readonly RestartEntry[], screen: Screen): string {
  if (entries.length === 0) return 'nothing has been started again';
  return table(
    [left('TIME'), left('WHAT'), left('ATTEMPT'), left('WHY')],
    entries.map(({ at, id, attempt, budget, reason }) => [
      new Date(at).toISOString(),
      id,
      budget === null ? String(attempt) : `${attempt} of ${budget.max}`,
      reason.message,
    ]),
    screen,
  );
}

export function traceText(entries: readonly TraceEntry[], screen: Screen): string {
  if (entries.length === 0) return 'it handled no message meanwhile';
  const toned = tonedBy(screen);
  return table(
    [left('TIME'), left('HOW'), ...numbers('WAITING', 'TOOK'), left('MESSAGE')],
    entries.map(({ at, how, waiting, tookMs, outline }) => [
      new Date(at).toISOString().slice(11, -1),
      how,
      String(waiting),
      tookMs === null
        ? toned('did not end', 'bad')
        : toned(duration(tookMs), tookMs > LATE_MS ? 'warn' : undefined),
      outline,
    ]),
    screen,
  );
}

export function feedText({ at, level, text }: FeedEntry, colours: Colours): string {
  return `${new Date(at).toISOString()} ${paint(`${MARKS[level]} ${text}`, level, colours)}`;
}

const STATUS_TONES: Readonly<Record<NodeStatus, Tone | undefined>> = {
  starting: 'warn',
  waiting: undefined,
  running: 'ok',
  suspended: 'warn',
  restarting: 'warn',
  hung: 'bad',
};

function statusText({ status, restartInMs }: TreeNode): string {
  return status === 'restarting' && restartInMs !== null ? `restarting in ${duration(restartInMs)}` : status;
}

function tonedBy({ colours }: Screen): (text: string, tone: Tone | undefined) => string {
  return (text, tone) => (tone === undefined ? text : paint(text, tone, colours));
}

function left(head: string): Column {
  return { head };
}

function numbers(...heads: readonly string[]): Column[] {
  return heads.map((head) => ({ head, align: 'right' }));
}

function duration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} us`;
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}
