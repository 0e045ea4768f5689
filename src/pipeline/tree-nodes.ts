/**
 * The boxes of the live tree, from what the main thread's runtime and each site say of their processes. Gives the event
 * loop its turn after each `CHUNK` of them, so that a large tree blocks nobody.
 */
import type { Pid } from '../otp/pid.ts';
import type { ProcessInfo } from '../otp/process.ts';
import { budgetOf } from '../otp/restart-intensity.ts';
import type { Engine } from './engine.ts';
import { NAMES } from './names.ts';
import { KEYED_BOXES, type KeyedRecord } from './restarts.ts';
import type { SiteAnswer } from './snapshot.ts';
import type { NodeStatus, TombstoneNode, TreeNode } from './snapshot-types.ts';
import type { Tombstone } from './tombstones.ts';

const CHUNK = 250;
const KINDS: Readonly<Record<string, string>> = {
  ConsumerSupervisor: 'consumer_supervisor',
  Producer: 'producer',
  Record: 'record',
};
/** In the order in which the document draws them. */
const ORDER: readonly string[] = [
  NAMES.application,
  NAMES.serverSupervisor,
  NAMES.registry,
  NAMES.consumerDynamicSupervisor,
  NAMES.producerSupervisor,
  NAMES.recordsSupervisor,
];

export interface Tree {
  readonly nodes: readonly TreeNode[];
  readonly tombstones: readonly TombstoneNode[];
  readonly total: number;
}

export async function treeOf(engine: Engine, sites: readonly SiteAnswer[], nodesMax: number): Promise<Tree> {
  const all = processesOf(engine, sites);
  const byKey = new Map(all.map((info) => [info.pid.key, info]));
  const ids = new Map(all.map((info) => [info.pid.key, idOf(info)]));
  const isOurs = underApplication(byKey);
  const nodes: TreeNode[] = [];
  for (const [index, info] of all.entries()) {
    if (index % CHUNK === CHUNK - 1) await turnOfTheLoop();
    // What is not under the application is not of its tree: a process that somebody else runs.
    if (isOurs(info)) nodes.push(nodeOf(engine, info, ids));
  }
  const shown = new Set(nodes.map(({ id }) => id));
  for (const node of absentNodes(engine, sites)) if (!shown.has(node.id)) nodes.push(node);
  const ordered = sorted(nodes);
  return {
    nodes: ordered.length > nodesMax ? cut(ordered, nodesMax) : ordered,
    tombstones: tombstonesOf(engine, sites, ids).filter(({ id }) => !shown.has(id)),
    total: ordered.length,
  };
}

function processesOf(engine: Engine, sites: readonly SiteAnswer[]): ProcessInfo[] {
  const remote = sites.flatMap(({ snapshot }) => snapshot?.processes ?? []);
  // A site that is inline has told of its processes itself.
  const told = new Set(remote.map(({ pid }) => pid.key));
  const local: ProcessInfo[] = [];
  for (const process of engine.runtime.processes) if (!told.has(process.pid.key)) local.push(process.info());
  return [...local, ...remote];
}

/** The children that should be there and are not: on their way, waiting for their restart, or in a hung thread. */
function* absentNodes(engine: Engine, sites: readonly SiteAnswer[]): Iterable<TreeNode> {
  for (const [supervisor, box] of KEYED_BOXES) {
    for (const [recordType, child] of engine.restarts.keyed(supervisor)) {
      const hung = sites.find(({ type }) => type.name === recordType)?.hung ?? false;
      const now = engine.clock.wallTime();
      yield absent(
        { id: `${box}/${recordType}`, parent: supervisor, name: box, recordType },
        child,
        // The Record server is on the main thread, which answers.
        hung && box !== 'Record' ? 'hung' : child.state === 'running' ? 'starting' : child.state,
        child.dueInMs === undefined ? null : Math.max(0, child.dueInMs - (now - child.at)),
      );
    }
  }
}

function absent(
  place: Pick<TreeNode, 'id' | 'parent' | 'name' | 'recordType'>,
  { restarts, lastReason, attempt }: KeyedRecord,
  status: NodeStatus,
  restartInMs: number | null,
): TreeNode {
  return {
    ...place,
    kind: KINDS[place.name] ?? 'worker',
    thread: null,
    pid: null,
    status,
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
    restarts,
    lastReason: lastReason ?? null,
    restartInMs,
    attempt,
    budget: null,
  };
}

