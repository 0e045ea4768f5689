/**
 * One end of the port between two nodes: signals of the runtimes and the control plane of Comlink, in one order.
 * Owns the port. After `close` nothing is sent and nothing arrives.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { isPid, type NodeId, ProcessId } from '../otp/pid.ts';
import type { Runtime } from '../otp/runtime.ts';
import type { Signal } from '../otp/signal.ts';
import type { ControlEndpoint } from './control-lane.ts';
import type { Packet } from './protocol.ts';
import type { TermCodec } from './term-codec.ts';

/** How many packets went which way. */
export interface Traffic {
  readonly sent: number;
  /** Handled, or being handled. */
  readonly received: number;
}

type ControlListener = (event: { readonly data: unknown }) => void;

export class NodeLink {
  /** The node at the other end. */
  readonly node: NodeId;
  /** The control plane's lane, in the shape that Comlink wants. */
  readonly control: ControlEndpoint;
  /** Told of the packets that are neither signals nor control: those of the boot. */
  onBoot: ((packet: Extract<Packet, { type: 'booted' | 'boot_failed' }>) => void) | undefined = undefined;
  /** Told of each untrappable exit signal that is sent: the other end may be too busy to hear it. */
  onKill: (() => void) | undefined = undefined;
  /** Told of each ping that was answered. */
  onPong: (() => void) | undefined = undefined;
  readonly #port: MessagePort;
  readonly #codec: TermCodec;
  readonly #runtime: () => Runtime;
  readonly #listeners = new Set<ControlListener>();
  #open = true;
  #sent = 0;
  #received = 0;

  /** `runtime` is asked for at the first signal: it is made with a transport that is made with its links. */
  constructor(node: NodeId, port: MessagePort, codec: TermCodec, runtime: () => Runtime) {
    this.node = node;
    this.#port = port;
    this.#codec = codec;
    this.#runtime = runtime;
    this.control = {
      postMessage: (message) => this.post({ type: 'control', message }),
      addEventListener: (_type, listener) => void this.#listeners.add(listener as ControlListener),
      removeEventListener: (_type, listener) => void this.#listeners.delete(listener as ControlListener),
    };
    port.on('message', (packet: Packet) => this.#receive(packet));
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Both ends are idle when each has received what the other has sent. */
  get traffic(): Traffic {
    return { sent: this.#sent, received: this.#received };
  }

  send(signal: Signal): void {
    if (!this.#open) return;
    this.post(this.#packet(signal));
    if (signal.type === 'exit' && signal.reason === 'kill' && !signal.linked) this.onKill?.();
  }

  post(packet: Packet): void {
    if (!this.#open) return;
    this.#sent++;
    this.#port.postMessage(packet);
  }

  /** Takes what has arrived and was not handled yet, and closes: for an end whose other end is gone. */
  drainAndClose(): void {
    for (
      let next = receiveMessageOnPort(this.#port);
      next !== undefined;
      next = receiveMessageOnPort(this.#port)
    ) {
      this.#receive(next.message as Packet);
    }
    this.close();
  }

  close(): void {
    this.#open = false;
    this.#port.close();
  }

  ref(): void {
    this.#port.ref();
  }

  /** An idle link does not keep the Node process alive. */
  unref(): void {
    this.#port.unref();
  }

  #packet(signal: Signal): Packet {
    if (signal.type === 'reply' && signal.outcome.type === 'ok') {
      return { type: 'answer', ref: signal.ref, value: this.#codec.encode(signal.outcome.value) };
    }
    if (signal.type === 'deliver' && signal.envelope.type === 'call' && isPid(signal.to)) {
      const { to, envelope } = signal;
      const { pid, node, ref } = envelope.from;
      if (
        to.node === this.node &&
        node === this.#runtime().node &&
        (pid === undefined || pid.node === node)
      ) {
        const message = this.#codec.encode(envelope.message);
        return { type: 'call', to: to.serial, by: pid?.serial, ref, message };
      }
    }
    return { type: 'signal', signal: this.#codec.encode(signal) };
  }

  #receive(packet: Packet): void {
    if (!this.#open) return;
    this.#received++;
    switch (packet.type) {
      case 'signal':
        this.#runtime().receive(this.#codec.decode(packet.signal) as Signal, this.node);
        return;
      case 'call': {
        const runtime = this.#runtime();
        const { to, by, ref, message } = packet;
        const pid = by === undefined ? undefined : new ProcessId(this.node, by);
        runtime.receive(
          {
            type: 'deliver',
            to: new ProcessId(runtime.node, to),
            envelope: {
              type: 'call',
              message: this.#codec.decode(message),
              from: { pid, node: this.node, ref },
            },
          },
          this.node,
        );
        return;
      }
      case 'answer': {
        const value = this.#codec.decode(packet.value);
        this.#runtime().receive(
          { type: 'reply', ref: packet.ref, outcome: { type: 'ok', value } },
          this.node,
        );
        return;
      }
      case 'control':
        for (const listener of [...this.#listeners]) listener({ data: packet.message });
        return;
      case 'booted':
      case 'boot_failed':
        this.onBoot?.(packet);
        return;
      case 'ping':
        this.post({ type: 'pong' });
        return;
      case 'pong':
        this.onPong?.();
        return;
    }
  }
}
