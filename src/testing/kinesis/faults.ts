/**
 * What goes wrong, and when: rules, tried in order for each request. Deterministic: what a rule's rate decides
 * depends on the seed, the kind of call and its ordinal, and on nothing else.
 *
 *     { fault: { type: 'error', code: 'InternalFailure', commit: 'after' }, rate: 0.03 }     three in a hundred
 *     { fault: { type: 'reset', commit: 'before' }, requests: [10, 19] }                     the tenth to the 19th
 *     { fault: { type: 'throttle-shard', shardId: 'shardId-000000000002' }, timeMs: [0, 60_000] }
 */
import { seededRandom } from '../../base/random.ts';

export type Fault =
  /**
   * The request is answered with an error. `commit` says whether its records are in the stream all the same. Among
   * the codes: `InternalFailure` (500), `ServiceUnavailable` (503), `ProvisionedThroughputExceededException`,
   * `ExpiredTokenException`, `AccessDeniedException`, `ResourceNotFoundException`, `KMSThrottlingException`.
   */
  | {
      readonly type: 'error';
      readonly code: string;
      readonly message?: string;
      readonly status?: number;
      readonly commit: 'before' | 'after';
    }
  /** Single records fail, each with the rule's rate. Default: `InternalFailure`. */
  | { readonly type: 'partial'; readonly code?: string; readonly message?: string }
  /** Whatever is meant for this shard is throttled. */
  | { readonly type: 'throttle-shard'; readonly shardId: string }
  /** No answer ever comes. */
  | { readonly type: 'hang'; readonly commit: 'before' | 'after' }
  /** The connection ends without an answer. */
  | { readonly type: 'reset'; readonly commit: 'before' | 'after' }
  /** The answer begins in time, and its end comes `bodyMs` later. */
  | { readonly type: 'slow-body'; readonly bodyMs: number }
  /** Before the request is handled the stream is brought to this many shards. */
  | { readonly type: 'reshard'; readonly shards: number };

export interface FaultRule {
  readonly fault: Fault;
  /** The share of requests (for `partial`: of records) that meet it, 0 to 1. Default 1. */
  readonly rate?: number;
  /** Only the requests of these ordinals, both included. The first request of a kind has ordinal 1. */
  readonly requests?: readonly [first: number, last: number];
  /** Only from and until these moments, in milliseconds since the simulator started. */
  readonly timeMs?: readonly [from: number, until: number];
  /** Only requests for this stream. */
  readonly stream?: string;
  /** Which calls are meant. Default: writes (`PutRecords` and `PutRecord`, counted together). */
  readonly call?: 'write' | 'ListShards' | 'DescribeStreamSummary' | 'CreateStream';
}

export type FaultedCall = NonNullable<FaultRule['call']>;

export interface FaultMoment {
  readonly call: FaultedCall;
  readonly ordinal: number;
  readonly sinceStartMs: number;
  readonly stream: string | null;
}

/** What one request meets. `ending` is the one fault that decides how it is answered, if there is one. */
export interface Trouble {
  readonly ending: (Fault & { type: 'error' | 'hang' | 'reset' | 'slow-body' }) | null;
  /** Says for each record in turn whether it fails, and how. */
  readonly recordFails: () => (Fault & { type: 'partial' }) | null;
  readonly throttledShards: ReadonlySet<string>;
  readonly reshardTo: number | null;
}

const SALT: Record<FaultedCall, number> = {
  write: 0,
  ListShards: 0x1f123bb5,
  DescribeStreamSummary: 0x3c6ef372,
  CreateStream: 0x5be0cd19,
};

export function troubleOf(rules: readonly FaultRule[], seed: number, moment: FaultMoment): Trouble {
  const random = seededRandom(
    Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(moment.ordinal, 0x85ebca6b) ^ SALT[moment.call],
  );
  let ending: Trouble['ending'] = null;
  let reshardTo: number | null = null;
  const partial: { readonly fault: Fault & { type: 'partial' }; readonly rate: number }[] = [];
  const throttledShards = new Set<string>();
  for (const rule of rules) {
    if (!concerns(rule, moment)) continue;
    const { fault, rate = 1 } = rule;
    if (fault.type === 'partial') {
      partial.push({ fault, rate });
      continue;
    }
    if (rate < 1 && random() >= rate) continue;
    if (fault.type === 'throttle-shard') throttledShards.add(fault.shardId);
    else if (fault.type === 'reshard') reshardTo = fault.shards;
    else ending ??= fault;
  }
  const recordFails = () => partial.find(({ rate }) => random() < rate)?.fault ?? null;
  return { ending, recordFails, throttledShards, reshardTo };
}

function concerns({ call = 'write', requests, timeMs, stream }: FaultRule, moment: FaultMoment): boolean {
  if (call !== moment.call) return false;
  if (stream !== undefined && stream !== moment.stream) return false;
  if (requests !== undefined && (moment.ordinal < requests[0] || moment.ordinal > requests[1])) return false;
  return timeMs === undefined || (moment.sinceStartMs >= timeMs[0] && moment.sinceStartMs < timeMs[1]);
}
