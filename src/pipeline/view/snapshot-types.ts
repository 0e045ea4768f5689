/** What the debug API shows: plain JSON, the same in code, over HTTP and in the page. Moments are milliseconds since the epoch. */
import type { Spread } from '../../base/histogram.ts';
import type { Budget } from '../../otp/restart-intensity.ts';
import type { AdapterSnapshot } from '../adapter/adapter.ts';
import type { ParkingSnapshot } from '../batch/parking.ts';
import type { ShownOption } from '../options/shown-options.ts';
import type { PlacementInfo } from '../site/placement.ts';
import type { SpoolState } from '../spool/protocol.ts';
import type { HealthLine } from './health.ts';
import type { Ledger, TypeLedger } from './ledger.ts';
import type { RestartEntry } from './restarts.ts';
import type { ShownReason } from './shown-reason.ts';

/** Raised with each change that a reader of the one before could stumble over. */
export const SNAPSHOT_SCHEMA_VERSION = 1;

export interface Snapshot {
  readonly schemaVersion: number;
  readonly takenAt: number;
  /** In plain words, worst first: one line for each record type, and one for each shared part that crashed lately. */
  readonly health: readonly HealthLine[];
  /** Every process, parents before children, in the order of the documented tree. */
  readonly nodes: readonly TreeNode[];
  /** There are more processes than are shown: Consumers and their tasks were left out. */
  readonly truncated: boolean;
  /** How many there are. */
  readonly nodesTotal: number;
  /** Who asks whom for how much. */
  readonly edges: readonly DemandEdge[];
  /** What was started again lately, oldest first. */
  readonly restarts: readonly RestartEntry[];
  /** What crashed in the last 30 seconds and is not there any more. */
  readonly tombstones: readonly TombstoneNode[];
  readonly threads: readonly ThreadSnapshot[];
  readonly records: readonly RecordSnapshot[];
  /** Null without a spool. */
  readonly spool: SpoolSnapshot | null;
  readonly ledger: Ledger;
  /** The options: those of the application, those of its adapter (`adapter.region`), and what definitions override. */
  readonly options: readonly ShownOption[];
}

export interface SpoolSnapshot {
  readonly directory: string;
  readonly maxBytes: number;
  readonly thread: number | null;
  /** What is in it; null while it is not open, or does not answer. */
  readonly state: SpoolState | null;
}

export type NodeStatus = 'starting' | 'waiting' | 'running' | 'suspended' | 'restarting' | 'hung';

/** A box of the tree. */
export interface TreeNode {
  /** Unique in the snapshot, and the same in the next one for as long as it is the same box. */
  readonly id: string;
  readonly parent: string | null;
  /** The document's word: `Application`, `Producer`, `Consumer` ... */
  readonly name: string;
  readonly kind: string;
  readonly recordType: string | null;
  /** `main`, or the thread's number. */
  readonly thread: 'main' | number | null;
  readonly pid: string | null;
  readonly status: NodeStatus;
  readonly mailbox: number;
  readonly mailboxMax: number;
  /** The types of the first messages that wait, with their number. */
  readonly waiting: Readonly<Record<string, number>>;
  readonly handled: number;
  /** Messages that it could not take. */
  readonly dropped: number;
  /** For how long its current callback has been running. */
  readonly busyMs: number | null;
  readonly uptimeMs: number | null;
  /** How long its callbacks take; null while nobody watches. */
  readonly callbackMs: Spread | null;
  readonly links: readonly string[];
  readonly monitors: readonly string[];
  readonly restarts: number;
  /** Why it ended last. */
  readonly lastReason: string | null;
  /** While it waits for its restart. */
  readonly restartInMs: number | null;
  readonly attempt: number;
  /** Of a supervisor: how many restarts it has left before it gives up. */
  readonly budget: Budget | null;
}

export interface TombstoneNode {
  readonly id: string;
  readonly parent: string | null;
  readonly name: string;
  readonly kind: string;
  readonly recordType: string | null;
  readonly thread: 'main' | number;
  readonly endedAt: number;
  readonly reason: ShownReason;
}

export interface DemandEdge {
  readonly consumer: string;
  readonly producer: string;
  /** Batches asked for and not sent yet. */
  readonly pending: number;
  /** Batches at work. */
  readonly working: number;
  readonly min: number;
  readonly max: number;
}

export interface ThreadSnapshot extends PlacementInfo {
  readonly recordType: string;
  /** It did not answer in time. */
  readonly hung: boolean;
  /** Null when it did not answer, and inline. */
  readonly heapUsedBytes: number | null;
  /** How its event loop has spent its time since it started. */
  readonly loop: { readonly idleMs: number; readonly activeMs: number } | null;
  readonly lastFailure: (ShownReason & { readonly at: number }) | null;
}

/** Dead letters that are pending, and why their sink did not take the newest that it was offered. */
export interface LettersSnapshot {
  readonly waiting: number;
  readonly failure: { readonly message: string; readonly at: number } | null;
}

export interface RecordSnapshot extends TypeLedger {
  readonly name: string;
  readonly url: string;
  readonly thread: PlacementInfo & { readonly hung: boolean };
  readonly queueBytes: number;
  /** The share of it that is taken; at 1 events are refused. */
  readonly queueFill: number;
  readonly oldestPendingMs: number | null;
  /** Batches: at the Producer, asked for and not sent, claimed in all, running. */
  readonly batches: number;
  readonly demand: number;
  readonly maxDemand: number;
  readonly batchSize: number;
  readonly hangTimeoutMs: number;
  readonly claimed: number;
  readonly running: number;
  /** What waits for throttled shards alone; and what the type waits for, because no more can be parked. */
  readonly parked: ParkingSnapshot;
  /** DispatchServer has the thread dispatch without a Producer. */
  readonly unattended: boolean;
  /** How long runs of the handler took since the thread started, and how many events each had. */
  readonly handleMs: Spread | null;
  readonly batchEvents: Spread | null;
  readonly lastError: { readonly message: string; readonly at: number } | null;
  readonly lastFailure: { readonly message: string; readonly at: number } | null;
  readonly letters: LettersSnapshot;
  readonly adapter: AdapterSnapshot | null;
}
