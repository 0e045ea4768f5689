/** The simulated Kinesis, seen from the benchmark: started in a process of its own, asked for its counts, stopped. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { check } from './scenario.ts';
import type { SimulatorMessage } from './simulator-process.ts';

/** What it counted while something ran. */
export interface Sent {
  /** Kinesis records: those that events share count once. */
  readonly records: number;
  /** What AWS bills for: 25 KB of a record, or a part of it, each. */
  readonly units: number;
  readonly requests: number;
}

export class Simulator {
  readonly endpoint: string;
  readonly #child: ChildProcess;

  static async start(): Promise<Simulator> {
    const child = fork(fileURLToPath(new URL('./simulator-process.js', import.meta.url)));
    const [ready] = (await once(child, 'message')) as [SimulatorMessage];
    check(ready.type === 'ready', 'the simulator did not start');
    return new Simulator(child, ready.endpoint);
  }

  private constructor(child: ChildProcess, endpoint: string) {
    this.#child = child;
    this.endpoint = endpoint;
  }

  async during(work: () => Promise<void>): Promise<Sent> {
    const before = await this.#counts();
    await work();
    const after = await this.#counts();
    return {
      records: after.records - before.records,
      units: after.units - before.units,
      requests: after.requests - before.requests,
    };
  }

  stop(): void {
    this.#child.disconnect();
  }

  async #counts(): Promise<Sent> {
    const answer = once(this.#child, 'message');
    this.#child.send('counts');
    const [counts] = (await answer) as [SimulatorMessage];
    check(counts.type === 'counts', 'the simulator does not count');
    const { recordsCommitted, payloadUnits, calls } = counts;
    return { records: recordsCommitted, units: payloadUnits, requests: calls.PutRecords ?? 0 };
  }
}
