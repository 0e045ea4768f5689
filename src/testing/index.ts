/** Helpers for tests of what is built on beamline. */
export type { InjectedFailure, StoredMessage } from '../pipeline/adapter/memory.ts';
export { deaggregate, type UserRecord } from './kinesis/deaggregate.ts';
export type { Fault, FaultRule } from './kinesis/faults.ts';
export type { KinesisSimulatorOptions, Latency } from './kinesis/options.ts';
export {
  type Audit,
  auditOf,
  type Oracle,
  type ReadRecord,
  type ShardState,
  type SimulatorCounts,
} from './kinesis/oracle.ts';
export type { CommittedRecord, ShardLimits } from './kinesis/shard.ts';
export { type RunningKinesis, SimulatedKinesis, startKinesisSimulator } from './kinesis/simulator.ts';
export type { StreamSettings } from './kinesis/stream.ts';
export { runTo, runUntil } from './kinesis/virtual-time.ts';
export { ManualClock } from './manual-clock.ts';
export { memory, TestMemory } from './memory.ts';
export { type TestApplication, type TestOptions, withApplication } from './with-application.ts';
