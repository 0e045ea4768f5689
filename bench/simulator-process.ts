/**
 * The simulated Kinesis in a process of its own: without limits, and keeping counts instead of records. It answers after
 * 10 ms, as Kinesis does at best; one that answers at once would never see two batches share a request. Its port is its
 * first message; what it is sent is answered with its counts.
 */
import { type SimulatorCounts, startKinesisSimulator } from '../src/testing/index.ts';

export type SimulatorMessage =
  | { readonly type: 'ready'; readonly endpoint: string }
  | ({ readonly type: 'counts' } & SimulatorCounts);

function tell(message: SimulatorMessage): void {
  process.send?.(message);
}

const simulator = await startKinesisSimulator({
  streams: { hundred: 4 },
  limits: false,
  latencyMs: 10,
  keepRecords: false,
});
process.on('message', () => tell({ type: 'counts', ...simulator.oracle.counts() }));
process.on('disconnect', () => process.exit());
tell({ type: 'ready', endpoint: simulator.endpoint });
