/**
 * The port between a record type and whatever takes its messages: what an adapter is, what it guarantees and
 * what its author owes. `kinesis`, `nullAdapter`, `memory` and a user's own adapter are all this and nothing else.
 *
 *   main thread                               | the record type's thread
 *   AdapterDescriptor { module, options } ----|--> import(module).createAdapter(options, context) -> Adapter
 *                     { functions } <---------|--- context.functions.name(...)   (asked over the thread's port)
 *
 * The rule: nothing but plain data crosses to the thread. What cannot be cloned stays behind in `functions`.
 */
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';

/** A message as it goes to a stream. */
export interface WireMessage {
  /** Decides the shard; 1 to 256 characters. */
  readonly partitionKey: string;
  /** Decides the shard in the partition key's stead: a decimal number from 0 to 2^128 - 1. */
  readonly explicitHashKey?: string;
  /** The payload. A string is sent as UTF-8. Bytes must stay as they are until the `send` has settled. */
  readonly data: Uint8Array | string;
}

/**
 * Messages that are not made yet, whose data is the JSON of events: an adapter has each written where it wants it, and makes
 * messages of none.
 */
export interface UnwrittenMessages {
  readonly size: number;
  /** Well-formed texts. Undefined: messages must be made, of all. */
  partitionKeys(): readonly string[] | undefined;
  /** Of each, by its place: the most bytes that its data can have, and how many it is likely to have. */
  bytesMax(place: number): number;
  bytesLikely(place: number): number;
  /** Writes its data at `at`, where there is room for the most: where that ends, or -1: messages must be made, of all. */
  write(place: number, target: Buffer, at: number): number;
  /** Makes messages of all of them. Throws what a handler that makes them does. */
  made(): readonly WireMessage[];
}

/** Says which adapter a record type's thread is to load. Made on the main thread. */
export interface AdapterDescriptor {
  /**
   * The file URL of a module that exports `createAdapter`, as `new URL('./my-adapter.js', import.meta.url)` gives
   * it or `import.meta.resolve('my-package')`. It is imported in the record type's thread only.
   */
  readonly module: string | URL;
  /**
   * Of an adapter that comes with beamline: the module's path in the folder that the option `entries` names.
   */
  readonly entry?: string;
  /** Handed to `createAdapter`. Anything that `structuredClone` takes. */
  readonly options?: unknown;
  /** What must stay on the main thread, by name: the adapter calls it through `context.functions`. */
  readonly functions?: Readonly<Record<string, AdapterFunction>>;
  /** Where each option comes from. Without it no option is shown to who looks at the running application. */
  readonly sources?: Readonly<Record<string, 'code' | 'environment' | 'default'>>;
  /** For tests: is told each event that `record()` has accepted on the main thread, as it was recorded. */
  readonly onRecorded?: (recordType: string, event: unknown) => void;
}

/** A function that stays on the main thread. Its arguments and its result must be cloneable. */
export type AdapterFunction = (...args: never[]) => unknown;

/** An `AdapterFunction` as the thread sees it: asked over a port, so always asynchronous. */
export type RemoteFunction = (...args: readonly unknown[]) => Promise<unknown>;

/** pino's shape. */
export interface AdapterLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What an adapter gets from its surroundings. It reads no other clock, chance or console. */
export interface AdapterContext {
  /** The record type that this adapter works for. */
  readonly recordType: string;
  /** Its timers do not hold the thread: whoever waits for a `send` sees to that. */
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: AdapterLogger;
  /** The descriptor's functions, callable from here. */
  readonly functions: Readonly<Record<string, RemoteFunction>>;
  /** Telemetry: each event once, as it happens. Must return at once and not throw. */
  readonly report: (event: AdapterEvent) => void;
}

/** The export that a descriptor's module must have. What it throws or rejects with fails the thread's start. */
export type CreateAdapter = (options: unknown, context: AdapterContext) => Adapter | Promise<Adapter>;

/**
 * A connection to streams. One exists per record type and thread; it may be dropped at any moment, with its
 * thread, without a call of `close`.
 */
