/** One process: what it is tied to, what waits for it, how often it ended and why; and what can be done to it. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { RestartEntry } from '../../pipeline/view/restarts.ts';
import type { Snapshot, TreeNode } from '../../pipeline/view/snapshot-types.ts';
import { Actions } from './actions.tsx';
import type { Connection, Outcome } from './connection.ts';
import { clock, count, duration } from './format.ts';
import { StatusWord } from './status.tsx';
import { TracePanel } from './trace-panel.tsx';

interface Props {
  readonly node: TreeNode;
  readonly snapshot: Snapshot;
  readonly connection: Connection;
  readonly onSelect: (id: string | null) => void;
}

export function ProcessPanel({ node, snapshot, connection, onSelect }: Props): JSX.Element {
  const history = snapshot.restarts.filter(({ id }) => id === node.id).reverse();
  const edges = snapshot.edges.filter(
    ({ consumer, producer }) => consumer === node.id || producer === node.id,
  );
  return (
    <section class="panel detail" aria-label={`Process ${node.id}`}>
      <header>
        <h2>
          {node.name} {node.recordType ?? ''}
        </h2>
        <button type="button" class="quiet" aria-label="close" onClick={() => onSelect(null)}>
          ×
        </button>
      </header>
      <dl>
        <dt>state</dt>
        <dd>
          <StatusWord node={node} />
        </dd>
        <dt>pid</dt>
        <dd>{node.pid ?? 'none now'}</dd>
        <dt>kind</dt>
        <dd>{node.kind.replaceAll('_', ' ')}</dd>
        <dt>mailbox</dt>
        <dd>
          {count(node.mailbox)}, at most {count(node.mailboxMax)}
        </dd>
        <dt>handled</dt>
        <dd>
          {count(node.handled)}
          {node.dropped > 0 && `, ${count(node.dropped)} it could not take`}
        </dd>
        {Object.keys(node.waiting).length > 0 && <dt>waiting</dt>}
        {Object.keys(node.waiting).length > 0 && (
          <dd>
            {Object.entries(node.waiting)
              .map(([type, times]) => `${type} ×${times}`)
              .join(', ')}
          </dd>
        )}
        {node.busyMs !== null && <dt>busy for</dt>}
        {node.busyMs !== null && <dd>{duration(node.busyMs)}</dd>}
        {edges.length > 0 && <dt>demand</dt>}
        {edges.length > 0 && (
          <dd>
            {edges
              .map(({ pending, working, max }) => `${pending} asked for, ${working} at work, of ${max}`)
              .join('; ')}
          </dd>
        )}
        <dt>links</dt>
        <dd>
          <Pids pids={node.links} snapshot={snapshot} onSelect={onSelect} />
        </dd>
        <dt>monitors</dt>
        <dd>
          <Pids pids={node.monitors} snapshot={snapshot} onSelect={onSelect} />
        </dd>
      </dl>
      <Actions node={node} connection={connection} />
      <h3>Restarts</h3>
      {history.length === 0 ? (
        <p class="empty">It has not ended since the application started.</p>
      ) : (
        <History entries={history} />
      )}
      <TracePanel node={node} connection={connection} />
      <State node={node} connection={connection} />
    </section>
  );
}

function Pids({
  pids,
  snapshot,
  onSelect,
}: {
  pids: readonly string[];
  snapshot: Snapshot;
  onSelect: (id: string) => void;
}): JSX.Element {
  if (pids.length === 0) return <>none</>;
  const names = new Map(snapshot.nodes.map(({ pid, id }) => [pid, id]));
  return (
    <ul class="pids">
      {pids.slice(0, 12).map((pid) => {
        const id = names.get(pid);
        return (
          <li key={pid}>
            {id === undefined ? (
              pid
            ) : (
              <button type="button" class="text" onClick={() => onSelect(id)}>
                {id}
              </button>
            )}
          </li>
        );
      })}
      {pids.length > 12 && <li>and {pids.length - 12} more</li>}
    </ul>
  );
}

function State({ node, connection }: { node: TreeNode; connection: Connection }): JSX.Element {
  const [state, setState] = useState<Outcome>();
  useEffect(() => setState(undefined), [node.id]);
  const { showState } = connection.capabilities;
  const look = (): void => {
    void connection.get(`processes/${encodeURIComponent(node.id)}/state`).then(setState);
  };
  return (
    <>
      <h3>State</h3>
      {!showState ? (
        <p class="off">
          Not shown. Turn it on with <code>observe({'{ showState: true }'})</code>.
        </p>
      ) : (
        <button type="button" onClick={look} disabled={node.pid === null}>
          look at its state
        </button>
      )}
      {state?.type === 'ok' && (
        <pre>{JSON.stringify((state.body as { state: unknown }).state, undefined, 2)}</pre>
      )}
      {state?.type === 'failed' && <p class="failed">{state.error.message}</p>}
    </>
  );
}

export function History({ entries }: { entries: readonly RestartEntry[] }): JSX.Element {
  return (
    <ol class="history">
      {entries.slice(0, 20).map((entry) => (
        <li key={entry.seq}>
          <details>
            <summary>
              <time>{clock(entry.at)}</time> <b>{entry.reason.message}</b>
            </summary>
            <p>
              {entry.attempt === 0 ? 'it waits for its thread' : `restart ${entry.attempt}`}
              {entry.attempt > 0 &&
                (entry.budget === null
                  ? ', at its own expense'
                  : ` of ${entry.budget.max} in ${entry.budget.seconds} s`)}
              {entry.attempt > 0 && entry.delayMs !== null && `, after ${duration(entry.delayMs)}`}
              {entry.restartedWith.length > 0 && `, with ${entry.restartedWith.join(', ')}`}
            </p>
            <p>
              code <code>{entry.reason.code}</code>
            </p>
            {entry.reason.stack !== null && <pre>{entry.reason.stack}</pre>}
          </details>
        </li>
      ))}
    </ol>
  );
}
