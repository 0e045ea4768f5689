/**
 * Application: what a user starts, looks into and stops. `start` makes the intake, so that events are accepted from that
 * call on, and loads all the rest (`running.ts`), which answers what is asked here: whoever defines record types and never
 * starts an application need not wait for it.
 */
import { type Clock, systemClock } from '../base/clock.ts';
import type { RuntimeObserver } from '../otp/runtime.ts';
import type { TraceResult } from '../otp/trace.ts';
import { environment } from './environment.ts';
import { BeamlineError } from './errors.ts';
import { Intake } from './intake.ts';
import { type ApplicationOptionsInput, parseApplicationOptions } from './options/options.ts';
import type { Running } from './running.ts';
import type { SpoolAccess } from './spool/spool-access.ts';
import type { Ledger } from './view/ledger.ts';
import type { RestartEntry } from './view/restarts.ts';
import type { ShownState } from './view/shown-state.ts';
import type { Snapshot } from './view/snapshot-types.ts';

export interface StopOptions {
  /** How long to wait for what is pending, in milliseconds. Default 30,000. What is left then is in the ledger. */
  readonly timeoutMs?: number;
}

export interface TraceOptions {
  /** Messages, 200 at most. Default 20. */
  readonly limit?: number;
  /** Milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /** Show numbers and short texts too, but for those whose name says that they are secret. Default false. */
  readonly payloads?: boolean;
}

/** Handed in by tests; the default is the system's. */
export interface ApplicationSurroundings {
  readonly clock?: Clock;
  /** Hears of the births and deaths of the main thread's processes from the first one on. */
  readonly observer?: RuntimeObserver;
}

/** What sends signals, Kubernetes for one, kills after 30 s: by then the ledger has been logged. */
const SIGNAL_TIMEOUT_MS = 25_000;

/** An application as this floor has it: `beamline` exports it with an observer. */
export class PlainApplication {
  readonly #running: Running;

  /** For `start`: nothing else has what it takes. */
  constructor(running: Running) {
    this.#running = running;
  }

  static start(
    options: ApplicationOptionsInput,
    surroundings: ApplicationSurroundings = {},
  ): Promise<PlainApplication> {
    return boot(options, surroundings, make);
  }

  /** The running tree as data: all threads, with the ledger of each record type. */
  inspect(): Promise<Snapshot> {
    return this.#running.inspect();
  }

  /** What became of all events, by type and in total. */
  ledger(): Ledger {
    return this.#running.ledger();
  }

  /** Resolves, with the ledger, when all that was recorded before this call is settled. */
  flush(): Promise<Ledger> {
    return this.#running.flush();
  }

  /** Refuses new events, delivers what is pending, and shuts the tree down. A second call gives the first one's promise. */
  stop(options: StopOptions = {}): Promise<Ledger> {
    return this.#running.stop(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Debug API: kills a process, wherever it runs, by its pid as `inspect()` shows it. False: there is none.
   * Its supervisor does the rest.
   */
  kill(pid: string): boolean {
    return this.#running.kill(pid);
  }

  /**
   * Debug API: ends the thread of a record type. Resolves when it has ended; another one follows, which runs again what
   * was in work. No event is charged with an attempt for it.
   */
  endThread(recordType: string): Promise<void> {
    return this.#running.endThread(recordType);
  }

  /**
   * Debug API: asks a process, wherever it runs, to handle no more messages, or to go on. Messages wait meanwhile.
   * Rejects when there is none, or when it does not answer in time because it is busy.
   */
  suspend(pid: string): Promise<void> {
    return this.#running.suspend(pid);
  }

  resume(pid: string): Promise<void> {
    return this.#running.resume(pid);
  }

  /**
   * Debug API: the next messages that a process handles, wherever it runs: what kinds of messages, what they look like,
   * and how long each took; at most so many and for so long. What is in them is not shown, unless `payloads` asks for it.
   * Rejects when there is no such process, or when it is too busy to begin.
   */
  trace(pid: string, options: TraceOptions = {}): Promise<TraceResult> {
    return this.#running.trace(pid, options);
  }

  /** Debug API: what can be shown of a process's state, without payloads and secrets; undefined when there is none. */
  state(pid: string): Promise<ShownState | undefined> {
    return this.#running.state(pid);
  }

  /** Debug API: has processes measure how long their callbacks take, until the function it returns is called. */
  watch(): () => void {
    return this.#running.watch();
  }

  /** Debug API: calls `listener` whenever a part of the tree ended and is going to be started again. */
  onRestart(listener: (entry: RestartEntry) => void): () => void {
    return this.#running.onRestart(listener);
  }

  /** What is on the disk: dead letters, and events of types that are not defined any more. Undefined without a spool. */
  get spool(): SpoolAccess | undefined {
    return this.#running.spool;
  }
}

function make(running: Running): PlainApplication {
  return new PlainApplication(running);
}

/**
 * Boots an application, which `make` makes. `record()` is accepted from this call on; the promise resolves when the tree
 * stands.
 *
 * @throws BeamlineError `ERR_OPTIONS` naming every bad option, `ERR_ALREADY_RUNNING`, `ERR_IN_RECORD_THREAD`.
 * @throws AdapterDescriptorError `ERR_ADAPTER_DESCRIPTOR`
 */
export async function boot<App extends PlainApplication>(
  options: ApplicationOptionsInput,
  { clock = systemClock, observer }: ApplicationSurroundings,
  make: (running: Running) => App,
): Promise<App> {
  const current = environment();
  if (current.type === 'record_thread') {
    const { recordType, url } = current;
    throw new BeamlineError('ERR_IN_RECORD_THREAD', { recordType, url });
  }
  if (current.type === 'application' || current.type === 'attached')
    throw new BeamlineError('ERR_ALREADY_RUNNING', {});
  const intake = new Intake(parseApplicationOptions(options), clock);
  const running = load(intake, observer);
  const application = running.then(make);
  intake.open({
    flush: async (recordType) => (await running).flushType(recordType),
    stop: async () => (await application).stop({ timeoutMs: SIGNAL_TIMEOUT_MS }),
  });
  const standing = async (): Promise<App> => {
    await (await running).boot();
    return application;
  };
  return intake.hold.during(standing());
}

async function load(intake: Intake, observer: RuntimeObserver | undefined): Promise<Running> {
  try {
    const { Running } = await import('./running.ts');
    return new Running(intake, observer);
  } catch (error) {
    intake.close();
    throw error;
  }
}
