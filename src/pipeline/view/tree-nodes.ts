/**
 * The boxes of the live tree, from what the main thread's runtime and each site say of their processes. Gives the event
 * loop its turn after each `CHUNK` of them, so that a large tree blocks nobody. The rule: all that the main thread knows is
 * taken in one moment, so that what is gone and why it is gone are in the same picture.
 */
import { turnOfTheLoop } from '../../base/turn.ts';
import { type Budget, budgetOf } from '../../otp/restart-intensity.ts';
import type { Engine } from '../engine.ts';
import { NAMES } from '../names.ts';
import { nodeOfPid, type PlainProcess, plainProcess } from '../site/plain-process.ts';
import { KEYED_BOXES, type KeyedRecord, type RestartEntry } from './restarts.ts';
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
  readonly restarts: readonly RestartEntry[];
  readonly tombstones: readonly TombstoneNode[];
  readonly total: number;
}

/** What the main thread knows at one moment. */
interface Moment {
  readonly processes: readonly PlainProcess[];
  readonly budgets: ReadonlyMap<string, Budget>;
  /** The children that should be there, whether they are or not. */
  readonly expected: readonly TreeNode[];
  readonly restarts: readonly RestartEntry[];
  readonly tombstones: readonly Tombstone[];
}

export async function treeOf(engine: Engine, sites: readonly SiteAnswer[], nodesMax: number): Promise<Tree> {
  const remote = await processesOf(sites);
  const moment = momentOf(engine, sites, remote);
  const all = [...moment.processes, ...remote];
  const byPid = new Map(all.map((info) => [info.pid, info]));
  const ids = new Map(all.map((info) => [info.pid, idOf(info)]));
  const isOurs = underApplication(byPid);
  const nodes: TreeNode[] = [];
  for (const [index, info] of all.entries()) {
    // Those of the main thread are first: what is told of them is of the moment too.
    if (index >= moment.processes.length && index % CHUNK === CHUNK - 1) await turnOfTheLoop();
    // What is not under the application is not of its tree: a process that somebody else runs.
    if (isOurs(info)) nodes.push(nodeOf(engine, info, ids, moment.budgets));
  }
  await turnOfTheLoop();
  const shown = new Set(nodes.map(({ id }) => id));
  for (const node of moment.expected) if (!shown.has(node.id)) nodes.push(node);
  const ordered = sorted(nodes);
  await turnOfTheLoop();
  return {
    nodes: ordered.length > nodesMax ? cut(ordered, nodesMax) : ordered,
    restarts: moment.restarts,
    tombstones: tombstonesOf(engine, moment, sites, ids).filter(({ id }) => !shown.has(id)),
    total: ordered.length,
  };
}

function momentOf(engine: Engine, sites: readonly SiteAnswer[], remote: readonly PlainProcess[]): Moment {
  // A site that is inline has told of its processes itself.
  const told = new Set(remote.map(({ pid }) => pid));
  return {
    processes: [...engine.runtime.processes]
      .map((process) => plainProcess(process.info()))
      .filter(({ pid }) => !told.has(pid)),
    budgets: budgetsOf(engine),
    expected: [...absentNodes(engine, sites)],
    restarts: engine.restarts.history,
    tombstones: engine.tombstones.recent(),
  };
}

async function processesOf(sites: readonly SiteAnswer[]): Promise<PlainProcess[]> {
  const remote: PlainProcess[] = [];
  for (const { snapshot } of sites) {
    if (snapshot === undefined) continue;
    remote.push(...(JSON.parse(snapshot.processes) as PlainProcess[]));
    await turnOfTheLoop();
  }
  return remote;
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

function nodeOf(
  engine: Engine,
  info: PlainProcess,
  ids: ReadonlyMap<string, string>,
  budgets: ReadonlyMap<string, Budget>,
): TreeNode {
  const { name, recordType } = titleOf(info);
  const child = keyedRecord(engine, name, recordType);
  const named = engine.restarts.ofName(name);
  const { runtime } = engine;
  const node = nodeOfPid(info.pid);
  return {
    id: idOf(info),
    parent: info.parent === undefined ? null : (ids.get(info.parent) ?? null),
    name,
    kind: info.kind,
    recordType,
    thread: node === runtime.node ? 'main' : node,
    pid: info.pid,
    status: info.status,
    mailbox: info.mailbox,
    mailboxMax: info.mailboxMax,
    waiting: info.waiting,
    handled: info.handled,
    dropped: info.dropped,
    busyMs: info.busyMs,
    uptimeMs: info.uptimeMs,
    callbackMs: info.callbackMs ?? null,
    links: info.links,
    monitors: info.monitors,
    restarts: child?.restarts ?? named.restarts,
    lastReason: child?.lastReason ?? named.lastReason ?? null,
    restartInMs: null,
    attempt: child?.attempt ?? 0,
    budget: budgets.get(info.pid) ?? null,
  };
}

/** Of the supervisors of the main thread, by pid. */
function budgetsOf({ runtime }: Engine): Map<string, Budget> {
  const budgets = new Map<string, Budget>();
  for (const process of runtime.processes) {
    const budget = budgetOf(process.behaviour.state?.(), runtime.clock.now());
    if (budget !== undefined) budgets.set(process.pid.toString(), budget);
  }
  return budgets;
}

function keyedRecord(engine: Engine, box: string, recordType: string | null): KeyedRecord | undefined {
  if (recordType === null) return undefined;
  for (const [supervisor, name] of KEYED_BOXES)
    if (name === box) return engine.restarts.keyed(supervisor).get(recordType);
  return undefined;
}

function tombstonesOf(
  engine: Engine,
  moment: Moment,
  sites: readonly SiteAnswer[],
  ids: ReadonlyMap<string, string>,
): TombstoneNode[] {
  const told = [...moment.tombstones, ...sites.flatMap(({ snapshot }) => snapshot?.tombstones ?? [])];
  // A site that is inline tells of the same processes as the main thread.
  const byKey = new Map(told.map((tombstone) => [tombstone.pid.key, tombstone]));
  return [...byKey.values()].map((tombstone: Tombstone) => ({
    id: idOf({ ...tombstone, pid: tombstone.pid.toString() }),
    parent: tombstone.parent === undefined ? null : (ids.get(tombstone.parent.toString()) ?? null),
    ...titleOf({ ...tombstone, pid: tombstone.pid.toString() }),
    kind: tombstone.kind,
    thread: tombstone.pid.node === engine.runtime.node ? 'main' : tombstone.pid.node,
    endedAt: tombstone.endedAt,
    reason: tombstone.reason,
  }));
}

type Titled = Pick<PlainProcess, 'pid' | 'name' | 'label' | 'kind'>;

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
  return info.name === undefined ? info.pid : name;
}

/** Whether a process descends from Application; each is looked at once. */
function underApplication(byPid: ReadonlyMap<string, PlainProcess>): (info: PlainProcess) => boolean {
  const known = new Map<string, boolean>();
  const isUnder = (info: PlainProcess): boolean => {
    const before = known.get(info.pid);
    if (before !== undefined) return before;
    const parent = info.parent === undefined ? undefined : byPid.get(info.parent);
    const under = info.name === NAMES.application || (parent !== undefined && isUnder(parent));
    known.set(info.pid, under);
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
