/** Draws a snapshot as text, laid out as the document's diagram: the tree, then a line for each record type. Pure. */
import type { RecordSnapshot, Snapshot, TreeNode } from './snapshot-types.ts';

/** What a box is besides its name: the document's D and GS. */
const MARKS: Readonly<Record<string, string>> = {
  ConsumerDynamicSupervisor: '(D)',
  ProducerSupervisor: '(D)',
  RecordsSupervisor: '(D)',
  ConsumerSupervisor: '(GS)',
  Producer: '(GS)',
};
/** In the snapshot, and in no diagram: the worker inside Registry, which restarts with it. */
const UNDRAWN = 'registry partition';
/** So many of one kind under one parent are drawn; the rest is counted. */
const SHOWN_MAX = 8;

export function formatTree(snapshot: Snapshot): string {
  const children = new Map<string | null, TreeNode[]>();
  for (const node of snapshot.nodes) {
    if (node.name === UNDRAWN) continue;
    const siblings = children.get(node.parent);
    if (siblings === undefined) children.set(node.parent, [node]);
    else siblings.push(node);
  }
  const lines: string[] = [];
  const draw = (node: TreeNode, prefix: string, branch: string): void => {
    lines.push(`${prefix}${branch}${title(node)}`);
    const below = children.get(node.id) ?? [];
    const inner = branch === '' ? '' : `${prefix}${branch === '└─ ' ? '   ' : '│  '}`;
    const shown = below.slice(0, SHOWN_MAX);
    for (const [index, child] of shown.entries()) {
      const isLast = index === shown.length - 1 && below.length <= SHOWN_MAX;
      draw(child, inner, isLast ? '└─ ' : '├─ ');
    }
    if (below.length > SHOWN_MAX) lines.push(`${inner}└─ ... and ${below.length - SHOWN_MAX} more`);
  };
  for (const root of children.get(null) ?? []) draw(root, '', '');
  if (snapshot.records.length > 0) lines.push('', ...snapshot.records.flatMap(recordLines));
  return lines.join('\n');
}

function title(node: TreeNode): string {
  const parts = [node.name];
  const mark = MARKS[node.name];
  if (mark !== undefined) parts.push(mark);
  if (node.recordType !== null) parts.push(node.recordType);
  const facts: string[] = [node.status === 'restarting' ? restarting(node) : node.status];
  if (typeof node.thread === 'number') facts.push(`thread ${node.thread}`);
  facts.push(`mailbox ${node.mailbox}`);
  if (node.restarts > 0) {
    facts.push(`restarts ${node.restarts}${node.lastReason === null ? '' : ` (${node.lastReason})`}`);
  }
  return `${parts.join(' ')}  [${facts.join(', ')}]`;
}

function restarting({ restartInMs, attempt }: TreeNode): string {
  return `restarting in ${seconds(restartInMs ?? 0)} (attempt ${attempt})`;
}

function recordLines(record: RecordSnapshot): string[] {
  const { name, accepted, delivered, deadLettered, pending, refused, thread } = record;
  const lines = [
    `${name}: accepted ${accepted} = delivered ${delivered} + dead-lettered ${deadLettered} + pending ${pending}; refused ${refused}`,
    `  ${place(thread)}; demand ${record.demand} of ${record.maxDemand}, batches ${record.batches} waiting, ${record.running} running` +
      `${record.parked.batches === 0 ? '' : `, ${record.parked.batches} parked`}${record.unattended ? ', dispatched without a Producer' : ''}${record.oldestPendingMs === null ? '' : `; oldest event ${seconds(record.oldestPendingMs)}`}`,
  ];
  const waitsFor = record.parked.waitsFor.map(
    ({ stream, shardId }) => `${shardId ?? 'a shard'} of ${stream}`,
  );
  if (waitsFor.length > 0) lines.push(`  waits for ${waitsFor.join(', ')}: no more can be parked`);
  for (const stream of record.adapter?.streams ?? []) {
    const state = stream.state.type === 'open' ? '' : `, ${stream.state.type}: ${stream.state.code}`;
    lines.push(
      `  stream ${stream.stream}: ${stream.recordsSent} records in ${stream.requests} requests, ${stream.inFlight} under way${state}`,
    );
  }
  const { waiting, failure } = record.letters;
  if (failure !== null) lines.push(`  dead letters: ${waiting} not taken: ${failure.message}`);
  if (record.lastError !== null) lines.push(`  last error: ${record.lastError.message}`);
  if (record.lastFailure !== null) lines.push(`  thread last ended: ${record.lastFailure.message}`);
  return lines;
}

function place({ isolation, state, node, starts, hung }: RecordSnapshot['thread']): string {
  if (isolation === 'inline') return 'inline on the main thread';
  if (state === 'none') return 'no thread';
  return `thread ${node}${hung ? ', hung' : state === 'ready' ? '' : `, ${state}`}${starts > 1 ? `, started ${starts} times` : ''}`;
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
