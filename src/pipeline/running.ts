/**
 * An application that runs, behind `Application`: makes what the parts share, boots the documented tree
 * (`application-supervisor.ts`, which `tree.ts` keeps standing), takes over the record types from the intake, and is asked
 * for everything that concerns all of them. What its methods promise is said at `Application`. Loaded when one is started.
 */
import { setMaxListeners } from 'node:events';
import { ProcessId } from '../otp/pid.ts';
import { Runtime, type RuntimeObserver } from '../otp/runtime.ts';
import type { TraceRequest, TraceResult } from '../otp/trace.ts';
import type { Hold } from '../threads/hold.ts';
import { termCodec } from '../threads/term-codec.ts';
import { ThreadTransport } from '../threads/thread-transport.ts';
import type { StopOptions, TraceOptions } from './application.ts';
import { attend } from './attendance.ts';
import { deadLetterSink } from './batch/dead-letter-sink.ts';
import { deliverAtEnd } from './ending/process-exit.ts';
import { settled } from './ending/settling.ts';
import { shutDown } from './ending/shutdown.ts';
import type { Engine } from './engine.ts';
import { errorRebuilders } from './error-rebuilders.ts';
import type { Intake } from './intake.ts';
import { RecordType } from './site/record-type.ts';
import { MAIN_NODE, type TypeQueue } from './site/type-queue.ts';
import { SpoolAccess } from './spool/spool-access.ts';
import { SpoolSite } from './spool/spool-site.ts';
import { publishTree, TelemetryRelay } from './telemetry/telemetry-relay.ts';
import { Tree } from './tree.ts';
import { typeNamed } from './types.ts';
import { type Ledger, ledgerOf } from './view/ledger.ts';
import { type RestartEntry, Restarts } from './view/restarts.ts';
import { type ShownState, shownState } from './view/shown-state.ts';
import { takeSnapshot } from './view/snapshot.ts';
import type { Snapshot } from './view/snapshot-types.ts';
import { Tombstones } from './view/tombstones.ts';
import { Watchers } from './view/watchers.ts';

const STOP_TIMEOUT_MS = 30_000;
/** A process that is in the midst of a callback begins a trace after it. */
const TRACE_GRACE_MS = 1000;

export class Running {
  readonly #engine: Engine;
  readonly #types = new Map<string, RecordType>();
  /** Of the intake. */
  readonly #hold: Hold;
  readonly #watching = new AbortController();
  #stopped: Promise<Ledger> | undefined;
  readonly #tree: Tree;
  readonly #releaseEnd: () => void;

  constructor(intake: Intake, observer: RuntimeObserver | undefined) {
    const { options, clock, adapter, logger, directory } = intake;
    this.#hold = intake.hold;
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
      host: { runtime, transport, codec: termCodec(errorRebuilders), clock, entries: intake.entries },
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
    const atEnd = deliverAtEnd(this.#engine, (late) => this.#settled([...this.#types.values()], late));
    this.#releaseEnd = atEnd.release;
    intake.handOver((type) => this.#admit(type), atEnd.exit);
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

  inspect(): Promise<Snapshot> {
    return this.#hold.during(takeSnapshot(this.#engine));
  }

  ledger(): Ledger {
    return ledgerOf(this.#types.values());
  }

  async flush(): Promise<Ledger> {
    await this.#settled([...this.#types.values()]);
    return this.ledger();
  }

  /** As `flush`, for one type. */
  flushType(recordType: string): Promise<void> {
    return this.#settled([typeNamed(this.#engine, recordType)]);
  }

  stop(options: StopOptions = {}): Promise<Ledger> {
    this.#stopped ??= this.#hold.during(this.#stop(options.timeoutMs ?? STOP_TIMEOUT_MS));
    return this.#stopped;
  }

  kill(pid: string): boolean {
    const { runtime } = this.#engine;
    const id = processId(pid);
    if (!runtime.isAlive(id)) return false;
    runtime.exit(id, 'kill');
    return true;
  }

  async endThread(recordType: string): Promise<void> {
    await this.#hold.during(typeNamed(this.#engine, recordType).placement.restart('order'));
  }

  async suspend(pid: string): Promise<void> {
    await this.#hold.during(this.#engine.runtime.sys(processId(pid), { type: 'suspend' }));
  }

  async resume(pid: string): Promise<void> {
    await this.#hold.during(this.#engine.runtime.sys(processId(pid), { type: 'resume' }));
  }

  async trace(pid: string, options: TraceOptions = {}): Promise<TraceResult> {
    const { limit = 20, timeoutMs = 5000, payloads = false } = options;
    const request: TraceRequest = { type: 'trace', limit, timeoutMs, detail: payloads ? 'values' : 'kinds' };
    const { runtime } = this.#engine;
    const told = runtime.sys(processId(pid), request, timeoutMs + TRACE_GRACE_MS);
    return (await this.#hold.during(told)) as TraceResult;
  }

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

  watch(): () => void {
    return this.#engine.watchers.join();
  }

  onRestart(listener: (entry: RestartEntry) => void): () => void {
    return this.#engine.restarts.listen(listener);
  }

  get spool(): SpoolAccess | undefined {
    const { spool } = this.#engine;
    return spool && new SpoolAccess(spool, this.#hold);
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
