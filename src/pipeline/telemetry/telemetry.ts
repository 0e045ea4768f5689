/**
 * What the library publishes on `node:diagnostics_channel`, all of it here: the channels, and the shape of what is said
 * on each. All is published on the main thread, also what happens in other threads. A message is made only while
 * somebody on the main thread listens to its channel. Names, times, counts and errors; never an event's data.
 *
 *     import { subscribe } from 'node:diagnostics_channel';
 *     subscribe('beamline:process:restart', (message) => { ... });      // a RestartEntry
 */
import { type Channel, channel } from 'node:diagnostics_channel';
import type { ExitReason } from '../../otp/exit-reason.ts';
import type { Process } from '../../otp/process.ts';
import type { RuntimeObserver } from '../../otp/runtime.ts';
import type { Repair } from '../spool/damage.ts';
import type { SpoolEvent } from '../spool/protocol.ts';
import type { RestartEntry } from '../view/restarts.ts';
import { type ShownReason, shownError, shownReason } from '../view/shown-reason.ts';

/** What is said on each channel. Moments (`at`) are milliseconds since the epoch, durations milliseconds. */
export interface Messages {
  /** A process was started, in whatever thread. */
  readonly processStart: ProcessMessage;
  /** A process has ended, with its reason. Those of a thread that dies are not told one by one: the thread is. */
  readonly processExit: ProcessMessage;
  /** A part of the tree, or a thread, has ended and is going to be started again. */
  readonly processRestart: RestartEntry;
  /** A supervisor had more restarts than it may have, and ends. */
  readonly processGiveUp: ProcessMessage;
  /** A mailbox is longer than ever before: told at 1,024 messages, and at each doubling. */
  readonly mailbox: MailboxMessage;
  /** The handler was run over a batch. */
  readonly batch: BatchMessage;
  /** What a handler sent by one `sendData` is in its stream, or is not going to be. */
  readonly delivery: DeliveryMessage;
  /** Something failed and is going to be done again. */
  readonly retry: RetryMessage;
  /** A stream refused records for being too many. */
  readonly throttle: ThrottleMessage;
  /** A full queue has refused events: at most one message a second for each record type. */
  readonly refusal: RefusalMessage;
  /** An event could not be delivered, and what takes the dead letters has taken it: once for each. */
  readonly deadLetter: DeadLetterMessage;
  /** The spool's store was opened, cannot be written, can be again, or was found damaged. */
  readonly spool: SpoolMessage;
  /** Messages of a record type's thread that were not published, because there were too many at a time. */
  readonly lost: LostMessage;
}

export const channels: { readonly [Name in keyof Messages]: Channel } = {
  processStart: channel('beamline:process:start'),
  processExit: channel('beamline:process:exit'),
  processRestart: channel('beamline:process:restart'),
  processGiveUp: channel('beamline:process:give-up'),
  mailbox: channel('beamline:process:mailbox'),
  batch: channel('beamline:batch'),
  delivery: channel('beamline:delivery'),
  retry: channel('beamline:retry'),
  throttle: channel('beamline:throttle'),
  refusal: channel('beamline:refusal'),
  deadLetter: channel('beamline:dead-letter'),
  spool: channel('beamline:spool'),
  lost: channel('beamline:telemetry:lost'),
};

export interface ProcessMessage {
  readonly at: number;
  readonly pid: string;
  readonly kind: string;
  readonly name: string | null;
  readonly label: string | null;
  /** Null unless it has ended. */
  readonly reason: ShownReason | null;
}

export interface MailboxMessage {
  readonly at: number;
  readonly pid: string;
  readonly kind: string;
  readonly name: string | null;
  readonly label: string | null;
  /** Messages that wait. */
  readonly waiting: number;
}

export interface BatchMessage {
  readonly recordType: string;
  /** When the run began. */
  readonly at: number;
  readonly durationMs: number;
  readonly events: number;
  /** Encoded. */
  readonly bytes: number;
  /** 1 for the first run of these events. */
  readonly attempt: number;
  /** `abandoned`: the process that held the batch ended meanwhile. */
  readonly outcome: 'delivered' | 'failed' | 'abandoned';
  /** Of a run that failed. */
  readonly reason: ShownReason | null;
}

