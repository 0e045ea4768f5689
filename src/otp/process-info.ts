/** Counters and marks of a process, as those see it who inspect. */
import type { Spread } from '../base/histogram.ts';
import type { LocalName, NameAt, Pid, Via } from './pid.ts';

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

/** A process's name as text. */
export function nameText(name: LocalName | Via | NameAt | undefined): string | undefined {
  if (name === undefined || typeof name === 'string') return name;
  return name.type === 'via' ? JSON.stringify(name.key) : nameText(name.name);
}
