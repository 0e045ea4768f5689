/** Parts of snapshots, with everything at rest but for what a test says. */
import type { AdapterSnapshot, StreamSnapshot } from '../../../src/pipeline/adapter/adapter.ts';
import type { RestartEntry } from '../../../src/pipeline/view/restarts.ts';
import type { RecordSnapshot, Snapshot, TreeNode } from '../../../src/pipeline/view/snapshot-types.ts';

export const NOW = 1_700_000_000_000;

export function aRecord(part: Partial<RecordSnapshot> = {}): RecordSnapshot {
  return {
    name: 'MyEvent',
    url: 'file:///app/events/my-event.js',
    accepted: 0,
    recovered: 0,
    delivered: 0,
    deadLettered: 0,
    pending: 0,
    spooled: 0,
    refused: 0,
    invalid: 0,
    thread: { isolation: 'thread', state: 'ready', node: 1, starts: 1, hung: false },
    queueBytes: 2 ** 26,
    queueFill: 0,
    oldestPendingMs: null,
    batches: 0,
    demand: 50,
    maxDemand: 50,
    batchSize: 500,
    hangTimeoutMs: 30_000,
    claimed: 0,
    running: 0,
    parked: { batches: 0, events: 0, waitsFor: [] },
    unattended: false,
    handleMs: null,
    batchEvents: null,
    lastError: null,
    lastFailure: null,
    letters: { waiting: 0, failure: null },
    adapter: null,
    ...part,
  };
}

export function aStream(part: Partial<StreamSnapshot>): AdapterSnapshot {
  const stream: StreamSnapshot = {
    stream: 'signup',
    target: 'prod-signup',
    state: { type: 'open' },
    recordsSent: 0,
    bytesSent: 0,
    recordsRejected: 0,
    requests: 0,
    retries: 0,
    throttles: 0,
    throttledShards: {},
    inFlight: 0,
    waiting: 0,
    oldestWaitingMs: null,
    errors: {},
    lastError: null,
    ...part,
  };
  return { adapter: 'kinesis', closed: false, streams: [stream] };
}

export function anEntry(part: Partial<RestartEntry>): RestartEntry {
  return {
    seq: 1,
    at: NOW,
    id: 'Producer/MyEvent',
    name: 'Producer',
    recordType: 'MyEvent',
    reason: { message: 'TypeError: no such step', code: 'TypeError', stack: null },
    attempt: 1,
    delayMs: 0,
    restartedWith: [],
    budget: null,
    ...part,
  };
}

export function aSnapshot(part: Partial<Snapshot> = {}): Snapshot {
  const nothing = {
    accepted: 0,
    recovered: 0,
    delivered: 0,
    deadLettered: 0,
    pending: 0,
    spooled: 0,
    refused: 0,
    invalid: 0,
  };
  return {
    schemaVersion: 1,
    takenAt: NOW,
    health: [],
    nodes: [],
    truncated: false,
    nodesTotal: 0,
    edges: [],
    restarts: [],
    tombstones: [],
    threads: [],
    records: [],
    spool: null,
    ledger: { ...nothing, types: {} },
    options: [],
    ...part,
  };
}

export function aNode(part: Partial<TreeNode> & { readonly id: string }): TreeNode {
  return {
    parent: null,
    name: part.id,
    kind: 'server',
    recordType: null,
    thread: 'main',
    pid: '<0.1>',
    status: 'waiting',
    mailbox: 0,
    mailboxMax: 0,
    waiting: {},
    handled: 0,
    dropped: 0,
    busyMs: null,
    uptimeMs: null,
    callbackMs: null,
    links: [],
    monitors: [],
    restarts: 0,
    lastReason: null,
    restartInMs: null,
    attempt: 0,
    budget: null,
    ...part,
  };
}
