/** Counters and marks of a process, as those see it who inspect. */
import type { Spread } from '../base/histogram.ts';
import type { Mailbox } from './mailbox.ts';
import { isPid, type LocalName, type NameAt, type Pid, type Via } from './pid.ts';
import type { Process } from './process.ts';

/** Plain data. */
export interface ProcessInfo {
  readonly pid: Pid;
  readonly kind: string;
  readonly name: string | undefined;
  readonly label: string | undefined;
  readonly parent: Pid | undefined;
  readonly status: 'starting' | 'waiting' | 'running' | 'suspended';
  readonly mailbox: number;
  readonly mailboxMax: number;
  readonly handled: number;
  readonly dropped: number;
  /** For how long its current callback has been pending, in milliseconds. */
  readonly busyMs: number | null;
  readonly uptimeMs: number;
  /** How long its callbacks took, in milliseconds, since somebody watches; undefined while nobody does. */
  readonly callbackMs: Spread | undefined;
  /** The types of the messages that wait, of the first of them, with their number. */
  readonly waiting: Readonly<Record<string, number>>;
  readonly links: readonly Pid[];
  readonly monitors: readonly Pid[];
  readonly trapExit: boolean;
}

export function processInfo(
  process: Process,
  mailbox: Mailbox,
  status: ProcessInfo['status'],
  callbackMs: Spread | undefined,
): ProcessInfo {
  const now = process.runtime.clock.now();
  return {
    pid: process.pid,
    kind: process.behaviour.kind,
    name: nameText(process.name),
    label: process.label,
    parent: process.parent,
    status,
    mailbox: mailbox.size,
    mailboxMax: mailbox.highWater,
    handled: process.handled,
    dropped: process.dropped,
    busyMs: process.busySince === undefined ? null : now - process.busySince,
    uptimeMs: now - process.startedAt,
    callbackMs,
    waiting: mailbox.types(),
    links: process.links.values(),
    monitors: process.monitors.values().flatMap(({ to }) => (isPid(to) ? [to] : [])),
    trapExit: process.trapExit,
  };
}

/** A process's name as text. */
function nameText(name: LocalName | Via | NameAt | undefined): string | undefined {
  if (name === undefined || typeof name === 'string') return name;
  return name.type === 'via' ? JSON.stringify(name.key) : nameText(name.name);
}
