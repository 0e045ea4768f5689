/**
 * Who lives on one node, and under which names: its processes, its local names, its Registries. A process that has
 * ended is in none of them before anybody hears of its end.
 */
import type { NameTable } from './name-table.ts';
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
import type { Process } from './process.ts';
import type { RegistryTable } from './registry-table.ts';
import type { Addressee } from './signal.ts';

/** A destination on another node, as that node knows it. */
export interface Remote {
  readonly node: NodeId;
  readonly to: Addressee;
}

export class ProcessTable {
  readonly node: NodeId;
  readonly names: NameTable;
  readonly registries = new Map<LocalName, RegistryTable>();
  readonly #processes = new Map<number, Process>();

  constructor(node: NodeId, names: NameTable) {
    this.node = node;
    this.names = names;
  }

  get size(): number {
    return this.#processes.size;
  }

  values(): IterableIterator<Process> {
    return this.#processes.values();
  }

  add(process: Process): void {
    process.pid.process = process;
    this.#processes.set(process.pid.key, process);
  }

  /** That process has ended: it and its names are gone. */
  remove(process: Process): void {
    this.#processes.delete(process.pid.key);
    process.pid.process = undefined;
    this.forget(process.pid);
  }

  /** The process of this node that holds a pid; undefined when it has ended or lives elsewhere. */
  find(pid: Pid): Process | undefined {
    return pid instanceof ProcessId && pid.process !== undefined ? pid.process : this.#processes.get(pid.key);
  }

  /** Known to have ended: of a process of another node nobody can tell. */
  hasEnded(pid: Pid | undefined): boolean {
    return pid !== undefined && pid.node === this.node && this.find(pid) === undefined;
  }

  /** The pid behind a destination; undefined when nobody holds the name, or only another node could tell. */
  whereis(destination: Destination): Pid | undefined {
    if (isPid(destination)) return destination;
    if (typeof destination === 'object' && destination.type === 'at') {
      return destination.node === this.node ? this.whereis(destination.name) : undefined;
    }
    if (typeof destination === 'string') return this.names.whereis(destination);
    return this.registries.get(destination.registry)?.whereis(destination.key);
  }

  /** How another node names a destination, whose pid may be known; undefined when it is one of this node, or nowhere. */
  remote(destination: Destination, pid: Pid | undefined): Remote | undefined {
    if (pid !== undefined) return pid.node === this.node ? undefined : { node: pid.node, to: pid };
    if (typeof destination === 'string' || isPid(destination) || destination.type !== 'at') return undefined;
    return destination.node === this.node ? undefined : { node: destination.node, to: destination.name };
  }

  /** A name as this node, which it may name itself, holds it. */
  ownName(name: Process['name']): LocalName | Via | undefined {
    return typeof name === 'object' && name.type === 'at' ? name.name : name;
  }

  /** Held on another node than this one. */
  isElsewhere(name: Destination | Process['name']): name is NameAt {
    return typeof name === 'object' && !isPid(name) && name.type === 'at' && name.node !== this.node;
  }

  /** Gives a process its name, which is free; one of another node has been taken there. */
  name(process: Process, name: NonNullable<Process['name']>): void {
    process.name = name;
    if (this.isElsewhere(name)) return;
    const own = this.ownName(name);
    if (typeof own === 'string') this.names.take(own, process.pid);
    else if (own !== undefined) this.registries.get(own.registry)?.register(own.key, process, own.value);
  }

  /** Takes all names from a process, of whichever node, that has ended. */
  forget(pid: Pid): void {
    this.names.forget(pid);
    for (const table of this.registries.values()) table.forget(pid);
  }

  /** All processes of that node have ended. */
  forgetNode(node: NodeId): void {
    this.names.forgetNode(node);
    for (const table of this.registries.values()) table.forgetNode(node);
  }
}
