/** How a process is doing, by colour, by shape and by word. */
import type { JSX } from 'preact';
import type { TreeNode } from '../../pipeline/view/snapshot-types.ts';
import { duration } from './format.ts';

export function StatusWord({ node }: { node: TreeNode }): JSX.Element {
  return (
    <span class={`status ${node.status}`}>
      <i aria-hidden="true" />
      {word(node)}
    </span>
  );
}

function word({ status, restartInMs, attempt, busyMs }: TreeNode): string {
  if (status === 'restarting') return `restarts in ${duration(restartInMs ?? 0)} (attempt ${attempt})`;
  if (status === 'running' && busyMs !== null && busyMs > 1000) return `running for ${duration(busyMs)}`;
  return status;
}
