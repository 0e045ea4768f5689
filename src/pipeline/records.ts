/**
 * What a user does with record types: define one, record events of it, let other threads record too.
 *
 *     export const MyEvent = Records.define<SignUp>({
 *       name: 'MyEvent',
 *       url: import.meta.url,
 *       async handleEvent(events, { sendData }) { ... },
 *     });
 *     MyEvent.record({ step: 'confirm' });          // true: accepted. false: refused, the queue is full
 */
import { systemClock } from '../base/clock.ts';
import { type DirectoryHandle, joinDirectory, type Recorder } from '../threads/directory.ts';
import {
  type Confirmable,
  countsOf,
  type QueueCounts,
  type QueueWriter,
  type Until,
} from '../threads/queue/index.ts';
import { type Definition, type DefinitionInput, parseDefinition } from './definition.ts';
import { environment, keepDefinition, setEnvironment } from './environment.ts';
import { BeamlineError } from './errors.ts';

export interface ConfirmOptions {
  /** Ends the wait, not the event. */
  readonly signal?: AbortSignal;
  /** `delivered`: when it is in the stream. `disk`: when it is in the spool, or, without one, in the stream. */
  readonly until?: Until;
}

export interface ConfirmedEvent {
  readonly id: string;
  /** What was reached. */
  readonly at: Until;
}

/** A defined record type, in any thread. */
export interface RecordHandle<Event, Args extends readonly unknown[] = [event: Event]> {
  readonly name: string;
  /**
   * Records an event; synchronous. True: accepted, it will be delivered. False: refused, because its queue is full or
   * the application has stopped; counted.
   *
   * @throws BeamlineError `ERR_NOT_RUNNING` before the first `Application.start`, `ERR_TYPE_NOT_DEFINED` in a thread
   * whose main thread does not define the type.
   * @throws QueueError `ERR_EVENT_NOT_SERIALIZABLE` with the path to the field, `ERR_EVENT_TOO_LARGE` with the limit.
   */
  record(...args: Args): boolean;
  /**
   * Records an event and waits until it is confirmed; has it fetched at once.
   *
   * @throws BeamlineError `ERR_QUEUE_FULL`, `ERR_STOPPED`, `ERR_TOO_MANY_CONFIRMATIONS`: not recorded.
   * `ERR_DEAD_LETTERED`, `ERR_ABORTED`, and `ERR_STOPPED` with an id: recorded.
   */
  recordAndConfirm(event: Event, options?: ConfirmOptions): Promise<ConfirmedEvent>;
  /** Resolves when all that was recorded before is settled. On the main thread. */
  flush(): Promise<void>;
  /** The ledger of this type. */
  stats(): QueueCounts;
}

export const Records = {
  /**
   * Defines a record type, from an object or from a class with the same static members. Works before
   * `Application.start` and after. The same name from the same module is the same type.
   *
   * @throws BeamlineError `ERR_DEFINITION`, `ERR_OPTIONS`, `ERR_TYPE_CONFLICT`
   */
  define<Event, Args extends readonly unknown[] = [event: Event]>(
    definition: DefinitionInput<Event, Args>,
  ): RecordHandle<Event, Args> {
    const parsed = parseDefinition(definition);
    keepDefinition(parsed);
    return new Handle(parsed) as unknown as RecordHandle<Event, Args>;
  },

  /** Lets another thread record: plain data, to be posted to it and given to `Records.attach` there. */
  share(): RecordsHandle {
    const current = environment();
    if (current.type !== 'application')
      throw new BeamlineError('ERR_NOT_RUNNING', { call: 'Records.share()' });
    return current.share();
  },

  /**
   * Connects this thread with the application that `share` was called in, and with no other from then on. Attaching
   * again to the same one is nothing, and so it is in a thread that belongs to the application.
   */
  attach(handle: RecordsHandle): void {
    const current = environment();
    if (current.type !== 'idle' && current.type !== 'attached') return;
    if (current.type === 'attached') {
      if (current.bootId === handle.bootId) return;
      current.leave();
    }
    setEnvironment({ type: 'attached', bootId: handle.bootId, ...joinDirectory(handle, systemClock) });
  },
} as const;

/** The handle of `Records.share()`: opaque, structured-cloneable. */
export type RecordsHandle = DirectoryHandle;

/** With one application: one that starts anew has another recorder. */
interface Connection {
  readonly recorder: Recorder;
  readonly writer: QueueWriter;
}

class Handle {
  readonly name: string;
  readonly #definition: Definition;
  #connection: Connection | undefined;

  constructor(definition: Definition) {
    this.name = definition.name;
    this.#definition = definition;
  }

  record(...args: readonly unknown[]): boolean {
    const { eventOf } = this.#definition;
    return this.#connect('record').writer.append(eventOf === undefined ? args[0] : eventOf(...args));
  }

  async recordAndConfirm(
    event: unknown,
    { signal, until = 'disk' }: ConfirmOptions = {},
  ): Promise<ConfirmedEvent> {
    const recordType = this.name;
    if (signal?.aborted)
      throw new BeamlineError('ERR_ABORTED', { recordType, id: null }, { cause: signal.reason });
    const { recorder, writer } = this.#connect('recordAndConfirm');
    const taken = writer.appendAndConfirm(event, until);
    if (taken.type !== 'accepted') throw refusal(recordType, writer, taken);
    const { id, confirmation } = taken;
    const abort = (): void => confirmation.cancel();
    signal?.addEventListener('abort', abort);
    const outcome = await recorder.hold.during(confirmation.outcome);
    signal?.removeEventListener('abort', abort);
    switch (outcome) {
      case 'disk':
      case 'delivered':
        return { id, at: outcome };
      case 'dead':
        throw new BeamlineError('ERR_DEAD_LETTERED', { recordType, id });
      case 'cancelled':
        if (signal?.aborted)
          throw new BeamlineError('ERR_ABORTED', { recordType, id }, { cause: signal.reason });
        throw new BeamlineError('ERR_STOPPED', { recordType, id });
    }
  }

  async flush(): Promise<void> {
    const current = environment();
    if (current.type === 'application') return current.flush(this.name);
    if (current.type !== 'stopped')
      throw new BeamlineError('ERR_NOT_RUNNING', { call: `${this.name}.flush()` });
  }

  stats(): QueueCounts {
    return countsOf(this.#connect('stats').writer.handle);
  }

  #connect(call: string): Connection {
    const current = environment();
    if (current.type === 'idle')
      throw new BeamlineError('ERR_NOT_RUNNING', { call: `${this.name}.${call}()` });
    if (current.recorder === this.#connection?.recorder) return this.#connection;
    const { recorder } = current;
    const writer = recorder.writer(this.name);
    if (writer === undefined) {
      throw new BeamlineError('ERR_TYPE_NOT_DEFINED', { recordType: this.name, defined: current.names() });
    }
    this.#connection = { recorder, writer };
    return this.#connection;
  }
}

function refusal(
  recordType: string,
  writer: QueueWriter,
  refused: Exclude<Confirmable, { type: 'accepted' }>,
): BeamlineError {
  switch (refused.code) {
    case 'ERR_QUEUE_FULL': {
      const { queueSegments, segmentBytes } = writer.handle;
      return new BeamlineError('ERR_QUEUE_FULL', { recordType, queueBytes: queueSegments * segmentBytes });
    }
    case 'ERR_QUEUE_CLOSED':
      return new BeamlineError('ERR_STOPPED', { recordType, id: null });
    case 'ERR_NO_CONFIRMATION_SLOT':
      return new BeamlineError('ERR_TOO_MANY_CONFIRMATIONS', { recordType });
  }
}
