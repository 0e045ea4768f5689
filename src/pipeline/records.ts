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
import { type DirectoryHandle, inheritedHandle, joinDirectory, type Recorder } from '../threads/directory.ts';
import {
  type Confirmable,
  countsOf,
  type QueueCounts,
  type QueueWriter,
  type Until,
} from '../threads/queue/recording.ts';
import {
  type Definition,
  type DefinitionInput,
  parseDefinition,
  type SchemaDefinitionInput,
} from './definition.ts';
import { environment, keepDefinition, setEnvironment } from './environment.ts';
import { BeamlineError } from './errors.ts';
import { InvalidEvents } from './event/invalid-events.ts';
import { withContext } from './event/request-context.ts';
import {
  issuePaths,
  type SchemaInput,
  type SchemaResult,
  type StandardSchemaV1,
} from './event/standard-schema.ts';

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
   * Records an event; synchronous. True: accepted, it will be delivered. False: refused, because its queue is full, the
   * application has stopped, or its schema does not take it; counted.
   *
   * @throws BeamlineError `ERR_NOT_RUNNING` before the first `Application.start`, `ERR_TYPE_NOT_DEFINED` in a thread
   * whose main thread does not define the type, `ERR_SCHEMA_ASYNC`.
   * @throws QueueError `ERR_EVENT_NOT_SERIALIZABLE` with the path to the field, `ERR_EVENT_TOO_LARGE` with the limit.
   */
  record(...args: Args): boolean;
  /**
   * Records an event and waits until it is confirmed; has it fetched at once.
   *
   * @throws BeamlineError `ERR_EVENT_INVALID`, `ERR_QUEUE_FULL`, `ERR_STOPPED`, `ERR_TOO_MANY_CONFIRMATIONS`: not recorded.
   * `ERR_DEAD_LETTERED`, `ERR_ABORTED`, and `ERR_STOPPED` with an id: recorded.
   */
  recordAndConfirm(event: Event, options?: ConfirmOptions): Promise<ConfirmedEvent>;
  /** Resolves when all that was recorded before is settled. On the main thread. */
  flush(): Promise<void>;
  /** The ledger of this type. */
  stats(): QueueCounts;
}

/**
 * Defines a record type, from an object or from a class with the same static members. Works before
 * `Application.start` and after. The same name from the same module is the same type.
 *
 * With a `schema` the types of its events follow from that; without one they are `Event`.
 *
 * @throws BeamlineError `ERR_DEFINITION`, `ERR_OPTIONS`, `ERR_TYPE_CONFLICT`
 */
function define<S extends StandardSchemaV1, Args extends readonly unknown[] = [event: SchemaInput<S>]>(
  definition: SchemaDefinitionInput<S, Args>,
): RecordHandle<SchemaInput<S>, Args>;
function define<Event, Args extends readonly unknown[] = [event: Event]>(
  definition: DefinitionInput<Event, Args>,
): RecordHandle<Event, Args>;
function define(definition: unknown): unknown {
  const parsed = parseDefinition(definition);
  keepDefinition(parsed);
  return new Handle(parsed);
}

export const Records = {
  define,

  /**
   * Lets another thread record: plain data, to be posted to it and given to `Records.attach` there. A thread that is
   * started while the application runs needs neither: it finds the application by itself.
   */
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

/** A thread that was started while an application ran belongs to it unless it says otherwise. */
function attachInherited(): void {
  const handle = inheritedHandle();
  if (handle !== undefined) Records.attach(handle);
}

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
  readonly #invalid: InvalidEvents;
  #connection: Connection | undefined;

  constructor(definition: Definition) {
    this.name = definition.name;
    this.#definition = definition;
    this.#invalid = new InvalidEvents(definition.name);
  }

  record(...args: readonly unknown[]): boolean {
    const { eventOf, isPlain } = this.#definition;
    const event = eventOf === undefined ? args[0] : eventOf(...args);
    const { recorder, writer } = this.#connect('record');
    if (isPlain) return writer.append(event);
    const checked = this.#check(event);
    if (checked.issues === undefined) return writer.append(checked.value);
    this.#invalid.refuse(recorder, writer, issuePaths(checked.issues));
    return false;
  }

  async recordAndConfirm(
    event: unknown,
    { signal, until = 'disk' }: ConfirmOptions = {},
  ): Promise<ConfirmedEvent> {
    const recordType = this.name;
    if (signal?.aborted)
      throw new BeamlineError('ERR_ABORTED', { recordType, id: null }, { cause: signal.reason });
    const { recorder, writer } = this.#connect('recordAndConfirm');
    const checked = this.#check(event);
    if (checked.issues !== undefined) {
      const paths = issuePaths(checked.issues);
      this.#invalid.refuse(recorder, writer, paths);
      throw new BeamlineError('ERR_EVENT_INVALID', { recordType, paths }, { cause: checked.issues });
    }
    const taken = writer.appendAndConfirm(checked.value, until);
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

  /** The event as it is recorded: with its context, and as its schema makes it. */
  #check(event: unknown): SchemaResult<unknown> {
    const { context, schema } = this.#definition;
    const whole = context === undefined ? event : withContext(event, context);
    if (schema === undefined) return { value: whole };
    const answer = schema['~standard'].validate(whole);
    if (!(answer instanceof Promise)) return answer;
    // The error below tells the caller; what the schema would have said in the end is of no use any more.
    answer.catch(() => {});
    throw new BeamlineError('ERR_SCHEMA_ASYNC', { recordType: this.name });
  }

  #connect(call: string): Connection {
    if (environment().type === 'idle') attachInherited();
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
