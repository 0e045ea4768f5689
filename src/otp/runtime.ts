/**
 * One node: its processes, and the way from each of them to every other. Here processes are born, named, sent
 * messages and ended; what they do to one another beside that are signals (`signals.ts`), and what they ask and wait
 * for are requests (`requests.ts`).
 *
 * What a death does, in this order: the names are free; links hear of it, then monitors, then those who wait for an
 * answer; only then does anything happen that one of them does because of it.
 */
import { type Clock, systemClock } from '../base/clock.ts';
import { type Random, systemRandom } from '../base/random.ts';
import type { Envelope, Ref, ReplyTo, SysRequest } from './envelope.ts';
import { Exit, type ExitReason, type OperationFailed } from './exit-reason.ts';
import { NameTable } from './name-table.ts';
import {
  type Destination,
  isPid,
  type LocalName,
  type NameAt,
  type NodeId,
  type Pid,
  ProcessId,
} from './pid.ts';
import { type Behaviour, Process } from './process.ts';
import { ProcessTable } from './process-table.ts';
import { type RegistryTable, UnknownRegistry } from './registry-table.ts';
import { Requests } from './requests.ts';
import { Scheduler } from './scheduler.ts';
import type { NameRequest, Outcome, Signal, Transport } from './signal.ts';
import { Signals } from './signals.ts';
import type { StartResult } from './start.ts';
import { Wait } from './wait.ts';

export interface RuntimeOptions {
  /** This runtime's number among those that are connected with each other. */
  readonly node?: NodeId;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly transport?: Transport;
}

/** Hears of births and deaths; for those who inspect and for tests. Must not throw. */
export interface RuntimeObserver {
  spawned?(process: Process): void;
  ended?(process: Process, reason: ExitReason): void;
  /** Its mailbox is longer than ever before: told at 1,024 messages, and at each doubling. */
  crowded?(process: Process, waiting: number): void;
  /** A supervisor has had more restarts than its intensity allows, and ends. */
  gaveUp?(supervisor: Process): void;
}

export interface SpawnOptions {
  /** The process that starts it. With `link` a death of one reaches the other. */
  readonly parent?: Pid | undefined;
  readonly link?: boolean;
  readonly name?: Process['name'];
  readonly label?: string | undefined;
}

/**
 * Who starts a process and is linked to it: a process of this runtime, or one elsewhere, for whom this runtime starts
 * it.
 */
export type Parent = Process | { readonly runtime: Runtime; readonly pid: Pid };

/** Refs of one node are apart from those of all others, as long as a node makes fewer than 2^33 of them. */
const REFS = 2 ** 33;

const NO_TRANSPORT: Transport = { send() {}, isConnected: () => false };

export class Runtime {
  readonly node: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler = new Scheduler();
  readonly observers = new Set<RuntimeObserver>();
  /** Somebody watches: processes measure how long their callbacks take. */
  measuring = false;
  /** Messages that found nobody: sent to a process that has ended or to a name that nobody holds. */
  undeliverable = 0;
  readonly #transport: Transport;
  readonly #table: ProcessTable;
  readonly #requests: Requests;
  readonly #signals: Signals;
  #serial = 0;
  #ref = 0;