export interface Adapter {
  /**
   * Puts messages into a stream, by the name that the handler used for it.
   *
   * Guaranteed to the caller:
   * - It resolves when *every* message is in the stream, and not before.
   * - Order is kept as well as the destination allows: messages of one call that succeed at the first try are in
   *   the stream (where it has shards: in each of them) in the order given; where messages are put together by
   *   their keys, those of each key are. Nothing is said about the order between calls.
   * - Something temporary (an outage, throttling, a missing stream, expired credentials) is never a rejection. It
   *   is waited out, with backoff, for as long as it takes, and shown in `snapshot`.
   * - It rejects with `ERR_RECORDS_REJECTED` when single messages can never be delivered. The error lists each by
   *   index, with code and message; all others of the call are in the stream by then.
   * - It rejects with `ERR_SEND_ABORTED` soon after `signal` is aborted, and with `ERR_ADAPTER_CLOSED` after
   *   `close`. In both cases some messages may be in the stream already.
   * - It rejects with `ERR_STREAM_NAME` when no stream can have that name.
   * - Any other rejection is a bug of the adapter and treated like an error of the handler.
   * - An empty list resolves, without a request.
   *
   * Owed by the author: calls may overlap, as many as the record type has batches in flight. Memory is bounded by
   * what callers have handed over and not seen settled. A message may be delivered twice after an error that
   * came when it had been committed; apart from that, what is in the stream is not sent again.
   */
  send(stream: string, messages: readonly WireMessage[], options: SendOptions): Promise<void>;

  /**
   * The same for messages that are not made yet. They may be asked until this returns, and not later. An adapter that has no
   * use for them leaves this out, and is sent what they are made into.
   */
  sendUnwritten?(stream: string, messages: UnwrittenMessages, options: SendOptions): Promise<void>;

  /**
   * Somebody waits for all that is under way, and nothing more of it is to come. What an adapter keeps back until there is
   * more to put into a request goes as soon as it can. Must not throw. An adapter that keeps nothing back has no need of it.
   */
  hurry?(): void;

  /**
   * Refuses new sends from this call on, waits up to `timeoutMs` for those under way, then makes the rest reject
   * with `ERR_ADAPTER_CLOSED`, and lets go of connections. Never rejects. A second call gives the promise of the
   * first.
   */
  close(options: CloseOptions): Promise<void>;

  /** What it is doing right now: a copy, plain JSON, cheap enough for once a second. Works after `close` too. */
  snapshot(): AdapterSnapshot;
}

export interface SendOptions {
  readonly signal: AbortSignal;
  /**
   * Of messages with one partition key, each is sent for the first time when those before it in the list are in the
   * stream, or can never be. So the first occurrences of a key's messages keep their order, whatever is sent again.
   */
  readonly ordered?: boolean;
  /**
   * Takes a function that says, at any time while the send is under way, what holds it up: the shards that the rest of
   * it waits for because they take less than they are sent, when it waits for nothing else, and none otherwise. A batch
   * whose sends are held up can be parked. An adapter that has no such thing never calls it.
   */
  readonly explain?: (heldBy: HeldBy) => void;
  /** Asked when the messages have come to where they might be kept back: whether `hurry` was meant for them too. */
  readonly isHurried?: () => boolean;
}

export type HeldBy = () => readonly Hold[];

/** What a send is held up by. */
export interface Hold {
  /** The name used in `send`. */
  readonly stream: string;
  /** `null` where the shards are not known. */
  readonly shardId: string | null;
}

export interface CloseOptions {
  readonly timeoutMs: number;
}

/** One message that will never be in the stream, and why. */
export interface Rejection {
  /** Its place in the list that was sent. */
  readonly index: number;
  /** The destination's own code, or `RecordTooLarge`, `InvalidPartitionKey`, `InvalidExplicitHashKey`. */
  readonly code: string;
  readonly message: string;
  /** The size of the record, data and partition key. */
  readonly bytes: number;
  /** The limit that it exceeds, where there is one. */
  readonly limit: number | null;
  /**
   * The requests in which it failed, oldest first, the one that condemned it last; at most the newest ten. Not there for a
   * record that was in no request, or where the adapter keeps none.
   */
  readonly attempts?: readonly RecordAttempt[];
}

/** A request that did not put a record where it was to be. */
export interface RecordAttempt {
  /** When its answer was in, in milliseconds since the epoch. */
  readonly at: number;
  /** The destination's own code: of the record, or of the request as a whole. */
  readonly code: string;
  /** The shard, where the answer or the shard map names one. */
  readonly shardId: string | null;
}

export interface AdapterSnapshot {
  /** The adapter's kind: `kinesis`, `null`, `memory`, or its author's word for it. */
  readonly adapter: string;
  readonly closed: boolean;
  readonly streams: readonly StreamSnapshot[];
}

