/**
 * One record type where its processes run: its handler, its adapter, and the table of claims, which outlives any of
 * its processes and dies with the thread. Owns who holds which claim, and gives back what the dead held.
 *
 *     queue --claim--> Producer --event--> Consumer --runBatch--> settled
 *                 \--> without a Producer (dispatching) --runBatch--> settled
 *
 * The rule: a claim has one holder. When the holder ends, its run is aborted and the claim is free to be taken again.
 */
import { Cancellation } from '../../base/cancellation.ts';
import { Histogram } from '../../base/histogram.ts';
import type { Process } from '../../otp/process.ts';
import type { Runtime } from '../../otp/runtime.ts';
import {
  Barrier,
  type BarrierMark,
  type Claim,
  type ClaimRequest,
  ClaimTable,
  QueueSignals,
  RECHECK_MS,
} from '../../threads/queue/index.ts';
import type { Adapter, RemoteFunction } from '../adapter/adapter.ts';
import { loadAdapter } from '../adapter/load.ts';
import { runBatch } from '../batch/batch-runner.ts';
import { DeadLetters } from '../batch/dead-letters.ts';
import { Gate } from '../batch/gate.ts';
import { Parking } from '../batch/parking.ts';
import { Partition } from '../batch/partition.ts';
import { Turns } from '../batch/turns.ts';
import type { Definition } from '../definition.ts';
import { thrownText } from '../shown-value.ts';
import { remoteLogger } from '../telemetry/logger.ts';
import { SiteTelemetry } from '../telemetry/site-telemetry.ts';
import { Tombstones } from '../view/tombstones.ts';
import { Hurry } from './hurry.ts';
import type { RemoteMain, SiteArgument, SiteOptions } from './site.ts';

/** A batch is cut so that one request can hold it, with room for what a handler adds to each event. */
export const BATCH_BYTES_MAX = 5 * 1024 * 1024;

/** While somebody waits for a barrier, and there is a journal. */
const JOURNAL_LOOK_MS = 50;

/** The work on a claim, or on the parts that it was split into. */
interface Work {
  holder: number;
  /** Cancelled when the claim is given back. */
  readonly lost: Cancellation;
  /** Tells its holder that it is parked, and no longer that one's. */
  onParked?: () => void;
}

/** The share of the queue's memory from which on it is short. */
const FILL_SHORT = 0.5;

interface Held {
  readonly claim: Claim;
  readonly work: Work;
}

export class RecordSite {
  readonly runtime: Runtime;
  readonly argument: SiteArgument;
  readonly options: SiteOptions;
  readonly definition: Definition;
  readonly adapter: Adapter;
  readonly main: RemoteMain;
  readonly telemetry: SiteTelemetry;
  readonly table: ClaimTable;
  readonly signals: QueueSignals;
  readonly gate = new Gate();
  readonly turns = new Turns();
  readonly parking: Parking;
  readonly hurry: Hurry;
  /** Where the type says which events must keep their order. */
  readonly partition: Partition | undefined;
  readonly deadLetters: DeadLetters;
  /** Cancelled when the site goes. */
  readonly closed = new Cancellation();
  #closing = false;
  #adapterKind: string | undefined = undefined;
  readonly #held = new Map<number, Held>();
  readonly #barriers = new Set<{ readonly barrier: Barrier; readonly resolve: () => void }>();
  /** Tells the Producer, if there is one, to fetch what waits. */
  onFlush: (() => void) | undefined = undefined;
  /** The same, for what was held back to keep its order, and need not be any more. */
  onFreed: (() => void) | undefined = undefined;
  readonly handleMs = new Histogram();
  readonly batchEvents = new Histogram();
  readonly tombstones: Tombstones;
  #watchingJournal = false;
  lastError: { readonly message: string; readonly at: number } | undefined = undefined;

