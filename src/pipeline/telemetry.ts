/**
 * What the library publishes on `node:diagnostics_channel`, all of it here. A message is built only when somebody
 * listens to its channel. All are published on the main thread, those about other threads too. Names, times and errors;
 * never an event's data.
 *
 *     import { subscribe } from 'node:diagnostics_channel';
 *     subscribe('beamline:process:restart', (message) => { ... });      // a RestartEntry
 */
import { channel } from 'node:diagnostics_channel';
import type { Process } from '../otp/process.ts';
import type { Runtime } from '../otp/runtime.ts';
import type { Restarts } from './restarts.ts';
import { type ShownReason, shownError, shownReason } from './shown-reason.ts';
import type { WireDeadLetter } from './site.ts';

export const channels = {
  /** A process of the main thread was started: `ProcessMessage`. */
  processStart: channel('beamline:process:start'),
  /** A process of the main thread has ended: `ProcessMessage` with its reason. */
  processExit: channel('beamline:process:exit'),
  /** A part of the tree, or a thread, has ended and is going to be started again: `RestartEntry`. */
  processRestart: channel('beamline:process:restart'),
  /** An event could not be delivered: `DeadLetterMessage`. */
  deadLetter: channel('beamline:dead-letter'),
} as const;

export interface ProcessMessage {
  readonly pid: string;
  readonly kind: string;
  readonly name: string | null;
  readonly label: string | null;
  /** Null at the start. */
  readonly reason: ShownReason | null;
}

export interface DeadLetterMessage {
  readonly recordType: string;
  readonly id: string;
  readonly attempts: number;
  readonly reason: ShownReason;
}

/** Publishes what the runtime and the account of restarts tell, from now on. */
export function publishTree(runtime: Runtime, restarts: Restarts): void {
  runtime.observers.add({
    spawned(process) {
      if (channels.processStart.hasSubscribers) channels.processStart.publish(messageOf(process, null));
    },
    ended(process, reason) {
      if (channels.processExit.hasSubscribers)
        channels.processExit.publish(messageOf(process, shownReason(reason)));
    },
  });
  restarts.listen((entry) => {
    if (channels.processRestart.hasSubscribers) channels.processRestart.publish(entry);
  });
}

export function publishDeadLetter(recordType: string, { id, attempts, error }: WireDeadLetter): void {
  if (!channels.deadLetter.hasSubscribers) return;
  const reason = shownError(error instanceof Error ? error : new Error(String(error)));
  channels.deadLetter.publish({ recordType, id, attempts, reason } satisfies DeadLetterMessage);
}

function messageOf({ pid, behaviour, name, label }: Process, reason: ShownReason | null): ProcessMessage {
  return {
    pid: pid.toString(),
    kind: behaviour.kind,
    name: typeof name === 'string' ? name : null,
    label: label ?? null,
    reason,
  };
}
