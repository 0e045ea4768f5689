/**
 * Application: boots the documented tree, and shuts it down in an order in which nothing is lost.
 *
 *     Application                      rest_for_one, 5 restarts in 10 s
 *     |- ServerSupervisor              one_for_one, 3 in 5 s
 *     |  `- DispatchServer
 *     |- Registry
 *     |- ConsumerDynamicSupervisor(D)  each child at its own expense
 *     |- ProducerSupervisor(D)         each child at its own expense
 *     `- RecordsSupervisor(D)          each child at its own expense
 *
 * Each child needs those to its left, and is rebuilt with them: a Registry that is new knows nobody, and a
 * ConsumerDynamicSupervisor that is new has no pools for the Producers to the right. What lies in the queues is not in
 * the tree, and DispatchServer has it fetched again. If the tree gives up, it is started anew, after a growing delay.
 */
import { setMaxListeners } from 'node:events';
import { customAlphabet } from 'nanoid';
import { type Backoff, backoffDelay } from '../base/backoff.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import type { DynamicSupervisorSpec } from '../otp/dynamic-supervisor.ts';
import { startDynamicChildFor } from '../otp/dynamic-supervisor.ts';
import { formatReason } from '../otp/exit-reason.ts';
import { type Pid, ProcessId } from '../otp/pid.ts';
import { startRegistryLink } from '../otp/registry.ts';
import { Runtime, type RuntimeObserver } from '../otp/runtime.ts';
import { startSupervisor } from '../otp/supervisor.ts';
import type { TraceRequest, TraceResult } from '../otp/trace.ts';
import { Directory, type Recorder } from '../threads/directory.ts';
import { Hold } from '../threads/hold.ts';
import { Barrier, markPublished, RECHECK_MS } from '../threads/queue/index.ts';
import { termCodec } from '../threads/term-codec.ts';
import { ThreadTransport } from '../threads/thread-transport.ts';
import { checkDescriptor } from './adapter/descriptor.ts';
import { startConsumerDynamicSupervisor } from './consumer-dynamic-supervisor.ts';
import { deadLetterSink } from './dead-letter-sink.ts';
import type { Definition } from './definition.ts';
import { tellDispatchServer } from './dispatch-server.ts';
import type { Engine } from './engine.ts';
import { definedTypes, environment, setEnvironment } from './environment.ts';
import { errorRebuilders } from './error-rebuilders.ts';
import { BeamlineError } from './errors.ts';
import { type Ledger, ledgerOf } from './ledger.ts';
import { NAMES } from './names.ts';
import { type ApplicationOptions, type ApplicationOptionsInput, parseApplicationOptions } from './options.ts';
import type { Placement } from './placement.ts';
import { deliverAtExit } from './process-exit.ts';
import { startProducerSupervisor } from './producer-supervisor.ts';
import { RecordType } from './record-type.ts';
import { startRecordsSupervisor } from './records-supervisor.ts';
import { Refusals } from './refusals.ts';
import { type RestartEntry, Restarts } from './restarts.ts';
import { startServerSupervisor } from './server-supervisor.ts';
import { type ShownState, shownState } from './shown-state.ts';
import { stopOnSignals } from './shutdown-signals.ts';
import { takeSnapshot } from './snapshot.ts';
import type { Snapshot } from './snapshot-types.ts';
import { publishTree } from './telemetry.ts';
import { Tombstones } from './tombstones.ts';
import { typeNamed } from './types.ts';
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

const TREE_BACKOFF: Backoff = { initialMs: 500, maxMs: 30_000, factor: 2, jitter: 0.5 };
const STOP_TIMEOUT_MS = 30_000;
/** What sends signals, Kubernetes for one, kills after 30 s: by then the ledger has been logged. */
const SIGNAL_TIMEOUT_MS = 25_000;
/** How long connections may take to close, and how much longer a thread may take to say so. */
const CLOSE_TIMEOUT_MS = 1000;
const ANSWER_TIMEOUT_MS = 500;
/** A process that is in the midst of a callback begins a trace after it. */
const TRACE_GRACE_MS = 1000;

