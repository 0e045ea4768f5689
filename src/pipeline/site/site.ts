/**
 * The place where one record type's processes run: a worker thread, or the main thread with `isolation: 'inline'`.
 * Both ends of it are here: what a site is told when it is opened, what it can be asked, and what it may ask the main
 * thread. All of it is plain data or functions of plain data; whether a thread lies between cannot be seen.
 */

import type { Spread } from '../../base/histogram.ts';
import type { NodeId, Pid } from '../../otp/pid.ts';
import type { StartResult } from '../../otp/start.ts';
import type { DirectoryHandle, RecorderIdentity } from '../../threads/directory.ts';
import type { BarrierMark, ConfirmationsHandle, QueueHandle } from '../../threads/queue/index.ts';
import type { AdapterSnapshot } from '../adapter/adapter.ts';
import type { WireDescriptor } from '../adapter/descriptor.ts';
import type { FailedAttempt } from '../batch/attempt-history.ts';
import type { ParkingSnapshot } from '../batch/parking.ts';
import type { TypeOptions } from '../options/options.ts';
import type { LogFields, LogLevel } from '../telemetry/logger.ts';
import type { RelayedChannel, RelayedSignal } from '../telemetry/telemetry.ts';
import type { ShownState } from '../view/shown-state.ts';
import type { Tombstone } from '../view/tombstones.ts';

/** The type's options that its site needs: plain data. */
export type SiteOptions = Pick<
  TypeOptions,
  | 'batchSize'
  | 'flushIntervalMs'
  | 'maxDemand'
  | 'maxAttempts'
  | 'backoff'
  | 'handleTimeoutMs'
  | 'queueBytes'
  | 'niceness'
>;

/** What a site is opened with. Structured-cloneable. */
export interface SiteArgument {
  readonly recordType: string;
  /** The module that defines the type. */
  readonly url: string;
  readonly options: SiteOptions;
  readonly adapter: WireDescriptor;
  /** The functions of the adapter that stay on the main thread. */
  readonly adapterFunctions: readonly string[];
  readonly queue: QueueHandle;
  readonly confirmations: ConfirmationsHandle;
  /** For recording from inside the site. */
  readonly directory: DirectoryHandle;
  readonly identity: RecorderIdentity;
  readonly generation: number;
  readonly predecessor: 'none' | 'stopped' | 'died';
  /** Where Registry and the supervisors are. */
  readonly main: NodeId;
  /** What it tells of itself from the beginning. */
  readonly telemetry: readonly RelayedChannel[];
}

/** What can be asked of a site. */
export interface SiteControl {
  /** Starts the type's Producer as a child of that process. */
  startProducer(parent: Pid): Promise<StartResult>;
  /** Starts the type's ConsumerSupervisor, subscribed to that Producer, as a child of that process. */
  startConsumerSupervisor(parent: Pid, producer: Pid): Promise<StartResult>;
  /** Resolves when all that was recorded before the mark is settled; has it fetched at once. */
  settled(mark: BarrierMark): Promise<void>;
  /** Begins, or ends, to dispatch without a Producer. */
  dispatch(order: 'begin' | 'end'): void;
  closeAdapter(timeoutMs: number): Promise<void>;
  /** With `measure`, its processes measure how long their callbacks take from now on; without, no longer. */
  inspect(measure: boolean): SiteSnapshot;
  /** What can be shown of a process's state; undefined when there is no such process. */
  state(pid: Pid): ShownState | undefined;
  /** Tells of these from now on, and of nothing else. */
  listen(channels: readonly RelayedChannel[]): void;
  /** Answers, if the thread's event loop turns. */
  ping(): void;
}

/** What a site may ask of the main thread. */
export interface MainControl {
  /** Calls a function of the adapter that stays on the main thread. */
  adapterFunction(name: string, args: readonly unknown[]): unknown;
  /** Hands over a dead letter; resolves when its sink has taken it. */
  deadLetter(letter: WireDeadLetter): void | Promise<void>;
  log(level: LogLevel, fields: LogFields, message: string): void;
  /** Takes what is to be published. */
  telemetry(report: WireTelemetry): void;
}

export interface WireTelemetry {
  readonly signals: readonly RelayedSignal[];
  /** How many there were no room for. */
  readonly lost: number;
}

export interface WireDeadLetter {
  readonly id: string;
  readonly data: unknown;
  readonly error: unknown;
  readonly attempts: number;
  readonly history: readonly FailedAttempt[];
}

/** A `MainControl` as the site sees it. */
export type RemoteMain = {
  readonly [Name in keyof MainControl]: (
    ...args: Parameters<MainControl[Name]>
  ) => Promise<Awaited<ReturnType<MainControl[Name]>>>;
};

/** What a site shows of itself. Plain data. */
export interface SiteSnapshot {
  /** `PlainProcess[]` as JSON. */
  readonly processes: string;
  /** The Producer's account. */
  readonly producer: { readonly batches: number; readonly demand: number } | undefined;
  readonly claimed: number;
  readonly running: number;
  readonly parked: ParkingSnapshot;
  readonly deadWaiting: number;
  readonly dispatching: boolean;
  readonly lastError: { readonly message: string; readonly at: number } | undefined;
  readonly adapter: AdapterSnapshot;
  /** Its processes that crashed lately. */
  readonly tombstones: readonly Tombstone[];
  /** How long runs of the handler took, in milliseconds, and how many events each had. */
  readonly handleMs: Spread | undefined;
  readonly batchEvents: Spread | undefined;
  readonly heapUsedBytes: number;
  /** How the thread's event loop has spent its time. */
  readonly loop: { readonly idleMs: number; readonly activeMs: number };
}
