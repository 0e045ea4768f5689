/**
 * The signals of one node: links, monitors, exits, and whatever else comes from another node. They are applied one
 * after the other, in the order they were sent, before anybody's code runs again; none of them runs a callback.
 */
import { unreachable } from '../base/assert.ts';
import { Ring } from '../base/ring.ts';
import { SparseMap } from '../base/sparse-map.ts';
import { type Envelope, type Ref, type ReplyTo, systemEnvelope } from './envelope.ts';
import { Exit, type ExitReason } from './exit-reason.ts';
import { answerNames } from './name-request.ts';
import { type Destination, isPid, type NodeId, type Pid } from './pid.ts';
import type { Process } from './process.ts';
import type { ProcessTable } from './process-table.ts';
import type { Requests } from './requests.ts';
import type { Addressee, Monitor, Signal, Transport } from './signal.ts';

/** What signals come to on their node. */
export interface SignalTarget {
  /** Ends a process, which then tells those who have to hear of it. */
  end(process: Process, reason: ExitReason): void;
  /** A message found nobody. */
  lost(): void;
}

/** What waits for its turn: a signal on its way to a node, or something else to be done. */
type Due = { readonly node: NodeId; readonly signal: Signal } | (() => void);

export class Signals {
  readonly #table: ProcessTable;
  readonly #transport: Transport;
  readonly #requests: Requests;
  readonly #nextRef: () => Ref;
  readonly #target: SignalTarget;
  readonly #queue = new Ring<Due>();
  #applying = false;

  constructor(
    table: ProcessTable,
    transport: Transport,
    requests: Requests,
    nextRef: () => Ref,
    target: SignalTarget,
  ) {
    this.#table = table;
    this.#transport = transport;
    this.#requests = requests;
    this.#nextRef = nextRef;
    this.#target = target;
  }

  // -- links and monitors ------------------------------------------------------------------------------------

  /** A process that does not trap exits cannot link to one that has ended: the attempt fails with `noproc`. */
  link(process: Process, to: Pid): void {
    if (process.pid.key === to.key || process.links.has(to.key)) return;
    if (to.node !== this.#table.node) {
      process.links.set(to.key, to);
      this.send({ type: 'link', to, from: process.pid });
      return;
    }
    const other = this.#table.find(to);
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
    if (from.node === this.#table.node) {
      this.#table.find(from)?.links.delete(process.pid.key);
      return;
    }
    process.unlinking ??= new SparseMap();
    process.unlinking.set(from.key, (process.unlinking.get(from.key) ?? 0) + 1);
    this.send({ type: 'unlink', to: from, from: process.pid });
  }

