/** What can be done to a process. What is off stays in sight, with what turns it on; what ends something is asked twice. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { TreeNode } from '../../pipeline/view/snapshot-types.ts';
import type { Connection, Outcome } from './connection.ts';

export function Actions({ node, connection }: { node: TreeNode; connection: Connection }): JSX.Element {
  const path = `processes/${encodeURIComponent(node.id)}`;
  const isRoot = node.name === 'Application';
  return (
    <Buttons
      subject={node.id}
      connection={connection}
      disabled={node.pid === null || isRoot}
      actions={[
        node.status === 'suspended'
          ? { name: 'resume', path: `${path}/resume`, twice: false }
          : { name: 'suspend', path: `${path}/suspend`, twice: false },
        { name: 'kill', path: `${path}/kill`, twice: true },
      ]}
    />
  );
}

export interface Action {
  readonly name: string;
  readonly path: string;
  readonly twice: boolean;
}

interface Props {
  /** When it changes, nothing is half asked for any more. */
  readonly subject: string;
  readonly connection: Connection;
  readonly disabled: boolean;
  readonly actions: readonly Action[];
}

export function Buttons({ subject, connection, disabled, actions }: Props): JSX.Element {
  const [asked, setAsked] = useState<string>();
  const [outcome, setOutcome] = useState<{ readonly name: string; readonly outcome: Outcome }>();
  useEffect(() => {
    setAsked(undefined);
    setOutcome(undefined);
  }, [subject]);
  const { allowActions } = connection.capabilities;
  const press = ({ name, path, twice }: Action): void => {
    if (twice && asked !== name) {
      setAsked(name);
      return;
    }
    setAsked(undefined);
    void connection.post(path).then((answer) => setOutcome({ name, outcome: answer }));
  };
  return (
    <div class="actions">
      {actions.map((action) => (
        <button
          type="button"
          key={action.name}
          class={action.twice ? 'danger' : ''}
          disabled={!allowActions || disabled}
          onClick={() => press(action)}
        >
          {asked === action.name ? `really ${action.name}?` : action.name}
        </button>
      ))}
      {!allowActions && (
        <p class="off">
          This observer only shows. Turn actions on with <code>observe({'{ allowActions: true }'})</code>.
        </p>
      )}
      {outcome !== undefined && (
        <p class={outcome.outcome.type === 'ok' ? 'done' : 'failed'} role="status">
          {outcome.outcome.type === 'ok' ? `${outcome.name}: done` : outcome.outcome.error.message}
        </p>
      )}
    </div>
  );
}
