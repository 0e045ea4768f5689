/**
 * The debug API: one picture of the live tree over all threads, as plain JSON. Pulled; it costs nothing when nobody asks.
 * A thread that does not answer within the deadline is shown as `hung`, and never waited for.
 */

import type { Pid } from '../otp/pid.ts';
import type { ProcessInfo } from '../otp/process.ts';
import { oldestPendingAt } from '../threads/queue/index.ts';
import type { AdapterSnapshot } from './adapter/adapter.ts';
import type { Engine } from './engine.ts';
import { type Ledger, ledgerOf, type TypeLedger } from './ledger.ts';
import { NAMES } from './names.ts';
import type { PlacementInfo } from './placement.ts';
import type { RecordType } from './record-type.ts';
import type { SiteSnapshot } from './site.ts';

export const SNAPSHOT_SCHEMA_VERSION = 1;
/** A thread that has not answered by then is shown as hung. */
const ANSWER_MS = 500;

export interface Snapshot {
  readonly schemaVersion: number;
  /** Milliseconds since the epoch. */
  readonly takenAt: number;
  /** Every process, parents before children, in the order of the documented tree. */
  readonly nodes: readonly TreeNode[];
  readonly records: readonly RecordSnapshot[];
  readonly ledger: Ledger;
}

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
  readonly status: 'starting' | 'waiting' | 'running' | 'suspended' | 'restarting' | 'hung';
  readonly mailbox: number;
  readonly mailboxMax: number;
  readonly handled: number;
  /** For how long its current callback has been running. */
  readonly busyMs: number | null;
  readonly uptimeMs: number | null;
  readonly links: readonly string[];
  readonly monitors: readonly string[];
  readonly restarts: number;
  /** Why it ended last. */
  readonly lastReason: string | null;
  /** While it waits for its restart. */
  readonly restartInMs: number | null;
  readonly attempt: number;
}

export interface RecordSnapshot extends TypeLedger {
  readonly name: string;
  readonly url: string;
  readonly thread: PlacementInfo & { readonly hung: boolean };
  readonly queueBytes: number;
  readonly oldestPendingMs: number | null;
  /** Batches: at the Producer, asked for and not sent, claimed in all, running. */
  readonly batches: number;
  readonly demand: number;
  readonly maxDemand: number;
  readonly claimed: number;
  readonly running: number;
  /** DispatchServer has the thread dispatch without a Producer. */
  readonly unattended: boolean;
  readonly lastError: { readonly message: string; readonly at: number } | null;
  readonly lastFailure: { readonly message: string; readonly at: number } | null;
  readonly adapter: AdapterSnapshot | null;
}

interface Site {
  readonly type: RecordType;
  readonly snapshot: SiteSnapshot | undefined;
  readonly hung: boolean;
}

export async function takeSnapshot(engine: Engine): Promise<Snapshot> {
  const sites = await Promise.all([...engine.types.values()].map((type) => askSite(engine, type)));
  const takenAt = engine.clock.wallTime();
  return {
    schemaVersion: SNAPSHOT_SCHEMA_VERSION,
    takenAt,
    nodes: treeNodes(engine, sites),
    records: sites.map((site) => recordSnapshot(site, takenAt)),
    ledger: ledgerOf(engine.types.values()),
  };
}

async function askSite(engine: Engine, type: RecordType): Promise<Site> {
  const { place } = type.placement;
  if (place === undefined) return { type, snapshot: undefined, hung: false };
  let late: (() => void) | undefined;
  const deadline = new Promise<'hung'>((resolve) => {
    late = () => resolve('hung');
  });
  const timer = engine.clock.setTimer(ANSWER_MS, () => late?.());
  const answer = await Promise.race([place.control.inspect().catch(() => undefined), deadline]);
  timer.clear();
  return answer === 'hung'
    ? { type, snapshot: undefined, hung: true }
    : { type, snapshot: answer, hung: false };
}

function recordSnapshot({ type, snapshot, hung }: Site, takenAt: number): RecordSnapshot {
  const { name, url, options, placement, lastFailure, queue } = type;
  const oldest = oldestPendingAt(queue);
  return {
    name,
    url,
    ...type.counts,
    recovered: 0,
    thread: { ...placement.info, hung },
    queueBytes: options.queueBytes,
    oldestPendingMs: oldest === undefined ? null : Math.max(0, takenAt - oldest),
    batches: snapshot?.producer?.batches ?? 0,
    demand: snapshot?.producer?.demand ?? 0,
    maxDemand: options.maxDemand,
    claimed: snapshot?.claimed ?? 0,
    running: snapshot?.running ?? 0,
    unattended: snapshot?.dispatching ?? false,
    lastError: snapshot?.lastError ?? null,
    lastFailure:
      lastFailure === undefined ? null : { message: lastFailure.error.message, at: lastFailure.at },
    adapter: snapshot?.adapter ?? null,
  };
}

const KEYED: readonly (readonly [supervisor: string, box: string, kind: string])[] = [
  [NAMES.consumerDynamicSupervisor, 'ConsumerSupervisor', 'consumer_supervisor'],
  [NAMES.producerSupervisor, 'Producer', 'producer'],
  [NAMES.recordsSupervisor, 'Record', 'record'],
];
/** In the order in which the document draws them. */
const ORDER: readonly string[] = [
  NAMES.application,
  NAMES.serverSupervisor,
  NAMES.registry,
  NAMES.consumerDynamicSupervisor,
  NAMES.producerSupervisor,
  NAMES.recordsSupervisor,
];