  static async open(
    runtime: Runtime,
    argument: SiteArgument,
    definition: Definition,
    main: RemoteMain,
  ): Promise<RecordSite> {
    const functions = Object.fromEntries(
      argument.adapterFunctions.map((name): [string, RemoteFunction] => [
        name,
        (...args) => main.adapterFunction(name, args),
      ]),
    );
    const telemetry = new SiteTelemetry(runtime, argument, main);
    const adapter = await loadAdapter(argument.adapter, {
      recordType: argument.recordType,
      clock: runtime.clock,
      random: runtime.random,
      logger: remoteLogger((level, fields, message) => void main.log(level, fields, message).catch(() => {})),
      functions,
      report: (event) => telemetry.report(event),
    });
    return new RecordSite(runtime, argument, definition, adapter, main, telemetry);
  }

  constructor(
    runtime: Runtime,
    argument: SiteArgument,
    definition: Definition,
    adapter: Adapter,
    main: RemoteMain,
    telemetry: SiteTelemetry,
  ) {
    this.runtime = runtime;
    this.argument = argument;
    this.options = argument.options;
    this.definition = definition;
    this.adapter = adapter;
    this.main = main;
    this.telemetry = telemetry;
    const { queue, generation, predecessor, confirmations } = argument;
    const { partitionBy } = definition;
    this.partition = partitionBy && new Partition(argument.recordType, partitionBy);
    this.table = new ClaimTable(
      queue,
      { generation, predecessor, confirmations },
      { clock: runtime.clock, recheckMs: RECHECK_MS },
      { laneOf: this.partition?.laneOf },
    );
    this.signals = new QueueSignals(queue);
    this.parking = new Parking(runtime.clock);
    this.hurry = new Hurry(runtime.clock, () => adapter.hurry?.());
    this.deadLetters = new DeadLetters(this);
    this.tombstones = new Tombstones(runtime);
    runtime.observers.add({ ended: (process) => this.#ended(process) });
    this.deadLetters.start();
  }

  /** `kinesis`, `memory` ..., as the adapter says. */
  get adapterKind(): string {
    this.#adapterKind ??= this.adapter.snapshot().adapter;
    return this.#adapterKind;
  }

  get recordType(): string {
    return this.argument.recordType;
  }

  /** The next batch of the queue, oldest events first; undefined when nothing waits that may be claimed. */
  claim(
    holder: Process | undefined,
    { freedOnly = false }: Pick<ClaimRequest<unknown>, 'freedOnly'> = {},
  ): Claim | undefined {
    if (this.#closing) return undefined;
    const claim = this.table.claim({
      maxEvents: this.options.batchSize,
      maxBytes: BATCH_BYTES_MAX,
      owner: undefined,
      freedOnly,
    });
    if (claim === undefined) {
      if (!freedOnly) this.hurry.ranDry(this.table);
      return undefined;
    }
    this.hurry.claimed(claim);
    const work = { holder: holder?.pid.key ?? 0, lost: new Cancellation() };
    this.#held.set(claim.id, { claim, work });
    return claim;
  }

  /** A process takes over a claim from whoever has it. False: it has been given back. */
  take(claim: Claim, holder: Process): boolean {
    const held = this.#held.get(claim.id);
    if (held === undefined) return false;
    held.work.holder = holder.pid.key;
    return true;
  }

  /** True while nobody has taken it over. */
  holds(claim: Claim, holder: Process): boolean {
    return this.#held.get(claim.id)?.work.holder === holder.pid.key;
  }

  /** Gives events back, for whoever claims next. */
  release(claim: Claim): void {
    if (!this.#held.delete(claim.id)) return;
    this.hurry.begun(claim);
    this.table.release(claim);
    this.onFlush?.();
  }

  /** Runs a claim in the name of its holder, to its end, or until it is parked: then it goes on in nobody's name. */
  async run(claim: Claim): Promise<void> {
    const work = this.#held.get(claim.id)?.work;
    if (work === undefined) return;
    let isParked = false;
    await new Promise<void>((resolve, reject) => {
      work.onParked = () => {
        isParked = true;
        resolve();
      };
      runBatch(this, claim, work.lost).then(resolve, (error: unknown) => {
        if (isParked) this.#giveBack(work, error);
        else reject(error);
      });
    });
  }

  /** A claim is parked: it takes up no place any longer, and who held it has nothing more to do. */
  giveUpPlace(claim: Claim): void {
    const work = this.#held.get(claim.id)?.work;
    if (work === undefined) return;
    work.holder = 0;
    work.onParked?.();
  }

  /** Settles a claim, or makes its events dead letters: nobody holds it any more. */
  settle(claim: Claim, settlement: 'delivered' | 'dead'): void {
    this.#held.delete(claim.id);
    this.hurry.begun(claim);
    this.table.settle(claim, settlement);
    if (this.partition !== undefined && this.table.freed > 0) this.onFreed?.();
    this.afterSettling();
  }

  /** Two claims for one, with the same holder. */
  split(claim: Claim): [Claim, Claim] {
    const held = this.#held.get(claim.id);
    this.hurry.begun(claim);
    const halves = this.table.split(claim);
    this.#held.delete(claim.id);
    if (held !== undefined) for (const half of halves) this.#held.set(half.id, { ...held, claim: half });
    return halves;
  }

  /**
   * So many batches wait for a place in the demand. When half of the queue is taken, each batch that can be parked
   * is: its events hold up memory.
   */
  wantPlaces(batches: number): void {
    const isShort = !this.parking.isIdle && this.table.fill > FILL_SHORT;
    this.parking.want(isShort ? Number.POSITIVE_INFINITY : batches);
  }

  get claimed(): number {
    return this.#held.size;
  }

  /** Sleeps; ends early when it is cancelled. */
  sleep(delayMs: number, cancellation: Cancellation): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.clear();
        cancellation.offCancel(wake);
        resolve();
      };
      const timer = this.runtime.clock.setTimer(delayMs, wake);
      if (cancellation.cancelled) wake();
      else cancellation.onCancel(wake);
    });
  }

