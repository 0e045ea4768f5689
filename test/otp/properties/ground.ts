/** One runtime, or two, under a clock of their own, and what happened there: each birth and each end, in order. */
import { expect } from 'chai';
import { seededRandom } from '../../../src/base/random.ts';
import type { ExitReason } from '../../../src/otp/exit-reason.ts';
import type { Pid } from '../../../src/otp/pid.ts';
import type { Process } from '../../../src/otp/process.ts';
import { Runtime, type RuntimeOptions } from '../../../src/otp/runtime.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { TwoNodes } from '../../support/two-nodes.ts';

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

/** Runtimes under that clock, and what carries over what is under way between them. */
export type Place = (clock: ManualClock) => {
  readonly runtimes: readonly Runtime[];
  readonly carryOn: () => boolean;
  /** The other node, for those who start processes there. */
  readonly away?: Away;
};

export interface Away {
  readonly runtime: Runtime;
  readonly answer: <Value>(value: Promise<Value>) => Promise<Value>;
}

export function oneNode(
  make: (options: RuntimeOptions) => Runtime = (options) => new Runtime(options),
): Place {
  return (clock) => ({ runtimes: [make({ clock, random: seededRandom(1) })], carryOn: () => false });
}

export const twoNodes: Place = (clock) => {
  const nodes = new TwoNodes(clock);
  return {
    runtimes: nodes.runtimes,
    carryOn: () => nodes.carryOn(),
    away: { runtime: nodes.runtime(1), answer: (value) => nodes.answer(0, value) },
  };
};

const TURNS_MAX = 20_000;

export class Ground {
  readonly clock = new ManualClock();
  readonly runtimes: readonly Runtime[];
  readonly away: Away | undefined;
  readonly happened: Happening[] = [];
  readonly listeners: ((happening: Happening) => void)[] = [];

  readonly #carryOn: () => boolean;

  constructor(place: Place = oneNode()) {
    const { runtimes, carryOn, away } = place(this.clock);
    this.away = away;
    this.runtimes = runtimes;
    this.#carryOn = carryOn;
    const tell = (happening: Happening): void => {
      this.happened.push(happening);
      for (const listener of this.listeners) listener(happening);
    };
    for (const runtime of runtimes) {
      runtime.observers.add({
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
  }

  /** Where supervisors and names are. */
  get runtime(): Runtime {
    return this.runtimes[0] as Runtime;
  }

  find(pid: Pid): Process | undefined {
    return this.runtimes[pid.node]?.find(pid);
  }

  get processes(): Process[] {
    return this.runtimes.flatMap(({ processes }) => [...processes]);
  }

  /** Until nothing can run and no callback is pending; time goes on only for those that wait inside a callback. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#carryOn() || !this.runtimes.every(({ scheduler }) => scheduler.idle)) continue;
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
        const other = this.find(pid);
        expect(other, `${process.label} is linked to one that has ended`).not.to.equal(undefined);
        expect(
          other?.links.has(process.pid.key),
          `${process.label} is linked to ${other?.label} alone`,
        ).to.equal(true);
      }
      process.watchers.each((watcher, ref) => {
        expect(this.find(watcher)?.monitors.has(ref), 'a watcher that does not watch').to.equal(true);
      });
    }
  }

  checkRegistries(): void {
    for (const table of this.runtime.registries.values()) {
      const entries = table.all();
      for (const { pid } of entries) expect(this.find(pid), 'an entry of the dead').not.to.equal(undefined);
      const keys = new Set(entries.map(({ key }) => JSON.stringify(key)));
      if (table.keys === 'unique') expect(keys.size, 'a key that two hold').to.equal(entries.length);
    }
  }
}
