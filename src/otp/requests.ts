/**
 * What is asked and waits for its answer: calls, stops, and questions to other nodes. A request is settled once: by
 * its answer, by the end of whom it was sent to, by its deadline, or by the loss of that node.
 */
import type { Clock } from '../base/clock.ts';
import type { Envelope, Ref, ReplyTo } from './envelope.ts';
import { type ExitReason, type Operation, OperationFailed } from './exit-reason.ts';
import type { Destination, NodeId } from './pid.ts';
import type { Process } from './process.ts';
import type { ProcessTable } from './process-table.ts';
import type { Outcome, Transport } from './signal.ts';
import { Wait } from './wait.ts';

interface Open {
  readonly node: NodeId;
  readonly operation: Operation;
  readonly wait: Wait<unknown>;
}

export class Requests {
  readonly #table: ProcessTable;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #nextRef: () => Ref;
  /** Those that another node has to answer. */
  readonly #open = new Map<Ref, Open>();

  constructor(table: ProcessTable, transport: Transport, clock: Clock, nextRef: () => Ref) {
    this.#table = table;
    this.#transport = transport;
    this.#clock = clock;
    this.#nextRef = nextRef;
  }

  /** Sends a message that is answered, and waits for the answer; fails with an `OperationFailed`. */
  request(
    owner: Process | undefined,
    to: Destination,
    envelope: (from: ReplyTo) => Envelope,
    operation: 'call' | 'stop',
    timeoutMs: number,
  ): Promise<unknown> {
    const { node } = this.#table;
    const pid = this.#table.whereis(to);
    if (owner !== undefined && pid?.key === owner.pid.key) {
      return Promise.reject(new OperationFailed(operation, 'calling_self'));
    }
    const process = pid === undefined ? undefined : this.#table.find(pid);
    const remote = this.#table.remote(to, pid);
    if (process === undefined && remote === undefined) {
      return Promise.reject(new OperationFailed(operation, 'noproc'));
    }
    return new Promise((resolve, reject) => {
      const ref = this.#nextRef();
      const wait = new Wait<unknown>(owner, resolve, reject);
      if (timeoutMs !== Number.POSITIVE_INFINITY) {
        wait.timer = this.#clock.setTimer(timeoutMs, () => {
          wait.reject(new OperationFailed(operation, 'timeout'));
          process?.openCalls.delete(ref);
        });
      }
      if (process !== undefined) {
        process.deliver(envelope({ pid: owner?.pid, node, ref, wait }));
        return;
      }
      if (remote === undefined) return;
      this.#send(remote.node, ref, operation, wait, () =>
        this.#transport.send(remote.node, {
          type: 'deliver',
          to: remote.to,
          envelope: envelope({ pid: owner?.pid, node, ref }),
        }),
      );
    });
  }

  /** Asks a process to stop with `reason` and waits until it has ended. */
  async stop(
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

  /** Asks another node; `send` puts the question, with its ref, on the way. */
  ask(owner: Process | undefined, node: NodeId, send: (ref: Ref) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ref = this.#nextRef();
      this.#send(node, ref, 'call', new Wait<unknown>(owner, resolve, reject), () => send(ref));
    });
  }

  #send(node: NodeId, ref: Ref, operation: Operation, wait: Wait<unknown>, send: () => void): void {
    if (!this.#transport.isConnected(node)) {
      wait.reject(new OperationFailed(operation, 'noconnection'));
      return;
    }
    this.#open.set(ref, { node, operation, wait });
    wait.onSettled = () => this.#open.delete(ref);
    send();
  }

  /** Hands the outcome of a call to its caller. An answer that comes too late finds nobody. */
  settle(to: ReplyTo, outcome: Outcome): void {
    if (to.node !== this.#table.node) {
      this.#transport.send(to.node, { type: 'reply', ref: to.ref, outcome });
      return;
    }
    const open = this.#open.get(to.ref);
    const wait = to.wait ?? open?.wait;
    if (outcome.type === 'ok') wait?.resolve(outcome.value);
    else wait?.reject(new OperationFailed(open?.operation ?? 'call', outcome.reason));
  }

  /** What a node that is gone will not answer: one function each, which fails it. */
  lostWith(node: NodeId): readonly (() => void)[] {
    return [...this.#open.values()]
      .filter((open) => open.node === node)
      .map(
        ({ operation, wait }) =>
          () =>
            wait.reject(new OperationFailed(operation, 'noconnection')),
      );
  }
}

/** Reasons are plain data: equal when they say the same. */
export function sameReason(a: ExitReason, b: ExitReason): boolean {
  return (
    a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b))
  );
}
