/**
 * One record type of an application as those who record know it: its options and its queue. It is there from the call of
 * `Application.start` on; `RecordType` is the same type when there is somebody to fetch its events.
 */
import type { NodeId } from '../../otp/pid.ts';
import { entry } from '../../threads/entries.ts';
import {
  countsOf,
  createQueue,
  lettersIn,
  type QueueCounts,
  type QueueHandle,
  QueueSignals,
} from '../../threads/queue/recording.ts';
import type { Definition } from '../definition.ts';
import type { Intake } from '../intake.ts';
import { parseTypeOptions, type TypeOptions } from '../options/options.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { SiteArgument } from './site.ts';

/** The node of the thread that an application runs in: its supervisors, and Registry. */
export const MAIN_NODE: NodeId = 0;

/** What a record type's thread is for. */
export const RECORD_ROLE = entry('record-thread.js', () => new URL('./record-thread.js', import.meta.url));

/** What is said to a site only when it is opened. */
type SiteOpening = Pick<SiteArgument, 'predecessor' | 'telemetry'>;

export class TypeQueue {
  readonly name: string;
  readonly url: string;
  readonly definition: Definition;
  /** Its entries have the record type's name. */
  readonly logger: Logger;
  readonly options: TypeOptions;
  readonly queue: QueueHandle;
  readonly signals: QueueSignals;
  readonly #intake: Intake;

  /**
   * The queue is made unless there is one already.
   *
   * @throws BeamlineError `ERR_OPTIONS` when its options do not agree with the application's.
   */
  constructor(definition: Definition, intake: Intake, queue?: QueueHandle) {
    this.#intake = intake;
    this.definition = definition;
    this.name = definition.name;
    this.url = definition.url;
    this.logger = intake.logger.child({ recordType: this.name });
    this.options = parseTypeOptions(definition.overrides, intake.options, definition.name);
    this.queue = queue ?? this.#createQueue();
    this.signals = new QueueSignals(this.queue);
  }

  get threadName(): string {
    return `beamline ${this.name}`;
  }

  get counts(): QueueCounts {
    return countsOf(this.queue);
  }

  /** How many of its pending events are dead letters. */
  get letters(): number {
    return lettersIn(this.queue);
  }

  /** How many are not. */
  get undelivered(): number {
    return this.counts.pending - this.letters;
  }

  /** What its next site is opened with: the reader before it is fenced off from now on. */
  siteArgument(opening: SiteOpening): SiteArgument {
    const { directory, adapter } = this.#intake;
    const { batchSize, flushIntervalMs, maxDemand, maxAttempts, backoff, handleTimeoutMs } = this.options;
    const { queueBytes, niceness } = this.options;
    const batches = { batchSize, flushIntervalMs, maxDemand, maxAttempts, backoff, handleTimeoutMs };
    return {
      recordType: this.name,
      url: this.url,
      options: { ...batches, queueBytes, niceness },
      adapter: adapter.wire,
      adapterFunctions: Object.keys(adapter.functions),
      queue: this.queue,
      confirmations: directory.confirmations,
      directory: directory.handle,
      identity: directory.identify(),
      generation: this.signals.nextReaderGeneration(),
      main: MAIN_NODE,
      ...opening,
    };
  }

  #createQueue(): QueueHandle {
    const { queueBytes, parkedBytes, maxEventBytes } = this.options;
    const {
      directory: { bootId },
      journal,
    } = this.#intake;
    const bounds = { bootId, queueBytes, parkedBytes, maxEventBytes };
    return createQueue(journal === undefined ? bounds : { ...bounds, journal });
  }
}