function nodeOf(engine: Engine, info: ProcessInfo, ids: ReadonlyMap<number, string>): TreeNode {
  const { name, recordType } = titleOf(info);
  const child = keyedRecord(engine, name, recordType);
  const named = engine.restarts.ofName(name);
  const isMain = info.pid.node === engine.runtime.node;
  const { runtime } = engine;
  const process = isMain ? runtime.find(info.pid) : undefined;
  return {
    id: idOf(info),
    parent: info.parent === undefined ? null : (ids.get(info.parent.key) ?? null),
    name,
    kind: info.kind,
    recordType,
    thread: isMain ? 'main' : info.pid.node,
    pid: info.pid.toString(),
    status: info.status,
    mailbox: info.mailbox,
    mailboxMax: info.mailboxMax,
    waiting: info.waiting,
    handled: info.handled,
    dropped: info.dropped,
    busyMs: info.busyMs,
    uptimeMs: info.uptimeMs,
    callbackMs: info.callbackMs ?? null,
    links: info.links.map(textOf),
    monitors: info.monitors.map(textOf),
    restarts: child?.restarts ?? named.restarts,
    lastReason: child?.lastReason ?? named.lastReason ?? null,
    restartInMs: null,
    attempt: child?.attempt ?? 0,
    budget: budgetOf(process?.behaviour.state?.(), runtime.clock.now()) ?? null,
  };
}

function keyedRecord(engine: Engine, box: string, recordType: string | null): KeyedRecord | undefined {
  if (recordType === null) return undefined;
  for (const [supervisor, name] of KEYED_BOXES)
    if (name === box) return engine.restarts.keyed(supervisor).get(recordType);
  return undefined;
}

function tombstonesOf(
  engine: Engine,
  sites: readonly SiteAnswer[],
  ids: ReadonlyMap<number, string>,
): TombstoneNode[] {
  const told = [
    ...engine.tombstones.recent(),
    ...sites.flatMap(({ snapshot }) => snapshot?.tombstones ?? []),
  ];
  // A site that is inline tells of the same processes as the main thread.
  const byKey = new Map(told.map((tombstone) => [tombstone.pid.key, tombstone]));
  return [...byKey.values()].map((tombstone: Tombstone) => ({
    id: idOf(tombstone),
    parent: tombstone.parent === undefined ? null : (ids.get(tombstone.parent.key) ?? null),
    ...titleOf(tombstone),
    kind: tombstone.kind,
    thread: tombstone.pid.node === engine.runtime.node ? 'main' : tombstone.pid.node,
    endedAt: tombstone.endedAt,
    reason: tombstone.reason,
  }));
}

type Titled = Pick<ProcessInfo, 'pid' | 'name' | 'label' | 'kind'>;

function titleOf({ name, label, kind }: Titled): {
  readonly name: string;
  readonly recordType: string | null;
} {
  if (label === undefined) return { name: name ?? kind, recordType: null };
  const space = label.indexOf(' ');
  return space === -1
    ? { name: label, recordType: null }
    : { name: label.slice(0, space), recordType: label.slice(space + 1) };
}

function idOf(info: Titled): string {
  const { name, recordType } = titleOf(info);
  if (recordType !== null) return `${name}/${recordType}`;
  return info.name === undefined ? info.pid.toString() : name;
}

/** Whether a process descends from Application; each is looked at once. */
function underApplication(byKey: ReadonlyMap<number, ProcessInfo>): (info: ProcessInfo) => boolean {
  const known = new Map<number, boolean>();
  const isUnder = (info: ProcessInfo): boolean => {
    const before = known.get(info.pid.key);
    if (before !== undefined) return before;
    const parent = info.parent === undefined ? undefined : byKey.get(info.parent.key);
    const under = info.name === NAMES.application || (parent !== undefined && isUnder(parent));
    known.set(info.pid.key, under);
    return under;
  };
  return isUnder;
}

/** Parents before children, siblings as the document has them, record types by name. */
function sorted(nodes: readonly TreeNode[]): TreeNode[] {
  const children = new Map<string | null, TreeNode[]>();
  for (const node of nodes) {
    const siblings = children.get(node.parent);
    if (siblings === undefined) children.set(node.parent, [node]);
    else siblings.push(node);
  }
  const result: TreeNode[] = [];
  const walk = (parent: string | null): void => {
    const siblings = children.get(parent) ?? [];
    siblings.sort((a, b) => rank(a) - rank(b) || compare(a.recordType ?? '', b.recordType ?? ''));
    for (const node of siblings) {
      result.push(node);
      walk(node.id);
    }
  };
  walk(null);
  return result;
}

function rank({ name }: TreeNode): number {
  const index = ORDER.indexOf(name);
  return index === -1 ? ORDER.length : index;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Leaves out processes that have no name of their own, the youngest first. */
function cut(nodes: readonly TreeNode[], nodesMax: number): TreeNode[] {
  let left = nodesMax - nodes.filter(({ id, pid }) => id !== pid).length;
  return nodes.filter(({ id, pid }) => id !== pid || left-- > 0);
}

function textOf(pid: Pid): string {
  return pid.toString();
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
