/**
 * Application: what a user starts, looks into and stops. It makes what the parts share, boots the documented tree
 * (`application-supervisor.ts`, which `tree.ts` keeps standing), admits the record types, and is asked for everything
 * that concerns all of them.
 */
import { setMaxListeners } from 'node:events';
import { customAlphabet } from 'nanoid';
import { type Clock, systemClock } from '../base/clock.ts';
import { ProcessId } from '../otp/pid.ts';
import { Runtime, type RuntimeObserver } from '../otp/runtime.ts';
import type { TraceRequest, TraceResult } from '../otp/trace.ts';
import { Directory, type Recorder } from '../threads/directory.ts';
import { Hold } from '../threads/hold.ts';
import { termCodec } from '../threads/term-codec.ts';
import { ThreadTransport } from '../threads/thread-transport.ts';
import { checkDescriptor } from './adapter/descriptor.ts';
import { attend } from './attendance.ts';
import { deadLetterSink } from './dead-letter-sink.ts';
import type { Definition } from './definition.ts';
import type { Engine } from './engine.ts';
import { definedTypes, environment, setEnvironment } from './environment.ts';
import { errorRebuilders } from './error-rebuilders.ts';
import { BeamlineError } from './errors.ts';
import { logInvalid } from './invalid-events.ts';
import { type Ledger, ledgerOf } from './ledger.ts';
import { type ApplicationOptions, type ApplicationOptionsInput, parseApplicationOptions } from './options.ts';
import { deliverAtEnd } from './process-exit.ts';
import { RecordType } from './record-type.ts';
import { type RestartEntry, Restarts } from './restarts.ts';
import { settled } from './settling.ts';
import { type ShownState, shownState } from './shown-state.ts';
import { shutDown } from './shutdown.ts';
import { stopOnSignals } from './shutdown-signals.ts';
import { takeSnapshot } from './snapshot.ts';
import type { Snapshot } from './snapshot-types.ts';
import { SpoolAccess } from './spool/spool-access.ts';
import { SpoolSite } from './spool/spool-site.ts';
import { publishTree, TelemetryRelay } from './telemetry-relay.ts';
import { Tombstones } from './tombstones.ts';
import { Tree } from './tree.ts';
import { typeNamed } from './types.ts';
import { throttleWarnings } from './warning-throttle.ts';
import { Watchers } from './watchers.ts';

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

/** Names this run in the ids of its events: `<boot id>-<writer>-<sequence>`, so without a dash of its own. */
const bootId = customAlphabet('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', 12);

const STOP_TIMEOUT_MS = 30_000;
/** What sends signals, Kubernetes for one, kills after 30 s: by then the ledger has been logged. */
const SIGNAL_TIMEOUT_MS = 25_000;
/** A process that is in the midst of a callback begins a trace after it. */
const TRACE_GRACE_MS = 1000;

export class Application {
  readonly #engine: Engine;
  readonly #types = new Map<string, RecordType>();
  readonly #recorder: Recorder;
  readonly #watching = new AbortController();
  #stopped: Promise<Ledger> | undefined;
  readonly #tree: Tree;
  readonly #hold = new Hold();
  #releaseSignals: (() => void) | undefined;
  readonly #releaseEnd: () => void;

  /**
   * Boots the application. `record()` is accepted from this call on; the promise resolves when the tree stands.
   *
   * @throws BeamlineError `ERR_OPTIONS` naming every bad option, `ERR_ALREADY_RUNNING`, `ERR_IN_RECORD_THREAD`.
   * @throws AdapterDescriptorError `ERR_ADAPTER_DESCRIPTOR`
   */
  static async start(
    options: ApplicationOptionsInput,
    surroundings: ApplicationSurroundings = {},
  ): Promise<Application> {
    return Application.boot(options, (parsed) => new Application(parsed, surroundings));
  }

  /** As `start`, for a subclass, which makes an application of its own. */
  protected static async boot<App extends Application>(
    options: ApplicationOptionsInput,
    make: (options: ApplicationOptions) => App,
  ): Promise<App> {
    const current = environment();
    if (current.type === 'record_thread') {
      const { recordType, url } = current;
      throw new BeamlineError('ERR_IN_RECORD_THREAD', { recordType, url });
    }
    if (current.type === 'application' || current.type === 'attached')
      throw new BeamlineError('ERR_ALREADY_RUNNING', {});
    const application = make(parseApplicationOptions(options));
    await application.#hold.during(application.#boot());
    return application;
  }

