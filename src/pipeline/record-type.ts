/**
 * One record type of a running application, on the main thread: its queue, and the place where its processes run. Owned
 * by the application and not by any process, so that a process that dies loses nothing.
 */
import {
  Barrier,
  countsOf,
  createQueue,
  markPublished,
  type QueueCounts,
  type QueueHandle,
  QueueSignals,
} from '../threads/queue/index.ts';
import type { Definition } from './definition.ts';
import type { Engine } from './engine.ts';
import { InlinePlacement } from './inline-placement.ts';
import type { Logger } from './logger.ts';
import { parseTypeOptions, type TypeOptions } from './options.ts';
import type { Placement } from './placement.ts';
import type { MainControl, SiteArgument } from './site.ts';
import { publish, shownThrown } from './telemetry.ts';
import { publishRelayed } from './telemetry-relay.ts';
import { ThreadPlacement } from './thread-placement.ts';

export class RecordType {
  readonly name: string;
  readonly url: string;
  readonly definition: Definition;
  readonly engine: Engine;
  /** Its entries have the record type's name. */
  readonly logger: Logger;
  readonly options: TypeOptions;
  readonly queue: QueueHandle;
  readonly signals: QueueSignals;
  readonly placement: Placement;
  /** What its site may ask of this thread. */
  readonly mainControl: MainControl;
  /** A Record server was asked for at least once: it is asked for again whenever it is missing. */
  wanted = false;
  /** Why the last start of its thread failed, and when. */
  lastFailure: { readonly error: Error; readonly at: number } | undefined = undefined;

  constructor(definition: Definition, engine: Engine) {
    this.definition = definition;
    this.name = definition.name;
    this.url = definition.url;
    this.engine = engine;
    this.logger = engine.logger.child({ recordType: this.name });
    this.options = parseTypeOptions(definition.overrides, engine.options, definition.name);
    const { queueBytes, parkedBytes, maxEventBytes } = this.options;
    this.queue = this.createOrGetQueue({ queueBytes, parkedBytes, maxEventBytes });
    this.signals = new QueueSignals(this.queue);
    this.mainControl = {
      adapterFunction: (name, args) => engine.adapter.functions[name]?.(...(args as never[])),
      deadLetter: (letter) => {
        const { id, attempts, error } = letter;
        const at = engine.clock.wallTime();
        publish('deadLetter', () => ({
          recordType: this.name,
          at,
          id,
          attempts,
          reason: shownThrown(error),
        }));
        return engine.deadLetters.take({ ...letter, recordType: definition.name });
      },
      log: (level, fields, message) => this.logger[level](fields, message),
      telemetry: (report) => publishRelayed(this.name, engine.clock.wallTime(), report),
    };
    this.placement =
      this.options.isolation === 'inline'
        ? new InlinePlacement(this)
        : new ThreadPlacement(engine.host, this);
  }

  get counts(): QueueCounts {
    return countsOf(this.queue);
  }

  /** Nothing is left to do: all is delivered, or taken by the sink of the dead letters. */
  get isSettled(): boolean {
    return new Barrier(this.queue, markPublished(this.queue)).isPassed();
  }

  /** The type's queue: made once, found ever after. */
  createOrGetQueue(options: Pick<TypeOptions, 'queueBytes' | 'parkedBytes' | 'maxEventBytes'>): QueueHandle {
    const { directory, spool } = this.engine;
    return (
      this.queue ??
      createQueue({
        ...options,
        bootId: directory.bootId,
        ...(spool === undefined ? {} : { journal: spool.journal }),
      })
    );
  }

  /** What its next site is opened with: the reader before it is fenced off from now on. */
  siteArgument(predecessor: SiteArgument['predecessor']): SiteArgument {
    const { directory, adapter, runtime, relay } = this.engine;
    const { batchSize, flushIntervalMs, maxDemand, maxAttempts, backoff, handleTimeoutMs, queueBytes } =
      this.options;
    return {
      recordType: this.name,
      url: this.url,
      options: { batchSize, flushIntervalMs, maxDemand, maxAttempts, backoff, handleTimeoutMs, queueBytes },
      adapter: adapter.wire,
      adapterFunctions: Object.keys(adapter.functions),
      queue: this.queue,
      confirmations: directory.confirmations,
      directory: directory.handle,
      identity: directory.identify(),
      generation: this.signals.nextReaderGeneration(),
      predecessor,
      main: runtime.node,
      telemetry: relay.wanted(),
    };
  }
}