  constructor(options: RuntimeOptions = {}) {
    this.node = options.node ?? 0;
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? systemRandom;
    this.#transport = options.transport ?? NO_TRANSPORT;
    const nextRef = (): Ref => this.nextRef();
    this.#table = new ProcessTable(this.node, new NameTable());
    this.#requests = new Requests(this.#table, this.#transport, this.clock, nextRef);
    this.#signals = new Signals(this.#table, this.#transport, this.#requests, nextRef, {
      end: (process, reason) => this.end(process, reason),
      lost: () => {
        this.undeliverable++;
      },
    });
  }

  // -- processes ---------------------------------------------------------------------------------------------

  get processes(): Iterable<Process> {
    return this.#table.values();
  }

  get processCount(): number {
    return this.#table.size;
  }

  /** The Registries of this node, by name. */
  get registries(): Map<LocalName, RegistryTable> {
    return this.#table.registries;
  }

  nextRef(): Ref {
    return this.node * REFS + ++this.#ref;
  }

  #nextPid(): ProcessId {
    return new ProcessId(this.node, ++this.#serial);
  }

  /**
   * Brings a process to life. It initialises in its first turn. The name must be free. Fails with `noproc` when it is
   * to be linked to a parent of this node that has ended: it would be an orphan from the beginning.
   */
  spawn(behaviour: Behaviour, options: SpawnOptions = {}, pid = this.#nextPid()): Process {
    if (options.link === true && this.#table.hasEnded(options.parent)) throw new Exit('noproc');
    const process = new Process(this, pid, behaviour, options.parent);
    process.label = options.label;
    this.#table.add(process);
    if (options.link === true && options.parent !== undefined) this.link(process, options.parent);
    if (options.name !== undefined) this.#table.name(process, options.name);
    for (const observer of this.observers) observer.spawned?.(process);
    this.scheduler.schedule(process);
    return process;
  }

  /**
   * Starts a process and tells how its init went. A name that is taken is told at once, and no process comes to
   * life. `owner` is the process that waits. Fails with `UnknownRegistry` when the name is to be held in none.
   */
  start<Spec>(
    owner: Process | undefined,
    behaviour: Behaviour,
    options: SpawnOptions = {},
  ): Promise<StartResult<Spec>> {
    // A supervisor that was killed between two of its children: its orphaned callback goes no further.
    if (owner?.alive === false) return new Promise(() => {});
    return new Promise((resolve, reject) => {
      const wait = new Wait<StartResult>(owner, resolve as (result: StartResult) => void, reject);
      const { name } = options;
      if (this.#table.isElsewhere(name)) this.#startNamedAt(name, wait, behaviour, options);
      else this.startFor((result) => wait.resolve(result), behaviour, options);
    });
  }

  /** Starts a process as a child of `parent`, which hears of its end and whose end it hears of. */
  startLink<Spec>(
    parent: Parent,
    behaviour: Behaviour,
    options: Omit<SpawnOptions, 'parent' | 'link'> = {},
  ): Promise<StartResult<Spec>> {
    const owner = parent instanceof Process ? parent : undefined;
    return this.start(owner, behaviour, { ...options, parent: parent.pid, link: true });
  }

  /** As `start`, for a starter that is told by a function. The name is one of this node. */
  startFor(
    started: (result: StartResult) => void,
    behaviour: Behaviour,
    options: SpawnOptions,
  ): Process | undefined {
    const name = this.#table.ownName(options.name);
    if (typeof name === 'object' && !this.registries.has(name.registry))
      throw new UnknownRegistry(name.registry);
    const holder = name === undefined ? undefined : this.whereis(name);
    if (holder !== undefined) {
      started({ type: 'error', reason: { type: 'already_started', pid: holder } });
      return undefined;
    }
    const process = this.spawn(behaviour, options);
    process.starter = started;
    return process;
  }

  /** Starts a process that holds a name on another node before its init runs. */
  #startNamedAt(at: NameAt, wait: Wait<StartResult>, behaviour: Behaviour, options: SpawnOptions): void {
    const pid = this.#nextPid();
    const { parent } = options;
    this.#askNames(undefined, at.node, { type: 'take', name: at.name, pid }).then(
      (link) => {
        if (this.#table.hasEnded(parent)) {
          this.#signals.sendTo(at.node, { type: 'forget', pid });
          return;
        }
        const process = this.spawn(behaviour, options, pid);
        process.heldAt ??= new Set();
        process.heldAt.add(at.node);
        process.starter = (result) => wait.resolve(result);
        if (isPid(link)) this.link(process, link);
      },
      (error: OperationFailed) => {
        const reason = error.failure;
        if (typeof reason === 'object' && reason.type === 'error') wait.reject(reason.error);
        else wait.resolve({ type: 'error', reason });
      },
    );
  }

  /** The process of this node that holds a pid; undefined when it has ended or lives elsewhere. */
  find(pid: Pid): Process | undefined {
    return this.#table.find(pid);
  }

  isAlive(pid: Pid): boolean {
    return pid.node === this.node ? this.find(pid) !== undefined : this.#transport.isConnected(pid.node);
  }

  end(process: Process, reason: ExitReason): void {
    if (!process.alive) return;
    process.alive = false;
    this.#table.remove(process);
    if (process.heldAt !== undefined)
      for (const node of process.heldAt) this.#signals.sendTo(node, { type: 'forget', pid: process.pid });
    process.onEnd?.();
    for (const observer of this.observers) observer.ended?.(process, reason);
    this.#signals.announceEnd(process, reason, process.dispose());
  }

  // -- names -------------------------------------------------------------------------------------------------

  /** The pid behind a destination; undefined when nobody holds the name, or only another node could tell. */
  whereis(destination: Destination): Pid | undefined {
    return this.#table.whereis(destination);
  }

  /** As `whereis`, wherever the name is held. Undefined, too, when that node is gone. */
  locate(owner: Process | undefined, destination: Destination): Pid | undefined | Promise<Pid | undefined> {
    if (isPid(destination) || !this.#table.isElsewhere(destination)) return this.whereis(destination);
    const { node, name } = destination;
    const found = this.#askNames(owner, node, { type: 'whereis', name }) as Promise<Pid | undefined>;
    return found.catch(() => undefined);
  }

  /** False when the name is taken, or the process has one already: as in Erlang a process has one local name. */
  registerName(name: LocalName, process: Process): boolean {
    return this.#table.names.take(name, process.pid);
  }

  /** False when nobody holds the name. */
  unregisterName(name: LocalName): boolean {
    return this.#table.names.giveUp(name);
  }

  /** Takes a name of another node for a process of this one. Fails with the reason why it could not. */
  async registerNameAt(node: NodeId, name: LocalName, process: Process): Promise<void> {
    process.heldAt ??= new Set();
    process.heldAt.add(node);
    await this.#askNames(process, node, { type: 'take', name, pid: process.pid });
  }

  /** Has a name of another node given up, whoever holds it. */
  async unregisterNameAt(node: NodeId, name: LocalName, process: Process): Promise<void> {
    await this.#askNames(process, node, { type: 'give_up', name });
  }

  /** Asks another node about its names; fails with its refusal. */
  #askNames(owner: Process | undefined, node: NodeId, request: NameRequest): Promise<unknown> {
    return this.#requests.ask(owner, node, (ref) =>
      this.#signals.sendTo(node, { type: 'names', ref, request }),
    );
  }

  // -- messages ----------------------------------------------------------------------------------------------

  /** Puts an envelope into a mailbox. Never fails: what finds nobody is counted. */
  deliver(to: Destination, envelope: Envelope): void {
    const pid = this.#table.whereis(to);
    const process = pid === undefined ? undefined : this.#table.find(pid);
    if (process !== undefined) {
      process.deliver(envelope);
      return;
    }
    const remote = this.#table.remote(to, pid);
    if (remote === undefined) this.undeliverable++;
    else this.#transport.send(remote.node, { type: 'deliver', to: remote.to, envelope });
  }

  send(to: Destination, message: unknown): void {
    this.deliver(to, { type: 'info', message });
  }

  cast(to: Destination, message: unknown): void {
    this.deliver(to, { type: 'cast', message });
  }

  call(to: Destination, message: unknown, options: { readonly timeoutMs?: number } = {}): Promise<unknown> {
    return this.request(
      undefined,
      to,
      (from) => ({ type: 'call', message, from }),
      'call',
      options.timeoutMs ?? 5000,
    );
  }

  /** Asks what every process answers, whatever its module: Erlang's `sys`. A suspended one answers too. */
  sys(to: Destination, request: Exclude<SysRequest, { type: 'stop' }>, timeoutMs = 5000): Promise<unknown> {
    return this.request(undefined, to, (from) => ({ type: 'sys', request, from }), 'call', timeoutMs);
  }

  /** Asks a process to stop with `reason` and waits until it has ended. */
  async stop(
    to: Destination,
    reason: ExitReason = 'normal',
    options: { readonly timeoutMs?: number } = {},
  ): Promise<void> {
    await this.#requests.stop(undefined, to, reason, options.timeoutMs ?? Number.POSITIVE_INFINITY);
  }

  /** As `stop`, for a process that waits. */
  stopProcess(
    owner: Process | undefined,
    to: Destination,
    reason: ExitReason,
    timeoutMs: number,
  ): Promise<void> {
    return this.#requests.stop(owner, to, reason, timeoutMs);
  }

  /** Sends a message that is answered, and waits for the answer; fails with an `OperationFailed`. */
  request(
    owner: Process | undefined,
    to: Destination,
    envelope: (from: ReplyTo) => Envelope,
    operation: 'call' | 'stop',
    timeoutMs: number,
  ): Promise<unknown> {
    return this.#requests.request(owner, to, envelope, operation, timeoutMs);
  }

  /** Hands the outcome of a call to its caller. An answer that comes too late finds nobody. */
  settleCall(to: ReplyTo, outcome: Outcome): void {
    this.#requests.settle(to, outcome);
  }

  // -- signals -----------------------------------------------------------------------------------------------

  /** A process that does not trap exits cannot link to one that has ended: the attempt fails with `noproc`. */
  link(process: Process, to: Pid): void {
    this.#signals.link(process, to);
  }

  unlink(process: Process, from: Pid): void {
    this.#signals.unlink(process, from);
  }

  monitor(watcher: Process, target: Destination): Ref {
    return this.#signals.monitor(watcher, target);
  }

  demonitor(watcher: Process, ref: Ref): void {
    this.#signals.demonitor(watcher, ref);
  }

  /** Sends an exit signal, from a process or from outside of any. `kill` cannot be trapped. */
  exit(to: Pid, reason: ExitReason, from: Pid = new ProcessId(this.node, 0)): void {
    this.#signals.send({ type: 'exit', to, from, reason, linked: false });
  }

  /** A signal that came from another node. */
  receive(signal: Signal, from: NodeId): void {
    this.#signals.receive(signal, from);
  }

  /** Another node is gone: whatever here is linked to it, watches it or waits for it hears `noconnection`, once. */
  nodeDown(node: NodeId): void {
    this.#signals.nodeDown(node);
  }
}
