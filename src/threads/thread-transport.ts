/** The way from one runtime to those of other threads: one link for each. */
import type { NodeId } from '../otp/pid.ts';
import type { Signal, Transport } from '../otp/signal.ts';
import type { NodeLink } from './node-link.ts';

export class ThreadTransport implements Transport {
  readonly #links = new Map<NodeId, NodeLink>();
  /** Told of each untrappable exit signal that goes to another node, which may be too busy to hear it. */
  onKill: ((node: NodeId) => void) | undefined = undefined;

  add(link: NodeLink): void {
    this.#links.set(link.node, link);
  }

  remove(node: NodeId): void {
    this.#links.delete(node);
  }

  send(node: NodeId, signal: Signal): void {
    this.#links.get(node)?.send(signal);
    if (signal.type === 'exit' && signal.reason === 'kill' && !signal.linked) this.onKill?.(node);
  }

  isConnected(node: NodeId): boolean {
    return this.#links.get(node)?.isOpen ?? false;
  }
}