function treeNodes(engine: Engine, sites: readonly Site[]): TreeNode[] {
  const inlineKeys = new Set(
    sites.flatMap(({ snapshot }) => snapshot?.processes.map(({ pid }) => pid.key) ?? []),
  );
  const local = [...engine.runtime.processes]
    .map((process) => process.info())
    .filter(({ pid }) => !inlineKeys.has(pid.key));
  const all = [...local, ...sites.flatMap(({ snapshot }) => snapshot?.processes ?? [])];
  const byKey = new Map(all.map((info) => [info.pid.key, info]));
  const nodes: TreeNode[] = [];
  for (const info of all) {
    // What is not under the application is not of its tree: a process that somebody else runs.
    if (isUnder(info, byKey)) nodes.push(nodeOf(engine, info, byKey));
  }
  const shown = new Set(nodes.map(({ id }) => id));
  for (const [supervisor, box, kind] of KEYED) {
    for (const [recordType, child] of engine.restarts.keyed(supervisor)) {
      const id = `${box}/${recordType}`;
      if (shown.has(id)) continue;
      const hung = sites.find(({ type }) => type.name === recordType)?.hung ?? false;
      nodes.push({
        ...absent(id, supervisor, box, kind, recordType),
        status: hung ? 'hung' : child.state === 'running' ? 'starting' : child.state,
        restarts: child.restarts,
        lastReason: child.lastReason ?? null,
        restartInMs:
          child.dueInMs === undefined
            ? null
            : Math.max(0, child.dueInMs - (engine.clock.wallTime() - child.at)),
        attempt: child.attempt,
      });
    }
  }
  return sorted(nodes);
}

function nodeOf(engine: Engine, info: ProcessInfo, byKey: ReadonlyMap<number, ProcessInfo>): TreeNode {
  const { name, recordType } = titleOf(info);
  const id = idOf(info);
  const parent = info.parent === undefined ? undefined : byKey.get(info.parent.key);
  const keyed = KEYED.find(([, box]) => box === name);
  const child =
    keyed === undefined || recordType === null ? undefined : engine.restarts.keyed(keyed[0]).get(recordType);
  const named = engine.restarts.ofName(name);
  const isMain = info.pid.node === engine.runtime.node;
  // Times of another thread are on that thread's clock; the differences are what counts.
  return {
    id,
    parent: parent === undefined ? null : idOf(parent),
    name,
    kind: info.kind,
    recordType,
    thread: isMain ? 'main' : info.pid.node,
    pid: info.pid.toString(),
    status: info.status,
    mailbox: info.mailbox,
    mailboxMax: info.mailboxMax,
    handled: info.handled,
    busyMs: info.busyMs,
    uptimeMs: info.uptimeMs,
    links: info.links.map(textOf),
    monitors: info.monitors.map(textOf),
    restarts: child?.restarts ?? named.restarts,
    lastReason: child?.lastReason ?? named.lastReason ?? null,
    restartInMs: null,
    attempt: child?.attempt ?? 0,
  };
}

function absent(
  id: string,
  parent: string,
  name: string,
  kind: string,
  recordType: string,
): Omit<TreeNode, 'status' | 'restarts' | 'lastReason' | 'restartInMs' | 'attempt'> {
  return {
    id,
    parent,
    name,
    kind,
    recordType,
    thread: null,
    pid: null,
    mailbox: 0,
    mailboxMax: 0,
    handled: 0,
    busyMs: null,
    uptimeMs: null,
    links: [],
    monitors: [],
  };
}

function titleOf({ name, label, kind }: ProcessInfo): {
  readonly name: string;
  readonly recordType: string | null;
} {
  if (label !== undefined) {
    const space = label.indexOf(' ');
    return space === -1
      ? { name: label, recordType: null }
      : { name: label.slice(0, space), recordType: label.slice(space + 1) };
  }
  return { name: name ?? kind, recordType: null };
}

function idOf(info: ProcessInfo): string {
  const { name, recordType } = titleOf(info);
  if (recordType !== null) return `${name}/${recordType}`;
  return info.name === undefined ? info.pid.toString() : name;
}

function isUnder(info: ProcessInfo, byKey: ReadonlyMap<number, ProcessInfo>): boolean {
  for (let each: ProcessInfo | undefined = info; each !== undefined; ) {
    if (each.name === NAMES.application) return true;
    each = each.parent === undefined ? undefined : byKey.get(each.parent.key);
  }
  return false;
}

/** Parents before children, siblings as the document has them, record types by name. */
function sorted(nodes: readonly TreeNode[]): TreeNode[] {
  const children = new Map<string | null, TreeNode[]>();
  for (const node of nodes) {
    const siblings = children.get(node.parent);
    if (siblings === undefined) children.set(node.parent, [node]);
    else siblings.push(node);
  }
  const rank = (node: TreeNode): number => {
    const index = ORDER.indexOf(node.name);
    return index === -1 ? ORDER.length : index;
  };
  const result: TreeNode[] = [];
  const walk = (parent: string | null): void => {
    const siblings = children.get(parent) ?? [];
    siblings.sort((a, b) => rank(a) - rank(b) || (a.recordType ?? '').localeCompare(b.recordType ?? ''));
    for (const node of siblings) {
      result.push(node);
      walk(node.id);
    }
  };
  walk(null);
  return result;
}

function textOf(pid: Pid): string {
  return pid.toString();
}
