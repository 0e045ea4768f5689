/**
 * The rows of the tree as they are shown: what is open, what the search leaves, what has ended lately. Pure. A search
 * keeps the ancestors of what it finds, so that one sees where it belongs.
 */
import type { TombstoneNode, TreeNode } from '../../pipeline/view/snapshot-types.ts';

export type Row =
  | {
      readonly type: 'process';
      readonly id: string;
      readonly depth: number;
      readonly node: TreeNode;
      readonly children: number;
      readonly open: boolean;
      /** The search found it, or there is no search; its ancestors are shown for its sake. */
      readonly found: boolean;
    }
  | {
      readonly type: 'ended';
      readonly id: string;
      readonly depth: number;
      readonly tombstone: TombstoneNode;
    };

export interface RowRequest {
  readonly nodes: readonly TreeNode[];
  readonly tombstones: readonly TombstoneNode[];
  readonly isClosed: (node: TreeNode) => boolean;
  readonly search: string;
}

export function rowsOf({ nodes, tombstones, isClosed, search }: RowRequest): readonly Row[] {
  const children = groupBy(nodes, ({ parent }) => parent);
  const ended = groupBy(tombstones, ({ parent }) => parent);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = words.length === 0 ? undefined : withAncestors(nodes, (node) => matches(node, words));
  const rows: Row[] = [];
  const walk = (parent: string | null, depth: number): void => {
    for (const node of children.get(parent) ?? []) {
      if (shown !== undefined && !shown.has(node.id)) continue;
      const below = children.get(node.id)?.length ?? 0;
      // What was searched for is not hidden in something closed.
      const open = below > 0 && (shown !== undefined || !isClosed(node));
      const found = shown === undefined || matches(node, words);
      rows.push({ type: 'process', id: node.id, depth, node, children: below, open, found });
      if (shown === undefined)
        for (const tombstone of ended.get(node.id) ?? [])
          rows.push({ type: 'ended', id: `${tombstone.id} ended`, depth: depth + 1, tombstone });
      if (open) walk(node.id, depth + 1);
    }
  };
  walk(null, 0);
  return rows;
}

function withAncestors(
  nodes: readonly TreeNode[],
  matches: (node: TreeNode) => boolean,
): ReadonlySet<string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const shown = new Set<string>();
  for (const node of nodes) {
    if (!matches(node)) continue;
    for (let each: TreeNode | undefined = node; each !== undefined && !shown.has(each.id); ) {
      shown.add(each.id);
      each = each.parent === null ? undefined : byId.get(each.parent);
    }
  }
  return shown;
}

/** All words have to be somewhere in what the row says. */
function matches(
  { name, recordType, kind, pid, status, thread, lastReason }: TreeNode,
  words: readonly string[],
): boolean {
  const where = thread === 'main' ? 'main' : `thread ${thread}`;
  const text =
    `${name} ${recordType ?? ''} ${kind} ${pid ?? ''} ${status} ${where} ${lastReason ?? ''}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function groupBy<Value>(
  values: readonly Value[],
  key: (value: Value) => string | null,
): Map<string | null, Value[]> {
  const groups = new Map<string | null, Value[]>();
  for (const value of values) {
    const group = groups.get(key(value));
    if (group === undefined) groups.set(key(value), [value]);
    else group.push(value);
  }
  return groups;
}
