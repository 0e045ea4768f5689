/**
 * The address of a process. A pid names its node (one runtime in one thread), stays valid when it is copied to
 * another thread, and is never used again after its process has ended.
 *
 *     key = node * 2^33 + serial        one safe integer: the identity, and the key of every table
 */
import type { Process } from './process.ts';

/** The number of a runtime. Each thread, and each successor of a thread, has a number of its own. */
export type NodeId = number;

const SERIALS = 2 ** 33;

declare const protocol: unique symbol;

/** What a process understands, carried by its pid's type: `Pid<CounterSpec>`. */
export interface Pid<Spec = unknown> {
  readonly [protocol]?: Spec;
  readonly node: NodeId;
  readonly serial: number;
  /** Equal for equal pids, whichever thread they came from. */
  readonly key: number;
  toString(): string;
}

/** The pid of this runtime's own process holds the way to it; `process` is cleared when it ends. */
export class ProcessId implements Pid {
  readonly node: NodeId;
  readonly serial: number;
  readonly key: number;
  process: Process | undefined;

  constructor(node: NodeId, serial: number) {
    this.node = node;
    this.serial = serial;
    this.key = node * SERIALS + serial;
    this.process = undefined;
  }

  toString(): string {
    return `<${this.node}.${this.serial}>`;
  }

  toJSON(): string {
    return this.toString();
  }
}

export function isPid(value: unknown): value is Pid {
  return value instanceof ProcessId;
}

/** A process's name in its own runtime. */
export type LocalName = string;

/** A name held in a Registry: `via('Registry', ['producer', 'MyEvent'])`. */
export interface Via {
  readonly type: 'via';
  readonly registry: LocalName;
  readonly key: unknown;
  /** Stored beside the entry when a process is started under this name. */
  readonly value?: unknown;
}

export function via(registry: LocalName, key: unknown, value?: unknown): Via {
  return value === undefined ? { type: 'via', registry, key } : { type: 'via', registry, key, value };
}

/** A name in another runtime: `at(0, 'Registry')`, `at(0, via('Registry', ['producer', 'MyEvent']))`. */
export interface NameAt {
  readonly type: 'at';
  readonly node: NodeId;
  readonly name: LocalName | Via;
}

export function at(node: NodeId, name: LocalName | Via): NameAt {
  return { type: 'at', node, name };
}

/** Where a message can be sent: a pid, a local name, a name held in a Registry, or a name on another node. */
export type Destination<Spec = unknown> = Pid<Spec> | LocalName | Via | NameAt;

export function formatDestination(destination: Destination): string {
  if (typeof destination === 'string') return destination;
  if (isPid(destination)) return destination.toString();
  if (destination.type === 'at') return `${formatDestination(destination.name)}@${destination.node}`;
  return `${destination.registry}/${formatKey(destination.key)}`;
}

function formatKey(key: unknown): string {
  return typeof key === 'string' ? key : JSON.stringify(key);
}
