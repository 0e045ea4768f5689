/** The way from one runtime to those of other threads: one link for each. */
import type { NodeId } from '../otp/pid.ts';
import type { Signal, Transport } from '../otp/signal.ts';
import type { NodeLink } from './node-link.ts';

export class ThreadTransport implements Transport {
  readonly #links = new Map<NodeId, NodeLink>();

  add(link: NodeLink): void {
    this.#links.set(link.node, link);
  }

  remove(node: NodeId): void {
    this.#links.delete(node);
  }

  send(node: NodeId, signal: Signal): void {
    this.#links.get(node)?.send(signal);
  }

  isConnected(node: NodeId): boolean {
    return this.#links.get(node)?.isOpen ?? false;
  }
}
