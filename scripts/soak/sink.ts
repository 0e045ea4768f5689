/** The Kinesis of the soak, in a process of its own, so that its memory is not measured. Counts, and keeps nothing. */
import { startKinesisSimulator } from '../../src/testing/index.ts';

export type SinkMessage =
  | { readonly type: 'ready'; readonly endpoint: string; readonly region: string }
  | { readonly type: 'counts'; readonly committed: number };

async function main(): Promise<void> {
  const simulator = await startKinesisSimulator({
    streams: { soak: 4 },
    limits: false,
    keepRecords: false,
    latencyMs: { meanMs: 30, spread: 0.75 },
    faults: [
      { fault: { type: 'partial' }, rate: 0.05 },
      { fault: { type: 'error', code: 'InternalFailure', commit: 'before' }, rate: 0.03 },
      { fault: { type: 'reset', commit: 'after' }, rate: 0.01 },
    ],
  });
  const tell = (message: SinkMessage): void => void process.send?.(message);
  process.on('message', () =>
    tell({ type: 'counts', committed: simulator.oracle.counts().recordsCommitted }),
  );
  process.on('disconnect', () => void simulator.stop());
  tell({ type: 'ready', endpoint: simulator.endpoint, region: simulator.region });
}

await main();
