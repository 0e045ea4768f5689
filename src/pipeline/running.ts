/**
 * An application that runs, behind `Application`: makes what the parts share, boots the documented tree
 * (`application-supervisor.ts`, which `tree.ts` keeps standing), takes over the record types from the intake, and is asked
 * for everything that concerns all of them. Loaded when an application is started.
 */
import { setMaxListeners } from 'node:events';
import { ProcessId } from '../otp/pid.ts';
import { Runtime, type RuntimeObserver } from '../otp/runtime.ts';
import type { TraceRequest, TraceResult } from '../otp/trace.ts';
import { termCodec } from '../threads/term-codec.ts';
import { ThreadTransport } from '../threads/thread-transport.ts';
import type { StopOptions, TraceOptions } from './application.ts';
import { attend } from './attendance.ts';
import { deadLetterSink } from './dead-letter-sink.ts';
import type { Engine } from './engine.ts';
import { errorRebuilders } from './error-rebuilders.ts';
import type { Intake } from './intake.ts';
import { type Ledger, ledgerOf } from './ledger.ts';
import { deliverAtEnd } from './process-exit.ts';
import { RecordType } from './record-type.ts';
import { type RestartEntry, Restarts } from './restarts.ts';
import { settled } from './settling.ts';
import { type ShownState, shownState } from './shown-state.ts';
import { shutDown } from './shutdown.ts';
import { takeSnapshot } from './snapshot.ts';
import type { Snapshot } from './snapshot-types.ts';
import { SpoolAccess } from './spool/spool-access.ts';
import { SpoolSite } from './spool/spool-site.ts';
import { publishTree, TelemetryRelay } from './telemetry-relay.ts';
import { Tombstones } from './tombstones.ts';
import { Tree } from './tree.ts';
import { MAIN_NODE, type TypeQueue } from './type-queue.ts';
import { typeNamed } from './types.ts';
import { Watchers } from './watchers.ts';

const STOP_TIMEOUT_MS = 30_000;
/** A process that is in the midst of a callback begins a trace after it. */
const TRACE_GRACE_MS = 1000;

export class Running {
  readonly #engine: Engine;
  readonly #types = new Map<string, RecordType>();
  readonly #watching = new AbortController();
  #stopped: Promise<Ledger> | undefined;
  readonly #tree: Tree;
  readonly #releaseEnd: () => void;

  constructor(intake: Intake, observer: RuntimeObserver | undefined) {
    const { options, clock, adapter, logger, directory } = intake;
    const transport = new ThreadTransport();
    const runtime = new Runtime({ node: MAIN_NODE, clock, transport });
    if (observer !== undefined) runtime.observers.add(observer);
    const spool =
      options.spool === false || intake.journal === undefined
        ? undefined
        : new SpoolSite(options.spool, intake.journal, logger);
    this.#engine = {
      intake,
      runtime,
      clock,
      host: { runtime, transport, codec: termCodec(errorRebuilders), clock },
      options,
      adapter,
      directory,
      spool,
      deadLetters: deadLetterSink(options.deadLetter, { logger, clock, spool }),
      logger,
      types: this.#types,
      restarts: new Restarts(runtime),
      tombstones: new Tombstones(runtime),
      watchers: new Watchers(runtime, this.#types),
      relay: new TelemetryRelay(clock, this.#types),
      nextNode: () => intake.nextNode(),
    };
    publishTree(runtime, this.#engine.restarts);
    this.#tree = new Tree(this.#engine);
    // Each record type listens, and Node takes more than ten listeners for a leak.
    setMaxListeners(0, this.#watching.signal);
    intake.handOver((type) => this.#admit(type));
    this.#releaseEnd = deliverAtEnd(this.#engine, (late) => this.#settled([...this.#types.values()], late));
  }

  /** What cannot be had from the beginning is told to who starts; what was recorded by then is delivered first. */
  async boot(): Promise<void> {
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
    return this.#engine.intake.hold.during(takeSnapshot(this.#engine));
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

  /** The same for one type. */
  flushType(recordType: string): Promise<void> {
    return this.#settled([typeNamed(this.#engine, recordType)]);
  }

  /** Refuses new events, delivers what is pending, and shuts the tree down. A second call gives the first one's promise. */
  stop(options: StopOptions = {}): Promise<Ledger> {
    this.#stopped ??= this.#engine.intake.hold.during(this.#stop(options.timeoutMs ?? STOP_TIMEOUT_MS));
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
    await this.#engine.intake.hold.during(typeNamed(this.#engine, recordType).placement.restart());
  }

  /**
   * Debug API: asks a process, wherever it runs, to handle no more messages, or to go on. Messages wait meanwhile.
   * Rejects when there is none, or when it does not answer in time because it is busy.
   */
  async suspend(pid: string): Promise<void> {
    await this.#engine.intake.hold.during(this.#engine.runtime.sys(processId(pid), { type: 'suspend' }));
  }

  async resume(pid: string): Promise<void> {
    await this.#engine.intake.hold.during(this.#engine.runtime.sys(processId(pid), { type: 'resume' }));
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
    return (await this.#engine.intake.hold.during(told)) as TraceResult;
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
    return this.#engine.intake.hold.during(
      type?.placement.place?.control.state(id) ?? Promise.resolve(undefined),
    );
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
    return spool && new SpoolAccess(spool, this.#engine.intake.hold);
  }

  /** Hears from now on when somebody records to a type while nobody fetches. */
  #admit(queue: TypeQueue): void {
    const type = new RecordType(queue, this.#engine);
    this.#types.set(type.name, type);
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
    return this.#engine.intake.hold.during(settled(this.#engine, types, end));
  }

  async #stop(timeoutMs: number): Promise<Ledger> {
    const ledger = await shutDown(this.#engine, {
      timeoutMs,
      tree: this.#tree,
      settled: (late) => this.#settled([...this.#types.values()], late),
    });
    this.#watching.abort();
    this.#engine.relay.close();
    this.#releaseEnd();
    this.#engine.intake.close();
    return ledger;
  }
}

/** From a pid's text; of a process that never was when it is none. */
function processId(pid: string): ProcessId {
  const [, node, serial] = /^<(\d+)\.(\d+)>$/.exec(pid) ?? [];
  return new ProcessId(Number(node ?? 0), Number(serial ?? 0));
}
