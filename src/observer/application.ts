/**
 * The application with an observer: what `beamline` exports. The observer is a guest of the pipeline, which knows nothing
 * of it; it is loaded when it is first asked for, and closed when the application has stopped.
 */
import {
  type ApplicationSurroundings,
  boot,
  PlainApplication,
  type StopOptions,
} from '../pipeline/application.ts';
import type { ApplicationOptionsInput } from '../pipeline/options/options.ts';
import type { Running } from '../pipeline/running.ts';
import type { Ledger } from '../pipeline/view/ledger.ts';
import type { Snapshot } from '../pipeline/view/snapshot-types.ts';
import type { ObserveOptions } from './options.ts';
import type { Observer } from './server.ts';

export class Application extends PlainApplication {
  readonly #observers = new Set<Observer>();

  /**
   * Boots the application. `record()` is accepted from this call on; the promise resolves when the tree stands.
   *
   * @throws BeamlineError `ERR_OPTIONS` naming every bad option, `ERR_ALREADY_RUNNING`, `ERR_IN_RECORD_THREAD`.
   * @throws AdapterDescriptorError `ERR_ADAPTER_DESCRIPTOR`
   */
  static override start(
    options: ApplicationOptionsInput,
    surroundings: ApplicationSurroundings = {},
  ): Promise<Application> {
    return boot(options, surroundings, make);
  }

  /**
   * Serves the live tree as a web page and as JSON; `observer.url` is where. This machine only, and nothing can be
   * changed through it, unless the options say otherwise.
   *
   * @throws ObserverError `ERR_OBSERVER_OPTIONS`, `ERR_OBSERVER_EXPOSED`, `ERR_OBSERVER_PORT`
   */
  async observe(options: ObserveOptions = {}): Promise<Observer> {
    const { Observer } = await import('./server.ts');
    const observer = await Observer.start(this, options);
    this.#observers.add(observer);
    return observer;
  }

  /** As of the pipeline; the options of its observers, as long as they are open, are among the others. */
  override async inspect(): Promise<Snapshot> {
    const snapshot = await super.inspect();
    const open = [...this.#observers].filter(({ isClosed }) => !isClosed);
    return { ...snapshot, options: [...snapshot.options, ...open.flatMap(({ shown }) => shown)] };
  }

  override async stop(options: StopOptions = {}): Promise<Ledger> {
    const ledger = await super.stop(options);
    await Promise.all([...this.#observers].map((observer) => observer.close()));
    return ledger;
  }
}

/** Out here, so that the class does not name itself: the bundler would give it another name in stack traces. */
function make(running: Running): Application {
  return new Application(running);
}
