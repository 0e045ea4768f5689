/** The counting sink, seen from the benchmark: started in a process of its own, asked for its counts, stopped. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { check } from './scenario.ts';
import type { SinkCounts, SinkMessage } from './sink-process.ts';

export class Sink {
  readonly endpoint: string;
  readonly #child: ChildProcess;

  static async start(scheme: 'http' | 'https' = 'http'): Promise<Sink> {
    const child = fork(
      fileURLToPath(new URL('./sink-process.js', import.meta.url)),
      scheme === 'https' ? ['tls'] : [],
    );
    const [ready] = (await once(child, 'message')) as [SinkMessage];
    check(ready.type === 'ready', 'the sink did not start');
    return new Sink(child, `${scheme}://127.0.0.1:${ready.port}`);
  }

  private constructor(child: ChildProcess, endpoint: string) {
    this.#child = child;
    this.endpoint = endpoint;
  }

  async counts(): Promise<SinkCounts> {
    const answer = once(this.#child, 'message');
    this.#child.send('counts');
    const [counts] = (await answer) as [SinkMessage];
    check(counts.type === 'counts', 'the sink does not count');
    return counts;
  }

  /** The records of the newest request that had some, decoded. */
  async newest(): Promise<readonly { readonly partitionKey: string; readonly data: string }[]> {
    const { sample } = await this.counts();
    const { Records } = JSON.parse(sample) as { Records: { PartitionKey: string; Data: string }[] };
    return Records.map(({ PartitionKey, Data }) => ({
      partitionKey: PartitionKey,
      data: Buffer.from(Data, 'base64').toString(),
    }));
  }

  /** How many records it has taken while `work` ran. */
  async during(work: () => Promise<void>): Promise<number> {
    const before = await this.counts();
    await work();
    return (await this.counts()).records - before.records;
  }

  stop(): void {
    this.#child.disconnect();
  }
}