/** Counts since the adapter was created, and what is under way. */
export interface StreamSnapshot {
  /** The name used in `send`. */
  readonly stream: string;
  /** What that name stands for at the destination: a stream name or an ARN. */
  readonly target: string;
  readonly state: StreamState;
  /** Records confirmed to be in the stream, and their size with partition keys. */
  readonly recordsSent: number;
  readonly bytesSent: number;
  readonly recordsRejected: number;
  readonly requests: number;
  /** Records sent again after they had failed. */
  readonly retries: number;
  /** Records, or whole requests, that were refused for being too many. */
  readonly throttles: number;
  /** Throttled records by shard, as far as the destination named the shard. */
  readonly throttledShards: Readonly<Record<string, number>>;
  /** Requests under way. */
  readonly inFlight: number;
  /** Records handed to `send` and neither in the stream nor rejected. */
  readonly waiting: number;
  /** For how long the oldest `send` under way has been waiting; `null` when there is none. */
  readonly oldestWaitingMs: number | null;
  /**
   * What the destination has taken these records as: fewer than `recordsSent` where several shared one
   * (`recordsSent / unitsSent` is the aggregation ratio). This and the next four may be left out by an adapter.
   */
  readonly unitsSent?: number;
  /** The share of tries of records that put them into the stream, 0 to 1; `null` before the first. */
  readonly successRate?: number | null;
  /** From the start of a request to its answer, in milliseconds; `null` before the first. */
  readonly requestMs?: DurationSummary | null;
  /** From `send` to the request that has the first of its records, in milliseconds. */
  readonly bufferedMs?: DurationSummary | null;
  /** Each shard that is open, as far as they are known. */
  readonly shards?: readonly ShardSnapshot[];
  /** How often each error code came, for records and requests. */
  readonly errors: Readonly<Record<string, number>>;
  readonly lastError: StreamError | null;
}

/** Quantiles of durations, in milliseconds, within 9 %. */
export interface DurationSummary {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Counts since the shard became known. */
export interface ShardSnapshot {
  readonly shardId: string;
  readonly recordsSent: number;
  readonly bytesSent: number;
  /** Records, or aggregates, that it refused for being too many. */
  readonly throttles: number;
  /** Records that wait for it and are in no request. */
  readonly waiting: number;
  /** For how long the oldest `send` has been under way that has records for it; `null` when none has. */
  readonly oldestWaitingMs?: number | null;
  /** How fast it is sent to, in parts of what a shard takes; `null` while nothing holds it back. */
  readonly share: number | null;
}

export interface StreamError {
  readonly code: string;
  readonly message: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** How a stream is doing. Moments are milliseconds since the Unix epoch. */
export type StreamState =
  | { readonly type: 'open' }
  /** Requests fail for a temporary reason; each send goes on trying with backoff. */
  | {
      readonly type: 'failing';
      readonly code: string;
      readonly message: string;
      readonly since: number;
      /** Requests failed in a row. */
      readonly failures: number;
    }
  /** Somebody has to mend something (a permission, credentials, a missing stream). Nothing is sent until a probe. */
  | {
      readonly type: 'paused';
      readonly code: string;
      readonly message: string;
      readonly since: number;
      /** Probes that have failed. */
      readonly probes: number;
      readonly nextProbeAt: number;
    }
  /** One request is under way to see whether it has been mended. */
  | {
      readonly type: 'probing';
      readonly code: string;
      readonly message: string;
      readonly since: number;
      readonly probes: number;
    };

/** Telemetry of an adapter. */
export type AdapterEvent =
  /** A request was answered; `failed` of its records must be sent again or were rejected. */
  | {
      readonly type: 'request';
      readonly stream: string;
      readonly records: number;
      readonly bytes: number;
      readonly failed: number;
      readonly durationMs: number;
    }
  /** A request failed as a whole. */
  | {
      readonly type: 'request-failed';
      readonly stream: string;
      readonly records: number;
      readonly code: string;
      readonly durationMs: number;
    }
  /** Records were refused for being too many; they are sent again. `shardId` where the destination named one. */
  | {
      readonly type: 'throttled';
      readonly stream: string;
      readonly records: number;
      readonly shardId: string | null;
    }
  /** The stream's state has changed its type, or a pause its reason. */
  | { readonly type: 'stream-state'; readonly stream: string; readonly state: StreamState }
  /** A record will never be in the stream. */
  | { readonly type: 'rejected'; readonly stream: string; readonly rejection: Rejection };
