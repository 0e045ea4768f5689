/**
 * Counts the events of a type that its schema does not take, and tells the main thread's log of them: where in the event
 * the issues are, at most once a second from each thread. Never the schema's own messages, which may hold the event's
 * data. Every one is in the ledger.
 */
import type { Recorder } from '../../threads/directory.ts';
import type { QueueWriter } from '../../threads/queue/index.ts';
import type { Logger } from '../telemetry/logger.ts';

const INTERVAL_MS = 1000;
/** A line of the log is short, whatever an event holds. */
const PATHS_SHOWN = 10;

/** What crosses to the main thread. */
interface InvalidNote {
  readonly paths: readonly string[];
  readonly invalidInAll: number;
}

export class InvalidEvents {
  readonly #recordType: string;
  #quietUntil = Number.NEGATIVE_INFINITY;

  constructor(recordType: string) {
    this.#recordType = recordType;
  }

  refuse(recorder: Recorder, writer: QueueWriter, paths: readonly string[]): void {
    writer.refuseInvalid();
    const now = recorder.thread.clock.now();
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + INTERVAL_MS;
    const note: InvalidNote = { paths: paths.slice(0, PATHS_SHOWN), invalidInAll: writer.invalid };
    recorder.note(this.#recordType, note);
  }
}

/** On the main thread: says what a thread has noted of a type, whose logger it is. */
export function logInvalid(logger: Logger, note: unknown): void {
  const { paths, invalidInAll } = note as InvalidNote;
  logger.warn(
    { paths: paths.join(', '), invalidInAll },
    'an event was refused by the schema of its record type',
  );
}
