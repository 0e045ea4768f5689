/**
 * What there is of an application from the call of `Application.start` on: all that `record()` needs, and what the end of
 * the process needs to deliver what was recorded. The rest, a tree and what looks after it, is loaded meanwhile
 * (`running.ts`), takes over by `handOver`, and holds this until it closes it.
 *
 * When the process ends before the rest is there, nothing can be loaded any more; the record types' threads are started
 * all the same, and deliver as in `process-exit.ts`.
 */
import { customAlphabet } from 'nanoid';
import type { Clock } from '../base/clock.ts';
import type { NodeId } from '../otp/pid.ts';
import { Directory, type Recorder } from '../threads/directory.ts';
import { Entries } from '../threads/entries.ts';
import { Hold } from '../threads/hold.ts';
import { createJournalBell, type JournalHandle } from '../threads/queue/recording.ts';
import { roleUrl, spawnUnheard } from '../threads/spawn.ts';
import { type CheckedDescriptor, checkDescriptor } from './adapter/descriptor.ts';
import type { Definition } from './definition.ts';
import { deliverNow, type EndingType } from './ending/process-exit.ts';
import { stopOnSignals } from './ending/shutdown-signals.ts';
import { definedTypes, setEnvironment } from './environment.ts';
import { logInvalid } from './event/invalid-events.ts';
import type { ApplicationOptions } from './options/options.ts';
import { MAIN_NODE, RECORD_ROLE, TypeQueue } from './site/type-queue.ts';
import type { Logger } from './telemetry/logger.ts';
import { throttleWarnings } from './telemetry/warning-throttle.ts';

/** Names this run in the ids of its events: `<boot id>-<writer>-<sequence>`, so without a dash of its own. */
const bootId = customAlphabet('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', 12);

/** What the rest of the application does, as soon as it is there. */
export interface Rest {
  /** Resolves when all that was recorded of a type by now is settled. */
  flush(recordType: string): Promise<void>;
  /** As the process was told to end. */
  stop(): Promise<unknown>;
}

export class Intake {
  readonly options: ApplicationOptions;
  readonly clock: Clock;
  readonly entries: Entries;
  readonly adapter: CheckedDescriptor;
  readonly logger: Logger;
  readonly directory: Directory;
  readonly recorder: Recorder;
  /** The words of the journal; undefined without a spool. */
  readonly journal: JournalHandle | undefined;
  readonly hold = new Hold();
  readonly #types = new Map<string, TypeQueue>();
  #lastNode = MAIN_NODE;
  #admitted: ((type: TypeQueue) => void) | undefined;
  /** What is done inside of `'exit'`. */
  #end = (): void => this.#endEarly();
  #releaseSignals: (() => void) | undefined;

  /**
   * @throws AdapterDescriptorError `ERR_ADAPTER_DESCRIPTOR`
   * @throws ThreadError `ERR_THREAD_ENTRY`
   * @throws BeamlineError `ERR_OPTIONS` when those of a type do not agree with these.
   */
  constructor(options: ApplicationOptions, clock: Clock) {
    this.options = options;
    this.clock = clock;
    this.entries = new Entries(options.entries);
    this.adapter = checkDescriptor(options.adapter, this.entries);
    this.logger = throttleWarnings(options.logger, clock);
    this.journal = options.spool === false ? undefined : createJournalBell();
    this.directory = new Directory(bootId(), (recordType, note) => this.#noted(recordType, note));
    this.recorder = this.directory.recorder(clock, this.adapter.onRecorded);
    try {
      for (const definition of definedTypes().values()) this.#admit(definition);
    } catch (error) {
      this.directory.close();
      throw error;
    }
  }

  /** `record()` is accepted from here on. */
  open(rest: Rest): void {
    process.on('exit', this.#exit);
    if (this.options.handleSignals)
      this.#releaseSignals = stopOnSignals(
        () => rest.stop(),
        () => void process.off('exit', this.#exit),
      );
    setEnvironment({
      type: 'application',
      recorder: this.recorder,
      entries: this.entries,
      admit: (definition) => this.#admit(definition),
      names: () => [...this.#types.keys()],
      share: () => this.directory.handle,
      flush: (recordType) => rest.flush(recordType),
    });
  }

  /**
   * Tells of each type, those that are defined later too. The end of the process is `end`'s from here on, in the place
   * among the listeners that it has had: before those that came after the call of `start`.
   */
  handOver(admitted: (type: TypeQueue) => void, end: () => void): void {
    this.#end = end;
    this.#admitted = admitted;
    for (const type of this.#types.values()) admitted(type);
  }

  /** Nothing is recorded any more; whoever waits for an event is told. */
  close(): void {
    process.off('exit', this.#exit);
    for (const { signals } of this.#types.values()) signals.door = 'closed';
    this.recorder.thread.confirmations?.cancelAll();
    this.directory.close();
    this.#releaseSignals?.();
    setEnvironment({
      type: 'stopped',
      recorder: this.recorder,
      admit: (definition) => {
        this.#admit(definition).signals.door = 'closed';
      },
      names: () => [...this.#types.keys()],
    });
  }

  /** For a thread that is started now. */
  nextNode(): NodeId {
    return ++this.#lastNode;
  }

  #admit(definition: Definition): TypeQueue {
    const known = this.#types.get(definition.name);
    if (known !== undefined) return known;
    const type = new TypeQueue(definition, this);
    this.#types.set(type.name, type);
    this.directory.announce(type.name, type.queue);
    this.#admitted?.(type);
    return type;
  }

  #noted(recordType: string, note: unknown): void {
    const type = this.#types.get(recordType);
    if (type !== undefined) logInvalid(type.logger, note);
  }

  readonly #exit = (): void => this.#end();

  #endEarly(): void {
    const { clock, logger, options } = this;
    const started = new Set<TypeQueue>();
    const types = [...this.#types.values()].map(
      (type) =>
        ({
          type,
          threadState: () => (started.has(type) ? 'starting' : 'none'),
          startThread: () => {
            started.add(type);
            try {
              this.#startThread(type);
            } catch (error) {
              logger.error(
                { recordType: type.name, error },
                'no thread can be started to deliver what is left',
              );
            }
          },
        }) satisfies EndingType,
    );
    deliverNow({ clock, logger, exitTimeoutMs: options.exitTimeoutMs }, types);
  }

  #startThread(type: TypeQueue): void {
    const argument = type.siteArgument({ predecessor: 'none', telemetry: [] });
    const role = roleUrl(this.entries, RECORD_ROLE);
    const data = { node: this.nextNode(), parent: MAIN_NODE, role, argument };
    spawnUnheard(type.threadName, data, this.entries, type.options.resourceLimits);
  }
}
