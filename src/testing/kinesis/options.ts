/** The options of a simulated Kinesis, with their defaults. */
import type { FaultRule } from './faults.ts';
import type { ShardLimits } from './shard.ts';
import type { KeepRecords, StreamSettings } from './stream.ts';

/** How long an answer takes, in milliseconds. */
export type Latency =
  | number
  /** Evenly between `meanMs * (1 - spread)` and `meanMs * (1 + spread)`. */
  | { readonly meanMs: number; readonly spread: number }
  /** Log-normal: half of the answers within `medianMs`, with a long tail that grows with `sigma`. */
  | { readonly medianMs: number; readonly sigma: number };

export interface KinesisSimulatorOptions {
  /** Streams that are there from the start: by name, their number of shards or their settings. */
  readonly streams?: Readonly<Record<string, number | Partial<StreamSettings>>>;
  /** What a shard takes: by default 1,000 records and 1 MiB a second, as AWS does. `false`: whatever comes. */
  readonly limits?: false | Partial<ShardLimits>;
  /** Default: none. */
  readonly latencyMs?: Latency;
  /** Default: nothing goes wrong. May be replaced while it runs. */
  readonly faults?: readonly FaultRule[];
  /** Decides latencies and what the rates of faults decide. Default 1. */
  readonly seed?: number;
  /**
   * Whether records are kept for the oracle and for readers, only counted, or handed to a function, each once. Default
   * `true`.
   */
  readonly keepRecords?: KeepRecords;
  readonly region?: string;
}

export interface SimulatorSettings {
  readonly streams: Readonly<Record<string, StreamSettings>>;
  readonly limits: ShardLimits | null;
  readonly latencyMs: Latency;
  readonly faults: readonly FaultRule[];
  readonly seed: number;
  readonly keepRecords: KeepRecords;
  readonly region: string;
}

const MIB = 1024 * 1024;
const SHARD_LIMITS: ShardLimits = { recordsPerSecond: 1_000, bytesPerSecond: MIB };

export function settingsOf(options: KinesisSimulatorOptions): SimulatorSettings {
  const { streams = {}, limits = {}, latencyMs = 0, faults = [], seed = 1, keepRecords = true } = options;
  return {
    streams: Object.fromEntries(
      Object.entries(streams).map(([name, given]): [string, StreamSettings] => [name, streamSettings(given)]),
    ),
    limits: limits === false ? null : { ...SHARD_LIMITS, ...limits },
    latencyMs,
    faults,
    seed,
    keepRecords,
    region: options.region ?? 'us-east-1',
  };
}

export function streamSettings(given: number | Partial<StreamSettings>): StreamSettings {
  const settings = typeof given === 'number' ? { shards: given } : given;
  return {
    shards: 1,
    mode: 'PROVISIONED',
    maxRecordBytes: MIB,
    distribution: 'USER_PARTITION_KEY',
    ...settings,
  };
}
