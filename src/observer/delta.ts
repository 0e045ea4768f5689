/**
 * What has changed from one snapshot to the next, so that a reader that has one needs no other whole one. Pure. Times
 * that only pass (uptime) are left to the reader's own clock: a node that has done nothing is not sent.
 */
import type { Snapshot, TreeNode } from '../pipeline/view/snapshot-types.ts';

/** A snapshot whose nodes and restarts are only those that are new or changed. */
export interface SnapshotDelta extends Omit<Snapshot, 'nodes'> {
  readonly changed: readonly TreeNode[];
  /** All ids, in order, when there is another set or another order of them; null when there is not. */
  readonly order: readonly string[] | null;
}

export function deltaOf(before: Snapshot, now: Snapshot): SnapshotDelta {
  const { nodes, restarts, ...rest } = now;
  const told = new Set(before.restarts);
  const sameOrder =
    nodes.length === before.nodes.length && nodes.every(({ id }, index) => before.nodes[index]?.id === id);
  const known = sameOrder ? undefined : new Map(before.nodes.map((node) => [node.id, node]));
  const changed = nodes.filter((node, index) => {
    const was = known === undefined ? before.nodes[index] : known.get(node.id);
    return was === undefined || isOther(was, node);
  });
  return {
    ...rest,
    restarts: restarts.filter((entry) => !told.has(entry)),
    changed,
    order: sameOrder ? null : nodes.map(({ id }) => id),
  };
}

const COMPARED = [
  ...(['pid', 'parent', 'status', 'thread', 'mailbox', 'mailboxMax', 'handled', 'dropped'] as const),
  ...(['restarts', 'lastReason', 'attempt', 'restartInMs'] as const),
] satisfies readonly (keyof TreeNode)[];

function isOther(a: TreeNode, b: TreeNode): boolean {
  // The same callback goes on, and its time only passes.
  const goesOn = a.busyMs !== null && b.busyMs !== null && b.busyMs >= a.busyMs;
  if (!goesOn && a.busyMs !== b.busyMs) return true;
  if (a.links.length !== b.links.length || a.monitors.length !== b.monitors.length) return true;
  if (a.budget?.used !== b.budget?.used) return true;
  return COMPARED.some((key) => a[key] !== b[key]);
}
