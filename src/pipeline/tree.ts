/**
 * Keeps the supervision tree standing. When it gives up it is started anew, after a growing delay: the queues are not
 * in it, and the new one fetches what is in them.
 */
import { type Backoff, backoffDelay } from '../base/backoff.ts';
import { formatReason } from '../otp/exit-reason.ts';
import type { Pid } from '../otp/pid.ts';
import { startApplicationSupervisor } from './application-supervisor.ts';
import type { Engine } from './engine.ts';

const BACKOFF: Backoff = { initialMs: 500, maxMs: 30_000, factor: 2, jitter: 0.5 };

export class Tree {
  readonly #engine: Engine;
  #root: Pid | undefined;
  #building: Promise<void> | undefined;
  /** It is to stand. */
  #wanted = false;

  constructor(engine: Engine) {
    this.#engine = engine;
    engine.runtime.observers.add({
      ended: (process, reason) => {
        if (process.pid.key === this.#root?.key) void this.#ended(formatReason(reason));
      },
    });
  }

  async start(): Promise<void> {
    this.#wanted = true;
    this.#building = this.#build();
    await this.#building;
  }

  /** Takes it down, in the reverse order of its start. */
  async stop(): Promise<void> {
    this.#wanted = false;
    // One that is being built can be taken down when it stands; one that cannot be built needs not be.
    await this.#building?.catch(() => {});
    const root = this.#root;
    this.#root = undefined;
    if (root !== undefined) await this.#engine.runtime.stop(root, 'shutdown');
  }

  async #build(): Promise<void> {
    this.#root = await startApplicationSupervisor(this.#engine);
  }

  async #ended(reason: string): Promise<void> {
    const { clock, logger, runtime } = this.#engine;
    this.#root = undefined;
    for (let attempt = 1; this.#wanted; attempt++) {
      logger.error({ reason, attempt }, 'the supervision tree ended, and is started again');
      await new Promise<void>((resolve) => {
        clock.setTimer(backoffDelay(BACKOFF, attempt, runtime.random), resolve);
      });
      if (!this.#wanted) return;
      try {
        this.#building = this.#build();
        return await this.#building;
      } catch (error) {
        logger.error({ err: error }, 'the supervision tree could not be started');
      }
    }
  }
}
