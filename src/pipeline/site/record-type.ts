/**
 * One record type of a running application, on the main thread: its queue, and the place where its processes run. Owned
 * by the application and not by any process, so that a process that dies loses nothing.
 */
import { Barrier, markPublished } from '../../threads/queue/index.ts';
import type { Engine } from '../engine.ts';
import { thrownText } from '../shown-value.ts';
import { publish, shownThrown } from '../telemetry/telemetry.ts';
import { publishRelayed } from '../telemetry/telemetry-relay.ts';
import { InlinePlacement } from './inline-placement.ts';
import type { Placement } from './placement.ts';
import type { MainControl, SiteArgument, WireDeadLetter } from './site.ts';
import { ThreadPlacement } from './thread-placement.ts';
import { TypeQueue } from './type-queue.ts';

export class RecordType extends TypeQueue {
  readonly engine: Engine;
  readonly placement: Placement;
  /** What its site may ask of this thread. */
  readonly mainControl: MainControl;
  /** A Record server was asked for at least once: it is asked for again whenever it is missing. */
  wanted = false;
  /** Why the last start of its thread failed, and when. */
  lastFailure: { readonly error: Error; readonly at: number } | undefined = undefined;
  /** Why the sink of the dead letters did not take the newest one that it was offered; undefined when it did. */
  sinkFailure: { readonly message: string; readonly at: number } | undefined = undefined;

  /** The type whose queue that is. */
  constructor({ definition, queue }: TypeQueue, engine: Engine) {
    super(definition, engine.intake, queue);
    this.engine = engine;
    this.mainControl = {
      adapterFunction: (name, args) => engine.adapter.functions[name]?.(...(args as never[])),
      deadLetter: (letter) => this.#bury(letter),
      log: (level, fields, message) => this.logger[level](fields, message),
      telemetry: (report) => publishRelayed(this.name, engine.clock.wallTime(), report),
    };
    this.placement =
      this.options.isolation === 'inline'
        ? new InlinePlacement(this)
        : new ThreadPlacement(engine.host, this);
  }

  /** Has the sink take a letter. That it does not is told once, and once that it does again. */
  async #bury(letter: WireDeadLetter): Promise<void> {
    const { deadLetters, clock } = this.engine;
    const { id, attempts, error } = letter;
    const at = clock.wallTime();
    try {
      await deadLetters.take({ ...letter, recordType: this.name });
    } catch (thrown) {
      const message = thrownText(thrown);
      const isKnown = this.sinkFailure?.message === message;
      this.sinkFailure = { message, at: clock.wallTime() };
      if (!isKnown)
        this.logger.error(
          { err: thrown },
          'dead letters are not taken: they stay pending, and are offered again',
        );
      throw thrown;
    }
    if (this.sinkFailure !== undefined) this.logger.warn({}, 'dead letters are taken again');
    this.sinkFailure = undefined;
    // Not before: it is offered again until it is taken, and is one letter.
    publish('deadLetter', () => ({ recordType: this.name, at, id, attempts, reason: shownThrown(error) }));
  }

  /** Nothing is left to do: all is delivered, or taken by the sink of the dead letters. */
  get isSettled(): boolean {
    return new Barrier(this.queue, markPublished(this.queue)).isPassed();
  }

  /** What its next site is opened with: the reader before it is fenced off from now on. */
  siteOpening(predecessor: SiteArgument['predecessor']): SiteArgument {
    return this.siteArgument({ predecessor, telemetry: this.engine.relay.wanted() });
  }
}
