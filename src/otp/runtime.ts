/**
 * One node: a table of processes, their names, and the signals between them. Everything that one process does to
 * another passes through here, and nothing here runs a callback: signals are applied one after the other, in the
 * order they were sent, before anybody's code runs again.
 *
 * What a death does, in this order: the names are free; links hear of it, then monitors, then those who wait for an
 * answer; only then does anything happen that one of them does because of it.
 */
import { type Clock, systemClock } from '../base/clock.ts';
import { type Random, systemRandom } from '../base/random.ts';
import { Ring } from '../base/ring.ts';
import type { Envelope, Ref, ReplyTo, SysRequest } from './envelope.ts';
import { Exit, type ExitReason, type Operation, OperationFailed } from './exit-reason.ts';
import { type Destination, isPid, type LocalName, type NodeId, type Pid, ProcessId } from './pid.ts';
import { type Behaviour, Process, systemEnvelope } from './process.ts';
import { type RegistryTable, UnknownRegistry } from './registry-table.ts';
import { Scheduler } from './scheduler.ts';
import type { Monitor, Outcome, Signal, Transport } from './signal.ts';
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
}

export interface SpawnOptions {
  /** The process that starts it. With `link` a death of one reaches the other. */
  readonly parent?: Pid | undefined;
  readonly link?: boolean;
  readonly name?: Process['name'];
  readonly label?: string | undefined;
}

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
  readonly #names = new Map<LocalName, Process>();
  readonly #signals = new Ring<() => void>();
  #applying = false;
  /** Calls of this node to other nodes. */
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

  /** Brings a process to life. It initialises in its first turn. The name must be free. */
  spawn(behaviour: Behaviour, options: SpawnOptions = {}): Process {
    const pid = new ProcessId(this.node, ++this.#serial);
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
    return new Promise((resolve, reject) => {
      const wait = new Wait<StartResult>(owner, resolve, reject);
      this.startFor((result) => wait.resolve(result), behaviour, options);
    });
  }

  /** As `start`, for a starter that is told by a function: one in another thread, say. */
  startFor(
    started: (result: StartResult) => void,
    behaviour: Behaviour,
    options: SpawnOptions,
  ): Process | undefined {
    const { name } = options;
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
    if (typeof destination === 'string') return this.#names.get(destination)?.pid;
    return this.registries.get(destination.registry)?.whereis(destination.key);
  }

  /** False when the name is taken, or the process has one already: as in Erlang a process has one local name. */
  registerName(name: LocalName, process: Process): boolean {
    if (this.#names.has(name) || process.localName !== undefined) return false;
    this.#names.set(name, process);
    process.localName = name;
    return true;
  }

  /** False when nobody holds the name. */
  unregisterName(name: LocalName): boolean {
    const holder = this.#names.get(name);
    if (holder !== undefined) holder.localName = undefined;
    return this.#names.delete(name);
  }

  #takeName(process: Process, name: NonNullable<Process['name']>): void {
    process.name = name;
    if (typeof name === 'string') this.registerName(name, process);
    else this.registries.get(name.registry)?.register(name.key, process, name.value);
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
  ): { readonly node: NodeId; readonly to: Pid | LocalName } | undefined {
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
    if (from.node === this.node) this.find(from)?.links.delete(process.pid.key);
    else this.signal({ type: 'unlink', to: from, from: process.pid });
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
        const process = this.find(signal.to);
        if (process !== undefined) this.#applyExit(process, signal.from, signal.reason, signal.linked);
        return;
      }
      case 'link': {
        const process = this.find(signal.to);
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
        return;
      case 'monitor': {
        const pid = this.whereis(signal.to);
        const process = pid === undefined ? undefined : this.find(pid);
        if (process !== undefined) process.watchers.set(signal.ref, signal.watcher);
        else
          this.#transport.send(node, { type: 'down', to: signal.watcher, ref: signal.ref, reason: 'noproc' });
        return;
      }
      case 'demonitor': {
        const pid = this.whereis(signal.to);
        if (pid !== undefined) this.find(pid)?.watchers.delete(signal.ref);
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
    }
  }

  #applyDeliver(to: Pid | LocalName, envelope: Envelope): void {
    const pid = this.whereis(to);
    const process = pid === undefined ? undefined : this.find(pid);
    if (process !== undefined) process.deliver(envelope);
    else if (envelope.type === 'call' || envelope.type === 'sys')
      this.settleCall(envelope.from, { type: 'failed', reason: 'noproc' });
    else this.undeliverable++;
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
    if (process.localName !== undefined) this.#names.delete(process.localName);
    for (const table of this.registries.values()) table.forget(process.pid);
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

/** Reasons are plain data: equal when they say the same. */
export function sameReason(a: ExitReason, b: ExitReason): boolean {
  return (
    a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b))
  );
}
