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
  readonly clock = new ManualClock();
  readonly runtimes: readonly Runtime[];
  /** What is on its way to each node. */
  readonly #wires: [unknown[], unknown[]] = [[], []];
  #isUp = true;

  constructor() {
    this.runtimes = [0, 1].map(
      (node) =>
        new Runtime({
          node,
          clock: this.clock,
          random: seededRandom(node),
          transport: {
            send: (to, signal) => {
              if (this.#isUp) this.#wires[to]?.push(structuredClone(codec.encode(signal)));
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
      const packet = this.#wires[to]?.shift();
      if (packet === undefined) return;
      this.runtime(to).receive(codec.decode(packet) as Signal, 1 - to);
    }
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
      if (this.#wires.some((wire) => wire.length > 0)) {
        this.carry(0, 1);
        this.carry(1, 1);
      } else if (this.runtimes.every(({ scheduler }) => scheduler.idle)) return;
    }
    throw new Error('it never rests');
  }
}
