/**
 * The local names of one node: who holds which. A holder may live on another node, which tells of its end before
 * anybody hears of it. As in Erlang a process has one local name at most, and a name one holder.
 */
import { OperationFailed } from './exit-reason.ts';
import type { LocalName, NodeId, Pid } from './pid.ts';

export class NameTable {
  readonly #holders = new Map<LocalName, Pid>();
  /** By the holder's pid. */
  readonly #names = new Map<number, LocalName>();

  whereis(name: LocalName): Pid | undefined {
    return this.#holders.get(name);
  }

  /** False when the name is taken, or the process has one already. */
  take(name: LocalName, pid: Pid): boolean {
    if (this.#holders.has(name) || this.#names.has(pid.key)) return false;
    this.#holders.set(name, pid);
    this.#names.set(pid.key, name);
    return true;
  }

  /** False when nobody holds the name. */
  giveUp(name: LocalName): boolean {
    const holder = this.#holders.get(name);
    if (holder !== undefined) this.#names.delete(holder.key);
    return this.#holders.delete(name);
  }

  /** That process has ended. */
  forget(pid: Pid): void {
    const name = this.#names.get(pid.key);
    if (name !== undefined) this.giveUp(name);
  }

  /** All processes of that node have ended. */
  forgetNode(node: NodeId): void {
    for (const pid of [...this.#holders.values()]) if (pid.node === node) this.forget(pid);
  }
}

/** A local name that cannot be taken, or one that is not there to be given up. */
export class NameTaken extends Error {
  override readonly name = 'NameTaken';
  readonly code = 'ERR_NAME';

  constructor(name: LocalName) {
    super(`the name ${name} is taken or held by nobody, or the process has a name already`);
  }
}

/** What a node's refusal of a name comes to; a node that is gone fails as any call to it. */
export function refusedName(name: LocalName): (error: unknown) => never {
  return (error) => {
    if (error instanceof OperationFailed && error.failure === 'noconnection') throw error;
    throw new NameTaken(name);
  };
}
