/**
 * Where the processes of scenarios run: all on one thread, or some in a second one. Supervisors, registries, names and
 * what is observed are on the main thread in either case. Each scenario begins in an empty world.
 */
import { systemClock, type Timer } from '../../src/base/clock.ts';
import { seededRandom } from '../../src/base/random.ts';
import { OperationFailed, reasonOf } from '../../src/otp/exit-reason.ts';
import { Runtime } from '../../src/otp/runtime.ts';
import { taskBehaviour } from '../../src/otp/task.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import type { ControlApi } from '../../src/threads/control-lane.ts';
import { Entries } from '../../src/threads/entries.ts';
import { termCodec } from '../../src/threads/term-codec.ts';
import { Thread } from '../../src/threads/thread.ts';
import { ThreadTransport } from '../../src/threads/thread-transport.ts';
import type { AwayControl, ChildOutcome, HomeControl } from './control.ts';
import { type Away, HomeWorld } from './home-world.ts';
import { quiet } from './quiet.ts';
import { startHere } from './start.ts';

export interface Placement {
  open(): HomeWorld;
  /** Ends what the scenario has left. */
  close(world: HomeWorld): Promise<void>;
  /** No scenario comes any more. */
  end(): Promise<void>;
}

export const ONE_THREAD: Placement = {
  open() {
    const clock = new ManualClock();
    return new HomeWorld(new Runtime({ clock, random: seededRandom(1) }), clock);
  },
  async close() {},
  async end() {},
};

/** Who runs in the second thread: what supervisors start, or also what nobody supervises. Never a supervisor. */
export type Remote = 'children' | 'leaves';

/** One thread beside the main one, for one scenario after the other. */
export class TwoThreads implements Placement {
  readonly #clock = new ManualClock();
  readonly #runtime: Runtime;
  readonly #thread: Thread<AwayControl>;
  readonly #away: Away;
  readonly #timers = new Map<number, Timer>();
  #world: HomeWorld | undefined;
  /** How much had been sent to the thread when it was last known to be idle. */
  #restedAt = 0;

  private constructor(remote: Remote) {
    const transport = new ThreadTransport();
    this.#runtime = new Runtime({ clock: this.#clock, random: seededRandom(1), transport });
    this.#thread = new Thread<AwayControl>(
      {
        runtime: this.#runtime,
        transport,
        codec: termCodec(),
        clock: systemClock,
        entries: new Entries(undefined),
      },
      {
        node: 1,
        name: 'conformance',
        role: new URL('./away.js', import.meta.url).href,
        argument: null,
        control: this.#serve() as unknown as ControlApi,
        startTimeoutMs: START_TIMEOUT_MS,
        terminateTimeoutMs: TERMINATE_TIMEOUT_MS,
      },
    );
    this.#thread.ref();
    const { control } = this.#thread;
    this.#away = {
      takes: (starter) => starter === 'supervisor' || remote === 'leaves',
      start: (parent, spec, argument) => control.start(parent, spec, argument),
      introduce: (pid, incarnation) => void control.introduce(pid, incarnation),
      tick: (now) => void control.tick(now),
      isIdle: () => this.#isIdle(),
    };
  }

  static async start(remote: Remote): Promise<TwoThreads> {
    const placement = new TwoThreads(remote);
    await placement.#thread.ready;
    return placement;
  }

  open(): HomeWorld {
    this.#world = new HomeWorld(this.#runtime, this.#clock, this.#away);
    return this.#world;
  }

  async close(world: HomeWorld): Promise<void> {
    world.close();
    this.#world = undefined;
    for (const process of [...this.#runtime.processes]) process.end('killed');
    await this.#thread.control.clear();
    await quiet(world);
    // Messages that outlive their senders find nobody.
    while (world.fireNext()) await quiet(world);
    if (this.#runtime.processCount > 0) throw new Error('a process of the last scenario lives on');
  }

  end(): Promise<void> {
    return this.#thread.terminate('order');
  }

  /** True when nothing was sent since the thread was idle, or it has handled all and is idle now. */
  async #isIdle(): Promise<boolean> {
    const before = this.#thread.traffic.sent;
    if (before === this.#restedAt) return true;
    const handled = await this.#thread.control.rest();
    // What came before the answer has been handled here; what it led to may have been sent.
    await new Promise((resolve) => setImmediate(resolve));
    const { sent } = this.#thread.traffic;
    if (handled !== sent || !this.#runtime.scheduler.idle) return false;
    this.#restedAt = sent;
    return true;
  }

  #serve(): HomeControl {
    const clock = this.#clock;
    return {
      born: (pid, label, type, argument) => this.#world?.born(pid, label, { type, argument }),
      ended: (pid, reason) => this.#world?.ended(pid, reason),
      observe: (observation) => this.#world?.observe(...observation),
      find: (reference) => this.#world?.find(reference),
      start: async (parent, spec, argument) => {
        const world = this.#world;
        if (world === undefined) return { type: 'error', reason: 'noproc' };
        return startHere(world, { runtime: world.runtime, pid: parent }, spec, argument);
      },
      startChild: (supervisor, spec, argument) =>
        new Promise<ChildOutcome>((resolve) => {
          const world = this.#world;
          if (world === undefined) return;
          world.runtime.spawn(
            taskBehaviour(async (by) => {
              try {
                resolve({ type: 'told', text: await world.startChild(by, supervisor, spec, argument) });
              } catch (thrown) {
                const reason = thrown instanceof OperationFailed ? thrown.failure : reasonOf(thrown);
                resolve({ type: 'failed', reason });
              }
            }),
          );
        }),
      setTimer: (id, delayMs) => {
        const timer = clock.setTimer(delayMs, () => {
          this.#timers.delete(id);
          void this.#thread.control.fire(id);
        });
        this.#timers.set(id, timer);
      },
      clearTimer: (id) => {
        this.#timers.get(id)?.clear();
        this.#timers.delete(id);
      },
    };
  }
}

const START_TIMEOUT_MS = 30_000;
const TERMINATE_TIMEOUT_MS = 5_000;