export interface DeliveryMessage {
  readonly recordType: string;
  /** The kind of the adapter: `kinesis`, `memory` ... */
  readonly adapter: string;
  /** The name that the handler used. */
  readonly stream: string;
  /** When `sendData` was called. */
  readonly at: number;
  readonly durationMs: number;
  readonly messages: number;
  /** With partition keys. */
  readonly bytes: number;
  readonly outcome: 'delivered' | 'failed';
  readonly reason: ShownReason | null;
  /** The field `traceparent` of the batch's events, where it is one (W3C Trace Context); each once, at most 128. */
  readonly traces: readonly string[];
}

export type RetryMessage =
  /** A batch whose handler failed: the attempt that follows, and when. */
  | {
      readonly type: 'batch';
      readonly recordType: string;
      readonly at: number;
      readonly events: number;
      readonly attempt: number;
      readonly delayMs: number;
      readonly reason: ShownReason;
    }
  /** Records of a request that failed, in part or as a whole. */
  | {
      readonly type: 'records';
      readonly recordType: string;
      readonly at: number;
      readonly stream: string;
      readonly records: number;
      /** Of a request that failed as a whole. */
      readonly code: string | null;
    };

export interface ThrottleMessage {
  readonly recordType: string;
  readonly at: number;
  readonly stream: string;
  readonly records: number;
  /** Where the stream named one. */
  readonly shardId: string | null;
}

export interface RefusalMessage {
  readonly recordType: string;
  readonly at: number;
  /** Since the last message. */
  readonly refused: number;
  readonly refusedInAll: number;
  readonly queueBytes: number;
}

export interface DeadLetterMessage {
  readonly recordType: string;
  readonly at: number;
  readonly id: string;
  readonly attempts: number;
  readonly reason: ShownReason;
}

export type SpoolMessage = { readonly at: number; readonly directory: string } & (
  | SpoolEvent
  /** `repaired`: what was wrong with the store that was found, and where it has been put; null when it was well. */
  | { readonly type: 'opened'; readonly repaired: Repair | null }
);

export interface LostMessage {
  readonly recordType: string;
  readonly at: number;
  readonly lost: number;
}

/** What record types' threads say, each on its channel of the main thread. */
export const RELAYED = [
  'processStart',
  'processExit',
  'processGiveUp',
  'mailbox',
  'batch',
  'delivery',
  'retry',
  'throttle',
] as const satisfies readonly (keyof Messages)[];

export type RelayedChannel = (typeof RELAYED)[number];

/** One message on its way to the main thread. */
export type RelayedSignal = {
  [Name in RelayedChannel]: { readonly channel: Name; readonly message: Messages[Name] };
}[RelayedChannel];

/** Publishes what `make` makes, if somebody listens. */
export function publish<Name extends keyof Messages>(name: Name, make: () => Messages[Name]): void {
  if (channels[name].hasSubscribers) channels[name].publish(make());
}

/** Those of the relayed channels that somebody listens to now. */
export function listenedTo(): readonly RelayedChannel[] {
  return RELAYED.filter((name) => channels[name].hasSubscribers);
}

/** Tells of the lives of a runtime's processes, each on its channel. */
export function processObserver(
  tell: <Name extends 'processStart' | 'processExit' | 'processGiveUp' | 'mailbox'>(
    channel: Name,
    make: () => Messages[Name],
  ) => void,
): RuntimeObserver {
  return {
    spawned: (process) => tell('processStart', () => processMessage(process, null)),
    ended: (process, reason) => tell('processExit', () => processMessage(process, reason)),
    crowded: (process, waiting) => tell('mailbox', () => mailboxMessage(process, waiting)),
    gaveUp: (process) => tell('processGiveUp', () => processMessage(process, null)),
  };
}

function processMessage(process: Process, reason: ExitReason | null): ProcessMessage {
  return {
    ...named(process),
    at: process.runtime.clock.wallTime(),
    reason: reason === null ? null : shownReason(reason),
  };
}

function mailboxMessage(process: Process, waiting: number): MailboxMessage {
  return { ...named(process), at: process.runtime.clock.wallTime(), waiting };
}

/** Whatever was thrown, as those who listen see it. */
export function shownThrown(thrown: unknown): ShownReason {
  return shownError(thrown instanceof Error ? thrown : new Error(String(thrown)));
}

function named({ pid, behaviour, name, label }: Process) {
  return {
    pid: pid.toString(),
    kind: behaviour.kind,
    name: typeof name === 'string' ? name : null,
    label: label ?? null,
  };
}
