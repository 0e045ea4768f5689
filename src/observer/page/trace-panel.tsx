/** The next messages that a process handles, when somebody asks for them: always limited, and without what is in them. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { TraceEntry, TraceResult } from '../../otp/trace.ts';
import type { TreeNode } from '../../pipeline/view/snapshot-types.ts';
import type { Connection, Outcome } from './connection.ts';
import { clock, duration } from './format.ts';

const LIMIT = 20;
const TIMEOUT_MS = 5000;
const ENDS: Readonly<Record<TraceResult['endedBy'], string>> = {
  limit: `These are the ${LIMIT} that were asked for.`,
  time: `That is all of ${TIMEOUT_MS / 1000} s.`,
  process: 'The process ended.',
  replaced: 'Somebody else began to trace it.',
};

interface Props {
  readonly node: TreeNode;
  readonly connection: Connection;
}

export function TracePanel({ node, connection }: Props): JSX.Element {
  const [running, setRunning] = useState<string>();
  const [outcome, setOutcome] = useState<{ readonly id: string; readonly outcome: Outcome }>();
  const [payloads, setPayloads] = useState(false);
  useEffect(() => setOutcome(undefined), [node.id]);
  const { allowActions, showState } = connection.capabilities;
  const begin = async (): Promise<void> => {
    const { id } = node;
    setRunning(id);
    const query = new URLSearchParams({ limit: String(LIMIT), timeoutMs: String(TIMEOUT_MS) });
    if (payloads && showState) query.set('payloads', 'true');
    const told = await connection.post(`processes/${encodeURIComponent(id)}/trace?${query}`);
    setOutcome({ id, outcome: told });
    setRunning(undefined);
  };
  // The answer of one process is not shown under another.
  const shown = outcome?.id === node.id ? outcome.outcome : undefined;
  return (
    <>
      <h3>Messages</h3>
      <div class="actions">
        <button
          type="button"
          disabled={!allowActions || node.pid === null || running !== undefined}
          onClick={() => void begin()}
        >
          {running === node.id ? 'watching …' : `trace the next ${LIMIT}`}
        </button>
        {showState && (
          <label>
            <input
              type="checkbox"
              checked={payloads}
              onChange={(event) => setPayloads(event.currentTarget.checked)}
            />{' '}
            with what is in them
          </label>
        )}
      </div>
      {shown?.type === 'failed' && <p class="failed">{shown.error.message}</p>}
      {shown?.type === 'ok' && <Traced {...(shown.body as TraceResult)} />}
    </>
  );
}

function Traced({ entries, endedBy }: TraceResult): JSX.Element {
  return (
    <>
      {entries.length > 0 && (
        <ol class="trace" aria-label="Messages, oldest first">
          {entries.map((entry, index) => (
            <Message key={index} entry={entry} />
          ))}
        </ol>
      )}
      <p class="note" role="status">
        {entries.length === 0 ? 'It handled no message. ' : ''}
        {ENDS[endedBy]}
      </p>
    </>
  );
}

function Message({ entry: { at, how, outline, tookMs } }: { entry: TraceEntry }): JSX.Element {
  return (
    <li>
      <time>{clock(at)}</time>
      <b class={tookMs === null ? 'bad' : ''}>{tookMs === null ? 'did not end' : duration(tookMs)}</b>
      <span>
        {how} <code>{outline}</code>
      </span>
    </li>
  );
}
