/**
 * Two runtimes and the wires between them, in one thread: what is sent arrives when it is carried over, packet by
 * packet, each wire in its own order. So every interleaving of two threads can be had, and had again.
 */
import { seededRandom } from '../../src/base/random.ts';
import type { NodeId } from '../../src/otp/pid.ts';
import type { Process } from '../../src/otp/process.ts';
import { Runtime } from '../../src/otp/runtime.ts';
import type { Signal } from '../../src/otp/signal.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { termCodec } from '../../src/threads/term-codec.ts';

const codec = termCodec();
const TURNS_MAX = 10_000;

export class TwoNodes {
  readonly clock: ManualClock;
  readonly runtimes: readonly Runtime[];
  /** What is on its way to each node. */
  readonly #wires: readonly [(() => void)[], (() => void)[]] = [[], []];
  #isUp = true;

  constructor(clock = new ManualClock()) {
    this.clock = clock;
    this.runtimes = [0, 1].map(
      (node) =>
        new Runtime({
          node,
          clock: this.clock,
          random: seededRandom(node),
          transport: {
            send: (to, signal) => {
              if (!this.#isUp) return;
              const packet = structuredClone(codec.encode(signal));
              this.#wires[to]?.push(() => this.runtime(to).receive(codec.decode(packet) as Signal, node));
            },
            isConnected: () => this.#isUp,
          },
        }),
    );
  }

  runtime(node: NodeId): Runtime {
    return this.runtimes[node] as Runtime;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get processes(): Process[] {
    return this.runtimes.slice(0, this.#isUp ? 2 : 1).flatMap((runtime) => [...runtime.processes]);
  }

  /** Hands over up to so many packets to a node. */
  carry(to: NodeId, count: number): void {
    for (let i = 0; i < count; i++) {
      const arrive = this.#wires[to]?.shift();
      if (arrive === undefined) return;
      arrive();
    }
  }

  /** The answer to what the other node was asked: it comes by the same wire as the signals before it. */
  answer<Value>(to: NodeId, value: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const send = (arrive: () => void): void => void this.#wires[to]?.push(arrive);
      value.then(
        (settled) => send(() => resolve(settled)),
        (error: unknown) => send(() => reject(error)),
      );
    });
  }

  /** Hands over one packet to each node; false when nothing is under way. */
  carryOn(): boolean {
    if (this.#wires.every((wire) => wire.length === 0)) return false;
    this.carry(0, 1);
    this.carry(1, 1);
    return true;
  }

  /** Node 1 ends; what it has sent before arrives. */
  fail(): void {
    this.carry(0, Number.POSITIVE_INFINITY);
    this.#isUp = false;
    this.runtime(0).nodeDown(1);
  }

  /** Until nothing can run and nothing is under way. Time stands still. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!this.carryOn() && this.runtimes.every(({ scheduler }) => scheduler.idle)) return;
    }
    throw new Error('it never rests');
  }
}