  protected constructor(
    options: ApplicationOptions,
    { clock = systemClock, observer }: ApplicationSurroundings,
  ) {
    const adapter = checkDescriptor(options.adapter);
    const transport = new ThreadTransport();
    const runtime = new Runtime({ clock, transport });
    if (observer !== undefined) runtime.observers.add(observer);
    let lastNode = 0;
    const logger = throttleWarnings(options.logger, clock);
    const spool = options.spool === false ? undefined : new SpoolSite(options.spool, logger);
    this.#engine = {
      runtime,
      clock,
      host: { runtime, transport, codec: termCodec(errorRebuilders), clock },
      options,
      adapter,
      directory: new Directory(bootId(), (recordType, note) => this.#noted(recordType, note)),
      spool,
      deadLetters: deadLetterSink(options.deadLetter, { logger, clock, spool }),
      logger,
      types: this.#types,
      restarts: new Restarts(runtime),
      tombstones: new Tombstones(runtime),
      watchers: new Watchers(runtime, this.#types),
      relay: new TelemetryRelay(clock, this.#types),
      nextNode: () => ++lastNode,
    };
    publishTree(runtime, this.#engine.restarts);
    this.#tree = new Tree(this.#engine);
    this.#recorder = this.#engine.directory.recorder(clock, adapter.onRecorded);
    // Each record type listens, and Node takes more than ten listeners for a leak.
    setMaxListeners(0, this.#watching.signal);
    for (const definition of definedTypes().values()) this.#admit(definition);
    setEnvironment({
      type: 'application',
      recorder: this.#recorder,
      admit: (definition) => this.#admit(definition),
      names: () => [...this.#types.keys()],
      share: () => this.#engine.directory.handle,
      flush: (recordType) => this.#settled([typeNamed(this.#engine, recordType)]),
    });
    this.#releaseEnd = deliverAtEnd(this.#engine, (late) => this.#settled([...this.#types.values()], late));
    if (options.handleSignals)
      this.#releaseSignals = stopOnSignals(() => this.stop({ timeoutMs: SIGNAL_TIMEOUT_MS }));
  }

  /** What cannot be had from the beginning is told to who starts; what was recorded by then is delivered first. */
  async #boot(): Promise<void> {
    const { spool } = this.#engine;
    const opened = spool?.open(this.#engine).catch((error: unknown) => error);
    await this.#tree.start();
    const error = await opened;
    if (error === undefined) return;
    spool?.suspendJournal();
    await this.stop();
    throw error;
  }

  /** The running tree as data: all threads, with the ledger of each record type. */
  inspect(): Promise<Snapshot> {
    return this.#hold.during(takeSnapshot(this.#engine));
  }

  /** What became of all events, by type and in total. */
  ledger(): Ledger {
    return ledgerOf(this.#types.values());
  }

  /** Resolves, with the ledger, when all that was recorded before this call is settled. */
  async flush(): Promise<Ledger> {
    await this.#settled([...this.#types.values()]);
    return this.ledger();
  }

  /** Refuses new events, delivers what is pending, and shuts the tree down. A second call gives the first one's promise. */
  stop(options: StopOptions = {}): Promise<Ledger> {
    this.#stopped ??= this.#hold.during(this.#stop(options.timeoutMs ?? STOP_TIMEOUT_MS));
    return this.#stopped;
  }

  /**
   * Debug API: kills a process, wherever it runs, by its pid as `inspect()` shows it. False: there is none.
   * Its supervisor does the rest.
   */
  kill(pid: string): boolean {
    const { runtime } = this.#engine;
    const id = processId(pid);
    if (!runtime.isAlive(id)) return false;
    runtime.exit(id, 'kill');
    return true;
  }

  /**
   * Debug API: ends the thread of a record type. Resolves when it has ended; another one follows, which runs again what
   * was in work. No event is charged with an attempt for it.
   */
  async endThread(recordType: string): Promise<void> {
    await this.#hold.during(typeNamed(this.#engine, recordType).placement.restart('order'));
  }

  /**
   * Debug API: asks a process, wherever it runs, to handle no more messages, or to go on. Messages wait meanwhile.
   * Rejects when there is none, or when it does not answer in time because it is busy.
   */
  async suspend(pid: string): Promise<void> {
    await this.#hold.during(this.#engine.runtime.sys(processId(pid), { type: 'suspend' }));
  }

  async resume(pid: string): Promise<void> {
    await this.#hold.during(this.#engine.runtime.sys(processId(pid), { type: 'resume' }));
  }

  /**
   * Debug API: the next messages that a process handles, wherever it runs: what kinds of messages, what they look like,
   * and how long each took; at most so many and for so long. What is in them is not shown, unless `payloads` asks for it.
   * Rejects when there is no such process, or when it is too busy to begin.
   */
  async trace(pid: string, options: TraceOptions = {}): Promise<TraceResult> {
    const { limit = 20, timeoutMs = 5000, payloads = false } = options;
    const request: TraceRequest = { type: 'trace', limit, timeoutMs, detail: payloads ? 'values' : 'kinds' };
    const { runtime } = this.#engine;
    const told = runtime.sys(processId(pid), request, timeoutMs + TRACE_GRACE_MS);
    return (await this.#hold.during(told)) as TraceResult;
  }

  /** Debug API: what can be shown of a process's state, without payloads and secrets; undefined when there is none. */
  async state(pid: string): Promise<ShownState | undefined> {
    const id = processId(pid);
    const { runtime } = this.#engine;
    if (id.node === runtime.node) {
      const process = runtime.find(id);
      return process === undefined ? undefined : shownState(process.behaviour.state?.());
    }
    const type = [...this.#types.values()].find(({ placement }) => placement.info.node === id.node);
    return this.#hold.during(type?.placement.place?.control.state(id) ?? Promise.resolve(undefined));
  }

  /** Debug API: has processes measure how long their callbacks take, until the function it returns is called. */
  watch(): () => void {
    return this.#engine.watchers.join();
  }

  /** Debug API: calls `listener` whenever a part of the tree ended and is going to be started again. */
  onRestart(listener: (entry: RestartEntry) => void): () => void {
    return this.#engine.restarts.listen(listener);
  }

  /** What is on the disk: dead letters, and events of types that are not defined any more. Undefined without a spool. */
  get spool(): SpoolAccess | undefined {
    const { spool } = this.#engine;
    return spool && new SpoolAccess(spool, this.#hold);
  }

  #noted(recordType: string, note: unknown): void {
    const type = this.#types.get(recordType);
    if (type !== undefined) logInvalid(type.logger, note);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Gives a defined type its queue, and hears from then on when somebody records to it while nobody fetches. */
  #admit(definition: Definition): void {
    if (this.#types.has(definition.name)) return;
    const type = new RecordType(definition, this.#engine);
    this.#types.set(type.name, type);
    this.#engine.directory.announce(type.name, type.queue);
    this.#engine.spool?.attach(type);
    // Too late for this application: what is recorded is refused and counted, as for all its types.
    if (this.#stopped !== undefined) type.signals.door = 'closed';
    else void attend(type, this.#watching.signal);
  }

  /**
   * Resolves when all that these types have accepted by now is settled; or when `until` says that nobody waits any
   * longer, or the application has stopped. Holds the process meanwhile.
   */
  #settled(types: readonly RecordType[], until?: AbortSignal): Promise<void> {
    const stopped = this.#watching.signal;
    const end = until === undefined ? stopped : AbortSignal.any([until, stopped]);
    return this.#hold.during(settled(this.#engine, types, end));
  }

  async #stop(timeoutMs: number): Promise<Ledger> {
    const ledger = await shutDown(this.#engine, {
      timeoutMs,
      tree: this.#tree,
      settled: (late) => this.#settled([...this.#types.values()], late),
    });
    this.#watching.abort();
    this.#engine.relay.close();
    this.#recorder.thread.confirmations?.cancelAll();
    this.#engine.directory.close();
    this.#releaseEnd();
    this.#releaseSignals?.();
    setEnvironment({
      type: 'stopped',
      recorder: this.#recorder,
      admit: (definition) => this.#admit(definition),
      names: () => [...this.#types.keys()],
    });
    return ledger;
  }
}

/** From a pid's text; of a process that never was when it is none. */
function processId(pid: string): ProcessId {
  const [, node, serial] = /^<(\d+)\.(\d+)>$/.exec(pid) ?? [];
  return new ProcessId(Number(node ?? 0), Number(serial ?? 0));
}