  noteError(error: unknown): void {
    this.lastError = { message: thrownText(error), at: this.runtime.clock.wallTime() };
  }

  /** Somebody waits for all that is in the queue. */
  fetchNow(): void {
    this.hurry.ask();
    this.onFlush?.();
  }

  /** Resolves when all before the mark is settled; has it fetched at once. */
  settled(mark: BarrierMark): Promise<void> {
    this.fetchNow();
    const barrier = new Barrier(this.argument.queue, mark);
    if (barrier.isPassed()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#barriers.add({ barrier, resolve });
      if (this.argument.queue.journal !== undefined) this.#watchJournal();
    });
  }

  /** What was put aside comes back in another thread, which settles nothing here that would be looked at. */
  #watchJournal(): void {
    if (this.#watchingJournal || this.#barriers.size === 0 || this.closed.cancelled) return;
    this.#watchingJournal = true;
    this.runtime.clock.setTimer(JOURNAL_LOOK_MS, () => {
      this.#watchingJournal = false;
      this.afterSettling();
      this.#watchJournal();
    });
  }

  afterSettling(): void {
    for (const waiting of this.#barriers) {
      if (!waiting.barrier.isPassed()) continue;
      this.#barriers.delete(waiting);
      waiting.resolve();
    }
  }

  /** Lets go of connections. Nothing is claimed any more; what is given back stays in the queue. */
  async close(timeoutMs: number): Promise<void> {
    this.#closing = true;
    await this.adapter.close({ timeoutMs });
    this.closed.cancel();
    await this.telemetry.flush();
  }

  #ended(process: Process): void {
    const { key } = process.pid;
    // Asked at the end of each process: nearly always it holds nothing any more.
    let orphans: Held[] | undefined;
    for (const held of this.#held.values()) {
      if (held.work.holder !== key) continue;
      orphans ??= [];
      orphans.push(held);
    }
    for (const { work, claim } of orphans ?? []) {
      work.lost.cancel(new Error(`process ${process.pid} has ended`));
      this.release(claim);
    }
  }

  /** Work that nobody holds has failed, by no fault of the handler. */
  #giveBack(work: Work, error: unknown): void {
    this.noteError(error);
    work.lost.cancel(error);
    for (const held of [...this.#held.values()]) if (held.work === work) this.release(held.claim);
  }
}
