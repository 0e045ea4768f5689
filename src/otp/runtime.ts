/**
 * One node: a table of processes, their names, and the signals between them. Everything that one process does to
 * another passes through here, and nothing here runs a callback: signals are applied one after the other, in the
 * order they were sent, before anybody's code runs again.
 *
 * What a death does, in this order: the names are free; links hear of it, then monitors, then those who wait for an
 * answer; only then does anything happen that one of them does because of it.
 */
import { unreachable } from '../base/assert.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { type Random, systemRandom } from '../base/random.ts';
import { Ring } from '../base/ring.ts';
import type { Envelope, Ref, ReplyTo, SysRequest } from './envelope.ts';
import { Exit, type ExitReason, type Operation, OperationFailed } from './exit-reason.ts';
import { answerNames } from './name-request.ts';
import { NameTable } from './name-table.ts';
import {
  type Destination,
  isPid,
  type LocalName,
  type NameAt,
  type NodeId,
  type Pid,
  ProcessId,
  type Via,
} from './pid.ts';
import { type Behaviour, Process, systemEnvelope } from './process.ts';
import { type RegistryTable, UnknownRegistry } from './registry-table.ts';
import { Scheduler } from './scheduler.ts';
import type { Addressee, Monitor, NameRequest, Outcome, Signal, Transport } from './signal.ts';
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
  crowded?(process: Process): void;
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
  readonly registries = new Map<LocalName, RegistryTable>();
  readonly observers = new Set<RuntimeObserver>();
  /** Somebody watches: processes measure how long their callbacks take. */
  measuring = false;
  readonly #transport: Transport;
  readonly #processes = new Map<number, Process>();
  readonly #names = new NameTable();
  readonly #signals = new Ring<() => void>();
  #applying = false;
  /** Calls of this node to other nodes, and its questions about their names. */
  readonly #remoteCalls = new Map<
    Ref,
    { readonly node: NodeId; readonly operation: Operation; readonly wait: Wait<unknown> }
  >();
  #serial = 0;
  #ref = 0;
  /** Messages that found nobody: sent to a process that has ended or to a name that nobody holds. */
  undeliverable = 0;

  constructor(options: RuntimeOptions = {}) {
    this.node = options.node ?? 0;
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? systemRandom;
    this.#transport = options.transport ?? NO_TRANSPORT;
  }

  // -- processes and names -----------------------------------------------------------------------------------

  get processes(): Iterable<Process> {
    return this.#processes.values();
  }

  get processCount(): number {
    return this.#processes.size;
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
    if (options.link === true && this.#hasEnded(options.parent)) throw new Exit('noproc');
    const process = new Process(this, pid, behaviour, options.parent);
    pid.process = process;
    process.label = options.label;
    this.#processes.set(pid.key, process);
    if (options.link === true && options.parent !== undefined) this.link(process, options.parent);
    if (options.name !== undefined) this.#takeName(process, options.name);
    for (const observer of this.observers) observer.spawned?.(process);
    this.scheduler.schedule(process);
    return process;
  }

  /**
   * Starts a process and tells how its init went. A name that is taken is told at once, and no process comes to
   * life. `owner` is the process that waits. Fails with `UnknownRegistry` when the name is to be held in none.
   */
  start(owner: Process | undefined, behaviour: Behaviour, options: SpawnOptions = {}): Promise<StartResult> {
    // A supervisor that was killed between two of its children: its orphaned callback goes no further.
    if (owner?.alive === false) return new Promise(() => {});
    return new Promise((resolve, reject) => {
      const wait = new Wait<StartResult>(owner, resolve, reject);
      const { name } = options;
      if (isElsewhere(name, this.node)) this.#startNamedAt(name, wait, behaviour, options);
      else this.startFor((result) => wait.resolve(result), behaviour, options);
    });
  }

  /** Starts a process as a child of `parent`, which hears of its end and whose end it hears of. */
  startLink(
    parent: Parent,
    behaviour: Behaviour,
    options: Omit<SpawnOptions, 'parent' | 'link'> = {},
  ): Promise<StartResult> {
    const owner = parent instanceof Process ? parent : undefined;
    return this.start(owner, behaviour, { ...options, parent: parent.pid, link: true });
  }

  /** As `start`, for a starter that is told by a function. The name is one of this node. */
  startFor(
    started: (result: StartResult) => void,
    behaviour: Behaviour,
    options: SpawnOptions,
  ): Process | undefined {
    const name = this.#ownName(options.name);
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
        if (this.#hasEnded(parent)) {
          this.#signalTo(at.node, { type: 'forget', pid });
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

  /** Known to have ended: of a process of another node nobody can tell. */
  #hasEnded(pid: Pid | undefined): boolean {
    return pid !== undefined && pid.node === this.node && this.find(pid) === undefined;
  }

  /** The process of this node that holds a pid; undefined when it has ended or lives elsewhere. */
  find(pid: Pid): Process | undefined {
    return pid instanceof ProcessId && pid.process !== undefined ? pid.process : this.#processes.get(pid.key);
  }

  isAlive(pid: Pid): boolean {
    return pid.node === this.node ? this.find(pid) !== undefined : this.#transport.isConnected(pid.node);
  }

  /** The pid behind a destination; undefined when nobody holds the name, or only another node could tell. */
  whereis(destination: Destination): Pid | undefined {
    if (isPid(destination)) return destination;
    if (typeof destination === 'object' && destination.type === 'at') {
      return destination.node === this.node ? this.whereis(destination.name) : undefined;
    }
    if (typeof destination === 'string') return this.#names.whereis(destination);
    return this.registries.get(destination.registry)?.whereis(destination.key);
  }

  /** As `whereis`, wherever the name is held. Undefined, too, when that node is gone. */
  locate(owner: Process | undefined, destination: Destination): Pid | undefined | Promise<Pid | undefined> {
    if (isPid(destination) || !isElsewhere(destination, this.node)) return this.whereis(destination);
    const { node, name } = destination;
    const found = this.#askNames(owner, node, { type: 'whereis', name }) as Promise<Pid | undefined>;
    return found.catch(() => undefined);
  }

  /** False when the name is taken, or the process has one already: as in Erlang a process has one local name. */
  registerName(name: LocalName, process: Process): boolean {
    return this.#names.take(name, process.pid);
  }

  /** False when nobody holds the name. */
  unregisterName(name: LocalName): boolean {
    return this.#names.giveUp(name);
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

  /** A name as this node, which it may name itself, holds it. */
  #ownName(name: Process['name']): LocalName | Via | undefined {
    return typeof name === 'object' && name.type === 'at' ? name.name : name;
  }

  #takeName(process: Process, name: NonNullable<Process['name']>): void {
    process.name = name;
    if (isElsewhere(name, this.node)) return;
    const own = this.#ownName(name);
    if (typeof own === 'string') this.registerName(own, process);
    else if (own !== undefined) this.registries.get(own.registry)?.register(own.key, process, own.value);
  }

  /** Asks another node about its names; fails with its refusal. */
  #askNames(owner: Process | undefined, node: NodeId, request: NameRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ref = this.nextRef();
      const wait = new Wait<unknown>(owner, resolve, reject);
      if (!this.#transport.isConnected(node)) {
        wait.reject(new OperationFailed('call', 'noconnection'));
        return;
      }
      this.#remoteCalls.set(ref, { node, operation: 'call', wait });
      wait.onSettled = () => this.#remoteCalls.delete(ref);
      this.#signalTo(node, { type: 'names', ref, request });
    });
  }

  // -- messages ----------------------------------------------------------------------------------------------

  /** Puts an envelope into a mailbox. Never fails: what finds nobody is counted. */
  deliver(to: Destination, envelope: Envelope): void {
    const pid = this.whereis(to);
    const process = pid === undefined ? undefined : this.find(pid);
    if (process !== undefined) {
      process.deliver(envelope);
      return;
    }
    const remote = this.#remote(to, pid);
    if (remote === undefined) this.undeliverable++;
    else this.#transport.send(remote.node, { type: 'deliver', to: remote.to, envelope });
  }

  /** How another node names a destination; undefined when it is one of this node, or nowhere. */
  #remote(
    destination: Destination,
    pid: Pid | undefined,
  ): { readonly node: NodeId; readonly to: Addressee } | undefined {
    if (pid !== undefined) return pid.node === this.node ? undefined : { node: pid.node, to: pid };
    if (typeof destination === 'string' || isPid(destination) || destination.type !== 'at') return undefined;
    return destination.node === this.node ? undefined : { node: destination.node, to: destination.name };
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
    await this.stopProcess(undefined, to, reason, options.timeoutMs ?? Number.POSITIVE_INFINITY);
  }

  async stopProcess(
    owner: Process | undefined,
    to: Destination,
    reason: ExitReason,
    timeoutMs: number,
  ): Promise<void> {
    try {
      // Nobody answers a stop: the process ends, and the request fails with the reason of its end.
      await this.request(
        owner,
        to,
        (from) => ({ type: 'sys', request: { type: 'stop', reason }, from }),
        'stop',
        timeoutMs,
      );
    } catch (error) {
      if (!(error instanceof OperationFailed)) throw error;
      if (!sameReason(error.failure, reason)) throw new OperationFailed('stop', error.failure);
    }
  }

  /** Sends a message that is answered, and waits for the answer. */
  request(
    owner: Process | undefined,
    to: Destination,
    envelope: (from: ReplyTo) => Envelope,
    operation: 'call' | 'stop',
    timeoutMs: number,
  ): Promise<unknown> {
    const pid = this.whereis(to);
    if (owner !== undefined && pid?.key === owner.pid.key) {
      return Promise.reject(new OperationFailed(operation, 'calling_self'));
    }
    const process = pid === undefined ? undefined : this.find(pid);
    const remote = this.#remote(to, pid);
    if (process === undefined && remote === undefined) {
      return Promise.reject(new OperationFailed(operation, 'noproc'));
    }
    return new Promise((resolve, reject) => {
      const ref = this.nextRef();
      const wait = new Wait<unknown>(owner, resolve, reject);
      if (timeoutMs !== Number.POSITIVE_INFINITY) {
        wait.timer = this.clock.setTimer(timeoutMs, () => {
          wait.reject(new OperationFailed(operation, 'timeout'));
          process?.openCalls.delete(ref);
        });
      }
      if (process !== undefined) {
        process.deliver(envelope({ pid: owner?.pid, node: this.node, ref, wait }));
        return;
      }
      if (remote === undefined || !this.#transport.isConnected(remote.node)) {
        wait.reject(new OperationFailed(operation, 'noconnection'));
        return;
      }
      this.#remoteCalls.set(ref, { node: remote.node, operation, wait });
      wait.onSettled = () => this.#remoteCalls.delete(ref);
      this.#transport.send(remote.node, {
        type: 'deliver',
        to: remote.to,
        envelope: envelope({ pid: owner?.pid, node: this.node, ref }),
      });
    });
  }

  /** Hands the outcome of a call to its caller. An answer that comes too late finds nobody. */
  settleCall(to: ReplyTo, outcome: Outcome): void {
    if (to.node !== this.node) {
      this.#transport.send(to.node, { type: 'reply', ref: to.ref, outcome });
      return;
    }
    const remote = this.#remoteCalls.get(to.ref);
    const wait = to.wait ?? remote?.wait;
    if (outcome.type === 'ok') wait?.resolve(outcome.value);
    else wait?.reject(new OperationFailed(remote?.operation ?? 'call', outcome.reason));
  }

  // -- links and monitors ------------------------------------------------------------------------------------

  /** A process that does not trap exits cannot link to one that has ended: the attempt fails with `noproc`. */
  link(process: Process, to: Pid): void {
    if (process.pid.key === to.key || process.links.has(to.key)) return;
    if (to.node !== this.node) {
      process.links.set(to.key, to);
      this.signal({ type: 'link', to, from: process.pid });
      return;
    }
    const other = this.find(to);
    if (other !== undefined) {
      process.links.set(to.key, other.pid);
      other.links.set(process.pid.key, process.pid);
    } else if (process.trapExit) {
      process.deliver(systemEnvelope({ type: 'EXIT', from: to, reason: 'noproc' }));
    } else {
      throw new Exit('noproc');
    }
  }

  unlink(process: Process, from: Pid): void {
    if (!process.links.delete(from.key)) return;
    if (from.node === this.node) {
      this.find(from)?.links.delete(process.pid.key);
      return;
    }
    process.unlinking.set(from.key, (process.unlinking.get(from.key) ?? 0) + 1);
    this.signal({ type: 'unlink', to: from, from: process.pid });
  }

  monitor(watcher: Process, target: Destination): Ref {
    const ref = this.nextRef();
    const pid = this.whereis(target);
    const remote = this.#remote(target, pid);
    watcher.monitors.set(ref, { ref, target, to: remote?.to ?? pid, node: remote?.node ?? this.node });
    if (remote !== undefined) {
      this.#signalTo(remote.node, { type: 'monitor', to: remote.to, watcher: watcher.pid, ref });
      return ref;
    }
    const process = pid === undefined ? undefined : this.find(pid);
    if (process !== undefined) process.watchers.set(ref, watcher.pid);
    else this.#applyDown(watcher, ref, 'noproc');
    return ref;
  }

  demonitor(watcher: Process, ref: Ref): void {
    const monitor = watcher.monitors.get(ref);
    watcher.monitors.delete(ref);
    if (monitor !== undefined) this.#stopWatching(monitor);
  }

  #stopWatching({ to, node, ref }: Monitor): void {
    if (to === undefined) return;
    if (node !== this.node) this.#signalTo(node, { type: 'demonitor', to, ref });
    else if (isPid(to)) this.find(to)?.watchers.delete(ref);
  }

  /** Sends an exit signal from outside of any process. */
  exit(to: Pid, reason: ExitReason): void {
    this.signal({ type: 'exit', to, from: new ProcessId(this.node, 0), reason, linked: false });
  }

  // -- signals -----------------------------------------------------------------------------------------------

  /** Sends a signal to a process of this node or of another. Applied before this returns, unless signals are being applied. */
  signal(signal: Exclude<Signal, { type: 'reply' | 'deliver' }> & { readonly to: Pid }): void {
    this.#signalTo(signal.to.node, signal);
  }

  #signalTo(node: NodeId, signal: Signal): void {
    this.#enqueue(() => this.#route(node, signal));
  }

  /** A signal that came from another node. */
  receive(signal: Signal, from: NodeId): void {
    this.#enqueue(() => this.#apply(signal, from));
  }

  /** Another node is gone: whatever here is linked to it, watches it or waits for it hears `noconnection`, once. */
  nodeDown(node: NodeId): void {
    this.#enqueue(() => {
      this.#names.forgetNode(node);
      for (const table of this.registries.values()) table.forgetNode(node);
      for (const process of [...this.#processes.values()]) {
        for (const other of [...process.links.values()]) {
          if (other.node === node) this.#enqueue(() => this.#applyExit(process, other, 'noconnection', true));
        }
        for (const monitor of [...process.monitors.values()]) {
          if (monitor.node === node)
            this.#enqueue(() => this.#applyDown(process, monitor.ref, 'noconnection'));
        }
        for (const [ref, watcher] of process.watchers)
          if (watcher.node === node) process.watchers.delete(ref);
      }
      for (const call of [...this.#remoteCalls.values()]) {
        if (call.node === node)
          this.#enqueue(() => call.wait.reject(new OperationFailed(call.operation, 'noconnection')));
      }
    });
  }

  #enqueue(apply: () => void): void {
    this.#signals.push(apply);
    if (this.#applying) return;
    this.#applying = true;
    try {
      for (let next = this.#signals.shift(); next !== undefined; next = this.#signals.shift()) next();
    } finally {
      this.#applying = false;
    }
  }

  #route(node: NodeId, signal: Signal): void {
    if (node === this.node) this.#apply(signal, node);
    else if (this.#transport.isConnected(node)) this.#transport.send(node, signal);
    else this.#unreachable(signal);
  }

  /** What a signal to a node that is gone comes to. */
  #unreachable(signal: Signal): void {
    if (signal.type === 'link') {
      const process = this.find(signal.from);
      if (process !== undefined) this.#applyExit(process, signal.to, 'noconnection', true);
    } else if (signal.type === 'monitor') {
      const watcher = this.find(signal.watcher);
      if (watcher !== undefined) this.#applyDown(watcher, signal.ref, 'noconnection');
    }
  }

  #apply(signal: Signal, node: NodeId): void {
    switch (signal.type) {
      case 'deliver':
        this.#applyDeliver(signal.to, signal.envelope);
        return;
      case 'exit': {
        // What comes over a link tells of an end: whoever hears of it finds its names free.
        if (signal.linked && node !== this.node) this.#forget(signal.from);
        const process = this.find(signal.to);
        if (process !== undefined) this.#applyExit(process, signal.from, signal.reason, signal.linked);
        return;
      }
      case 'link': {
        const process = this.find(signal.to);
        // One that crosses an unlink is undone by it at the other end.
        if (process?.unlinking.has(signal.from.key)) return;
        if (process !== undefined) process.links.set(signal.from.key, signal.from);
        else
          this.#transport.send(node, {
            type: 'exit',
            to: signal.from,
            from: signal.to,
            reason: 'noproc',
            linked: true,
          });
        return;
      }
      case 'unlink':
        this.find(signal.to)?.links.delete(signal.from.key);
        this.signal({ type: 'unlinked', to: signal.from, from: signal.to });
        return;
      case 'unlinked': {
        const unlinking = this.find(signal.to)?.unlinking;
        const left = (unlinking?.get(signal.from.key) ?? 1) - 1;
        if (left === 0) unlinking?.delete(signal.from.key);
        else unlinking?.set(signal.from.key, left);
        return;
      }
      case 'monitor': {
        const pid = this.whereis(signal.to);
        const process = pid === undefined ? undefined : this.find(pid);
        if (process !== undefined) process.watchers.set(signal.ref, signal.watcher);
        else if (pid !== undefined && pid.node !== this.node) this.signal({ ...signal, to: pid });
        else this.signal({ type: 'down', to: signal.watcher, ref: signal.ref, reason: 'noproc' });
        return;
      }
      case 'demonitor': {
        const pid = this.whereis(signal.to);
        if (pid === undefined) return;
        if (pid.node === this.node) this.find(pid)?.watchers.delete(signal.ref);
        else this.signal({ ...signal, to: pid });
        return;
      }
      case 'down': {
        const watcher = this.find(signal.to);
        if (watcher !== undefined) this.#applyDown(watcher, signal.ref, signal.reason);
        return;
      }
      case 'reply':
        this.settleCall({ pid: undefined, node: this.node, ref: signal.ref }, signal.outcome);
        return;
      case 'names':
        this.#transport.send(node, {
          type: 'reply',
          ref: signal.ref,
          outcome: answerNames(signal.request, this.#names, this.registries),
        });
        return;
      case 'forget':
        this.#forget(signal.pid);
        return;
      default:
        unreachable(signal, 'signal');
    }
  }

  /** A name of this node may be held by a process of another: what is for it is passed on. */
  #applyDeliver(to: Addressee, envelope: Envelope): void {
    const pid = this.whereis(to);
    const process = pid === undefined ? undefined : this.find(pid);
    const from = envelope.type === 'call' || envelope.type === 'sys' ? envelope.from : undefined;
    if (process !== undefined) process.deliver(envelope);
    else if (from !== undefined && pid !== undefined && from.pid?.key === pid.key)
      this.settleCall(from, { type: 'failed', reason: 'calling_self' });
    else if (pid !== undefined && pid.node !== this.node && this.#transport.isConnected(pid.node))
      this.#transport.send(pid.node, { type: 'deliver', to: pid, envelope });
    else if (from !== undefined) this.settleCall(from, { type: 'failed', reason: 'noproc' });
    else this.undeliverable++;
  }

  #forget(pid: Pid): void {
    this.#names.forget(pid);
    for (const table of this.registries.values()) table.forget(pid);
  }

  #applyExit(process: Process, from: Pid, reason: ExitReason, linked: boolean): void {
    if (!process.alive) return;
    if (linked && !process.links.delete(from.key)) return;
    if (!linked && reason === 'kill') {
      this.end(process, 'killed');
    } else if (process.trapExit) {
      process.deliver(systemEnvelope({ type: 'EXIT', from, reason }));
    } else if (reason !== 'normal' || (!linked && from.key === process.pid.key)) {
      this.end(process, reason);
    }
  }

  #applyDown(watcher: Process, ref: Ref, reason: ExitReason): void {
    const monitor = watcher.monitors.get(ref);
    if (!watcher.alive || monitor === undefined) return;
    watcher.monitors.delete(ref);
    watcher.deliver(systemEnvelope({ type: 'DOWN', ref, target: monitor.target, reason }));
  }

  // -- the end of a process ----------------------------------------------------------------------------------

  end(process: Process, reason: ExitReason): void {
    if (!process.alive) return;
    process.alive = false;
    this.#processes.delete(process.pid.key);
    process.pid.process = undefined;
    this.#forget(process.pid);
    for (const node of process.heldAt ?? []) this.#signalTo(node, { type: 'forget', pid: process.pid });
    process.onEnd?.();
    for (const observer of this.observers) observer.ended?.(process, reason);
    const calls = [...process.unansweredCalls()];
    process.dispose();
    this.#enqueue(() => this.#announceEnd(process, reason, calls));
  }

  #announceEnd(process: Process, reason: ExitReason, calls: readonly ReplyTo[]): void {
    const { pid } = process;
    for (const to of process.links.values())
      this.signal({ type: 'exit', to, from: pid, reason, linked: true });
    for (const [ref, to] of process.watchers) this.signal({ type: 'down', to, ref, reason });
    for (const monitor of process.monitors.values()) this.#stopWatching(monitor);
    for (const call of calls) this.#enqueue(() => this.settleCall(call, { type: 'failed', reason }));
    if (process.starter !== undefined) {
      const result = process.startFailure ?? { type: 'error', reason };
      this.#enqueue(() => process.acknowledge(result));
    }
  }
}

/** Held on another node than this one. */
function isElsewhere(name: Destination | Process['name'], node: NodeId): name is NameAt {
  return typeof name === 'object' && !isPid(name) && name.type === 'at' && name.node !== node;
}

/** Reasons are plain data: equal when they say the same. */
export function sameReason(a: ExitReason, b: ExitReason): boolean {
  return (
    a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b))
  );
}