export class Application {
  readonly #engine: Engine;
  readonly #types = new Map<string, RecordType>();
  readonly #recorder: Recorder;
  readonly #watching = new AbortController();
  #state: 'starting' | 'running' | 'stopping' | 'stopped' = 'starting';
  #stopped: Promise<Ledger> | undefined;
  #tree: Pid | undefined;
  /** A new tree in place of one that ended. */
  #building: Promise<void> | undefined;
  readonly #hold = new Hold();
  #releaseSignals: (() => void) | undefined;
  /** The end of the process was held up for long enough. */
  #givenUp = false;

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
    this.#engine = {
      runtime,
      clock,
      host: { runtime, transport, codec: termCodec(errorRebuilders), clock },
      options,
      adapter,
      directory: new Directory(bootId()),
      deadLetters: deadLetterSink(options.deadLetter, options.logger),
      logger: options.logger,
      types: this.#types,
      restarts: new Restarts(runtime),
      tombstones: new Tombstones(runtime),
      watchers: new Watchers(runtime, this.#types),
      nextNode: () => ++lastNode,
    };
    publishTree(runtime, this.#engine.restarts);
    runtime.observers.add({
      ended: (process, reason) => {
        if (process.pid.key === this.#tree?.key) void this.#treeEnded(formatReason(reason));
      },
    });
    this.#recorder = this.#engine.directory.recorder(clock);
    // Each record type listens, and Node takes more than ten listeners for a leak.
    setMaxListeners(0, this.#watching.signal);
    for (const definition of definedTypes().values()) this.#admit(definition);
    setEnvironment({
      type: 'application',
      recorder: this.#recorder,
      admit: (definition) => this.#admit(definition),
      names: () => [...this.#types.keys()],
      share: () => this.#engine.directory.handle,
      flush: (recordType) => this.#hold.during(this.#settled([typeNamed(this.#engine, recordType)])),
    });
    process.on('beforeExit', this.#beforeExit);
    process.on('exit', this.#exit);
    if (options.handleSignals)
      this.#releaseSignals = stopOnSignals(() => this.stop({ timeoutMs: SIGNAL_TIMEOUT_MS }));
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
    await this.#hold.during(this.#settled([...this.#types.values()]));
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

  /** Debug API: ends the thread of a record type. Resolves when it has ended; another one follows. */
  async endThread(recordType: string): Promise<void> {
    await this.#hold.during(typeNamed(this.#engine, recordType).placement.restart());
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #boot(): Promise<void> {
    await this.#startTree();
    if (this.#state === 'starting') this.#state = 'running';
  }

  async #startTree(): Promise<void> {
    const engine = this.#engine;
    const result = await startSupervisor(
      engine.runtime,
      {
        strategy: 'rest_for_one',
        maxRestarts: 5,
        maxSeconds: 10,
        children: [
          {
            id: NAMES.serverSupervisor,
            type: 'supervisor',
            start: (self) => startServerSupervisor(self, engine),
          },
          {
            id: NAMES.registry,
            type: 'supervisor',
            start: (self) => startRegistryLink(self, { name: NAMES.registry, keys: 'unique' }),
          },
          {
            id: NAMES.consumerDynamicSupervisor,
            type: 'supervisor',
            start: (self) => startConsumerDynamicSupervisor(self, engine),
          },
          {
            id: NAMES.producerSupervisor,
            type: 'supervisor',
            start: (self) => startProducerSupervisor(self, engine),
          },
          {
            id: NAMES.recordsSupervisor,
            type: 'supervisor',
            start: (self) => startRecordsSupervisor(self, engine),
          },
        ],
      },
      { name: NAMES.application },
    );
    if (result.type !== 'ok') throw new Error(`the tree did not start: ${JSON.stringify(result)}`);
    this.#tree = result.pid;
  }

  /** The tree gave up. The queues are not in it: it is started anew, and fetches what is in them. */
  async #treeEnded(reason: string): Promise<void> {
    const { clock, logger, runtime } = this.#engine;
    this.#tree = undefined;
    for (let attempt = 1; this.#state === 'running' || this.#state === 'stopping'; attempt++) {
      logger.error({ reason, attempt }, 'the supervision tree ended, and is started again');
      await new Promise<void>((resolve) => {
        clock.setTimer(backoffDelay(TREE_BACKOFF, attempt, runtime.random), resolve);
      });
      if (this.#state !== 'running' && this.#state !== 'stopping') return;
      try {
        this.#building = this.#startTree();
        return await this.#building;
      } catch (error) {
        logger.error({ err: error }, 'the supervision tree could not be started');
      }
    }
  }

  /** Gives a defined type its queue, and hears from then on when somebody records to it while nobody fetches. */
  #admit(definition: Definition): void {
    if (this.#types.has(definition.name)) return;
    const type = new RecordType(definition, this.#engine);
    this.#types.set(type.name, type);
    this.#engine.directory.announce(type.name, type.queue);
    // Too late for this application: what is recorded is refused and counted, as for all its types.
    if (this.#state === 'stopping' || this.#state === 'stopped') type.signals.door = 'closed';
    else void this.#attend(type);
  }

  async #attend(type: RecordType): Promise<void> {
    const { clock } = this.#engine;
    const { signal } = this.#watching;
    const refusals = new Refusals(type);
    while (!signal.aborted) {
      const wanted = await type.signals.attentionWanted({ clock, recheckMs: RECHECK_MS }, signal);
      if (wanted !== 'wanted') return;
      refusals.look();
      if (type.signals.door === 'unattended') this.#startRecord(type);
    }
  }

  /** The first `record()` of a type: its Record server is asked for, and nobody waits for it. */
  #startRecord(type: RecordType): void {
    const { runtime } = this.#engine;
    const supervisor = NAMES.recordsSupervisor as unknown as Pid<DynamicSupervisorSpec>;
    startDynamicChildFor(runtime, supervisor, { recordType: type.name }).catch(() => {
      // RecordsSupervisor is not there at this moment: when it is, DispatchServer looks at all queues.
      tellDispatchServer(runtime, { type: 'reconcile' });
    });
  }

  /**
   * Resolves when all that these types have accepted by now is settled, however often their threads end meanwhile; or
   * when `until` says that nobody waits any longer, or the application has stopped.
   */
  async #settled(types: readonly RecordType[], until?: AbortSignal): Promise<void> {
    const stopped = this.#watching.signal;
    const end = until === undefined ? stopped : AbortSignal.any([until, stopped]);
    let giveUp: (() => void) | undefined;
    const gone = new Promise<'gone'>((resolve) => {
      giveUp = () => resolve('gone');
      end.addEventListener('abort', giveUp);
    });
    await Promise.all(types.map((type) => this.#typeSettled(type, end, gone)));
    if (giveUp !== undefined) end.removeEventListener('abort', giveUp);
  }

  async #typeSettled(type: RecordType, end: AbortSignal, gone: Promise<'gone'>): Promise<void> {
    const mark = markPublished(type.queue);
    const barrier = new Barrier(type.queue, mark);
    while (!barrier.isPassed() && !end.aborted) {
      if (type.placement.place === undefined) tellDispatchServer(this.#engine.runtime, { type: 'reconcile' });
      const place = await Promise.race([type.placement.ready(), gone]);
      if (place === 'gone') return;
      // A thread that ends meanwhile rejects: the mark is waited for in the next one.
      await Promise.race([place.control.settled(mark).catch(() => {}), gone]);
    }
  }

  /** In this order: refuse, flush and drain, close connections, take the tree down, end the threads. */
  async #stop(timeoutMs: number): Promise<Ledger> {
    const { runtime, clock, logger, directory } = this.#engine;
    this.#state = 'stopping';
    const types = [...this.#types.values()];
    for (const type of types) type.signals.door = 'closed';
    const deadline = new AbortController();
    const timer = clock.setTimer(timeoutMs, () => deadline.abort());
    // Again while something is left: a writer may have been past the door when it closed.
    do await this.#settled(types, deadline.signal);
    while (this.ledger().pending > 0 && !deadline.signal.aborted);
    timer.clear();
    this.#state = 'stopped';
    const closeMs = deadline.signal.aborted ? 0 : CLOSE_TIMEOUT_MS;
    await Promise.all(types.map(({ placement }) => this.#closeSite(placement, closeMs)));
    // One that is being built can be taken down when it stands; one that cannot be built needs not be.
    await this.#building?.catch(() => {});
    const tree = this.#tree;
    this.#tree = undefined;
    if (tree !== undefined) await runtime.stop(tree, 'shutdown');
    await Promise.all(types.map(({ placement }) => placement.close()));
    this.#watching.abort();
    this.#recorder.thread.confirmations?.cancelAll();
    const ledger = this.ledger();
    if (ledger.pending > 0)
      logger.error({ pending: ledger.pending }, 'stopped before all events were delivered');
    directory.close();
    process.off('beforeExit', this.#beforeExit);
    process.off('exit', this.#exit);
    this.#releaseSignals?.();
    setEnvironment({
      type: 'stopped',
      recorder: this.#recorder,
      admit: (definition) => this.#admit(definition),
      names: () => [...this.#types.keys()],
    });
    return ledger;
  }

  /** Closes a site's connections. One that does not answer is ended now: its processes would not heed the tree's end. */
  async #closeSite(placement: Placement, timeoutMs: number): Promise<void> {
    const { place } = placement;
    if (place === undefined) return;
    let late: (() => void) | undefined;
    const deaf = new Promise<'deaf'>((resolve) => {
      late = () => resolve('deaf');
    });
    const timer = this.#engine.clock.setTimer(timeoutMs + ANSWER_TIMEOUT_MS, () => late?.());
    // A thread that ends now needs no closing.
    const closed = place.control.closeAdapter(timeoutMs).catch(() => {});
    if ((await Promise.race([closed, deaf])) === 'deaf') await placement.close();
    timer.clear();
  }

  /** The process ends, now: by `process.exit()`, by an error that nobody caught, or because nothing is left to do. */
  readonly #exit = (): void => {
    if (this.#givenUp) return;
    const { clock, options, logger } = this.#engine;
    deliverAtExit([...this.#types.values()], { timeoutMs: options.exitTimeoutMs, clock, logger });
  };

  /** Nothing else holds the process: what is pending does, for as long as `exitTimeoutMs`. */
  readonly #beforeExit = (): void => {
    if (this.#givenUp || [...this.#types.values()].every((type) => type.isSettled)) return;
    const late = new AbortController();
    const timer = this.#engine.clock.setTimer(this.#engine.options.exitTimeoutMs, () => {
      this.#givenUp = true;
      late.abort();
    });
    void this.#hold
      .during(this.#settled([...this.#types.values()], late.signal))
      .finally(() => timer.clear());
  };
}

/** From a pid's text; of a process that never was when it is none. */
function processId(pid: string): ProcessId {
  const [, node, serial] = /^<(\d+)\.(\d+)>$/.exec(pid) ?? [];
  return new ProcessId(Number(node ?? 0), Number(serial ?? 0));
}