  monitor(watcher: Process, target: Destination): Ref {
    const ref = this.#nextRef();
    const pid = this.#table.whereis(target);
    const remote = this.#table.remote(target, pid);
    watcher.monitors.set(ref, { ref, target, to: remote?.to ?? pid, node: remote?.node ?? this.#table.node });
    if (remote !== undefined) {
      this.sendTo(remote.node, { type: 'monitor', to: remote.to, watcher: watcher.pid, ref });
      return ref;
    }
    const process = pid === undefined ? undefined : this.#table.find(pid);
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
    if (node !== this.#table.node) this.sendTo(node, { type: 'demonitor', to, ref });
    else if (isPid(to)) this.#table.find(to)?.watchers.delete(ref);
  }

  // -- sending -----------------------------------------------------------------------------------------------

  /**
   * Sends a signal to a process of this node or of another. Applied before this returns, unless signals are being
   * applied.
   */
  send(signal: Exclude<Signal, { type: 'reply' | 'deliver' }> & { readonly to: Pid }): void {
    this.sendTo(signal.to.node, signal);
  }

  sendTo(node: NodeId, signal: Signal): void {
    this.#take({ node, signal });
  }

  /** A signal that came from another node. */
  receive(signal: Signal, from: NodeId): void {
    this.enqueue(() => this.#apply(signal, from));
  }

  /** Does something in its turn among the signals. */
  enqueue(apply: () => void): void {
    this.#take(apply);
  }

  #take(first: Due): void {
    if (this.#applying) {
      this.#queue.push(first);
      return;
    }
    this.#applying = true;
    try {
      for (let due: Due | undefined = first; due !== undefined; due = this.#queue.shift()) {
        if (typeof due === 'function') due();
        else this.#route(due.node, due.signal);
      }
    } finally {
      this.#applying = false;
    }
  }

  /** Another node is gone: whatever here is linked to it, watches it or waits for it hears `noconnection`, once. */
  nodeDown(node: NodeId): void {
    this.enqueue(() => {
      this.#table.forgetNode(node);
      for (const process of [...this.#table.values()]) {
        for (const other of process.links.values()) {
          if (other.node === node) this.enqueue(() => this.#applyExit(process, other, 'noconnection', true));
        }
        for (const monitor of process.monitors.values()) {
          if (monitor.node === node)
            this.enqueue(() => this.#applyDown(process, monitor.ref, 'noconnection'));
        }
        process.watchers.each((watcher, ref) => {
          if (watcher.node === node) process.watchers.delete(ref);
        });
      }
      for (const fail of this.#requests.lostWith(node)) this.enqueue(fail);
    });
  }

  /** Tells all who have to hear of it that a process has ended: links, then monitors, then those who wait for it. */
  announceEnd(process: Process, reason: ExitReason, unanswered: readonly ReplyTo[]): void {
    this.enqueue(() => {
      const { pid } = process;
      for (const to of process.links.values())
        this.send({ type: 'exit', to, from: pid, reason, linked: true });
      process.watchers.each((to, ref) => this.send({ type: 'down', to, ref, reason }));
      for (const monitor of process.monitors.values()) this.#stopWatching(monitor);
      for (const call of unanswered)
        this.enqueue(() => this.#requests.settle(call, { type: 'failed', reason }));
      if (process.starter !== undefined) {
        const result = process.startFailure ?? { type: 'error', reason };
        this.enqueue(() => process.acknowledge(result));
      }
    });
  }

  #route(node: NodeId, signal: Signal): void {
    if (node === this.#table.node) this.#apply(signal, node);
    else if (this.#transport.isConnected(node)) this.#transport.send(node, signal);
    else this.#unreachable(signal);
  }

  /** What a signal to a node that is gone comes to. */
  #unreachable(signal: Signal): void {
    if (signal.type === 'link') {
      const process = this.#table.find(signal.from);
      if (process !== undefined) this.#applyExit(process, signal.to, 'noconnection', true);
    } else if (signal.type === 'monitor') {
      const watcher = this.#table.find(signal.watcher);
      if (watcher !== undefined) this.#applyDown(watcher, signal.ref, 'noconnection');
    }
  }

  // -- applying ----------------------------------------------------------------------------------------------

  #apply(signal: Signal, node: NodeId): void {
    switch (signal.type) {
      case 'deliver':
        this.#applyDeliver(signal.to, signal.envelope);
        return;
      case 'exit': {
        // What comes over a link tells of an end: whoever hears of it finds its names free.
        if (signal.linked && node !== this.#table.node) this.#table.forget(signal.from);
        const process = this.#table.find(signal.to);
        if (process !== undefined) this.#applyExit(process, signal.from, signal.reason, signal.linked);
        return;
      }
      case 'link':
        this.#applyLink(signal.to, signal.from, node);
        return;
      case 'unlink':
        this.#table.find(signal.to)?.links.delete(signal.from.key);
        this.send({ type: 'unlinked', to: signal.from, from: signal.to });
        return;
      case 'unlinked': {
        const unlinking = this.#table.find(signal.to)?.unlinking;
        const left = (unlinking?.get(signal.from.key) ?? 1) - 1;
        if (left === 0) unlinking?.delete(signal.from.key);
        else unlinking?.set(signal.from.key, left);
        return;
      }
      case 'monitor': {
        const pid = this.#table.whereis(signal.to);
        const process = pid === undefined ? undefined : this.#table.find(pid);
        if (process !== undefined) process.watchers.set(signal.ref, signal.watcher);
        else if (pid !== undefined && pid.node !== this.#table.node) this.send({ ...signal, to: pid });
        else this.send({ type: 'down', to: signal.watcher, ref: signal.ref, reason: 'noproc' });
        return;
      }
      case 'demonitor': {
        const pid = this.#table.whereis(signal.to);
        if (pid === undefined) return;
        if (pid.node === this.#table.node) this.#table.find(pid)?.watchers.delete(signal.ref);
        else this.send({ ...signal, to: pid });
        return;
      }
      case 'down': {
        const watcher = this.#table.find(signal.to);
        if (watcher !== undefined) this.#applyDown(watcher, signal.ref, signal.reason);
        return;
      }
      case 'reply':
        this.#requests.settle({ pid: undefined, node: this.#table.node, ref: signal.ref }, signal.outcome);
        return;
      case 'names': {
        const { names, registries } = this.#table;
        const outcome = answerNames(signal.request, names, registries);
        this.#transport.send(node, { type: 'reply', ref: signal.ref, outcome });
        return;
      }
      case 'forget':
        this.#table.forget(signal.pid);
        return;
      default:
        unreachable(signal, 'signal');
    }
  }

  #applyLink(to: Pid, from: Pid, node: NodeId): void {
    const process = this.#table.find(to);
    // One that crosses an unlink is undone by it at the other end.
    if (process?.unlinking?.has(from.key)) return;
    if (process !== undefined) process.links.set(from.key, from);
    else this.#transport.send(node, { type: 'exit', to: from, from: to, reason: 'noproc', linked: true });
  }

  /** A name of this node may be held by a process of another: what is for it is passed on. */
  #applyDeliver(to: Addressee, envelope: Envelope): void {
    const pid = this.#table.whereis(to);
    const process = pid === undefined ? undefined : this.#table.find(pid);
    const from = envelope.type === 'call' || envelope.type === 'sys' ? envelope.from : undefined;
    if (process !== undefined) process.deliver(envelope);
    else if (from !== undefined && pid !== undefined && from.pid?.key === pid.key)
      this.#requests.settle(from, { type: 'failed', reason: 'calling_self' });
    else if (pid !== undefined && pid.node !== this.#table.node && this.#transport.isConnected(pid.node))
      this.#transport.send(pid.node, { type: 'deliver', to: pid, envelope });
    else if (from !== undefined) this.#requests.settle(from, { type: 'failed', reason: 'noproc' });
    else this.#target.lost();
  }

  #applyExit(process: Process, from: Pid, reason: ExitReason, linked: boolean): void {
    if (!process.alive) return;
    if (linked && !process.links.delete(from.key)) return;
    if (!linked && reason === 'kill') {
      this.#target.end(process, 'killed');
    } else if (process.trapExit) {
      process.deliver(systemEnvelope({ type: 'EXIT', from, reason }));
    } else if (reason !== 'normal' || (!linked && from.key === process.pid.key)) {
      this.#target.end(process, reason);
    }
  }

  #applyDown(watcher: Process, ref: Ref, reason: ExitReason): void {
    const monitor = watcher.monitors.get(ref);
    if (!watcher.alive || monitor === undefined) return;
    watcher.monitors.delete(ref);
    watcher.deliver(systemEnvelope({ type: 'DOWN', ref, target: monitor.target, reason }));
  }
}
