/** A runtime under a clock of its own, and what happened on it: each birth and each end, in order. */
import { expect } from 'chai';
import { seededRandom } from '../../../src/base/random.ts';
import type { ExitReason } from '../../../src/otp/exit-reason.ts';
import type { Process } from '../../../src/otp/process.ts';
import { Runtime, type RuntimeOptions } from '../../../src/otp/runtime.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';

export type Happening =
  | { readonly type: 'born'; readonly process: Process }
  | {
      readonly type: 'ended';
      readonly process: Process;
      readonly reason: ExitReason;
      /** Its end is news to its parent, which did not ask for it. */
      readonly byItself: boolean;
      /** Its start had been told to its starter. */
      readonly wasUp: boolean;
    };

const TURNS_MAX = 20_000;

export class Ground {
  readonly clock = new ManualClock();
  readonly runtime: Runtime;
  readonly happened: Happening[] = [];
  readonly listeners: ((happening: Happening) => void)[] = [];

  constructor(make: (options: RuntimeOptions) => Runtime = (options) => new Runtime(options)) {
    this.runtime = make({ clock: this.clock, random: seededRandom(1) });
    const tell = (happening: Happening): void => {
      this.happened.push(happening);
      for (const listener of this.listeners) listener(happening);
    };
    this.runtime.observers.add({
      spawned: (process) => tell({ type: 'born', process }),
      ended: (process, reason) =>
        tell({
          type: 'ended',
          process,
          reason,
          byItself: process.parent !== undefined && process.links.has(process.parent.key),
          wasUp: process.starter === undefined,
        }),
    });
  }

  get processes(): Process[] {
    return [...this.runtime.processes];
  }

  /** Until nothing can run and no callback is pending; time goes on only for those that wait inside a callback. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!this.runtime.scheduler.idle) continue;
      const isDue = this.clock.nextDueAt !== undefined && this.clock.nextDueAt <= this.clock.now();
      const waits = this.processes.some(({ busySince }) => busySince !== undefined);
      if (!isDue && !waits) return;
      if (!this.clock.fireNext()) throw new Error('a callback waits for what never comes');
    }
    throw new Error('some process runs for ever');
  }

  /** Ends every process, from outside; what is left of time goes by. */
  async end(): Promise<void> {
    this.listeners.length = 0;
    for (const process of this.processes) if (process.alive) this.runtime.exit(process.pid, 'kill');
    await this.settle();
    while (this.clock.fireNext()) await this.settle();
  }

  /** What holds whenever nothing runs. */
  checkLinks(): void {
    for (const process of this.processes) {
      for (const pid of process.links.values()) {
        const other = this.runtime.find(pid);
        expect(other, `${process.label} is linked to one that has ended`).not.to.equal(undefined);
        expect(
          other?.links.has(process.pid.key),
          `${process.label} is linked to ${other?.label} alone`,
        ).to.equal(true);
      }
      for (const [ref, watcher] of process.watchers) {
        expect(this.runtime.find(watcher)?.monitors.has(ref), 'a watcher that does not watch').to.equal(true);
      }
    }
  }

  checkRegistries(): void {
    for (const table of this.runtime.registries.values()) {
      const entries = table.all();
      for (const { pid } of entries) expect(this.runtime.isAlive(pid), 'an entry of the dead').to.equal(true);
      const keys = new Set(entries.map(({ key }) => JSON.stringify(key)));
      if (table.keys === 'unique') expect(keys.size, 'a key that two hold').to.equal(entries.length);
    }
  }
}
