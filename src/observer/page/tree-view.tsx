/** The supervision tree as the document draws it, alive. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Snapshot, TreeNode } from '../../pipeline/view/snapshot-types.ts';
import { count, duration, rate } from './format.ts';
import type { Model } from './model.ts';
import { type Row, rowsOf } from './rows.ts';
import { Sparkline } from './sparkline.tsx';
import { StatusWord } from './status.tsx';
import { VirtualList } from './virtual-list.tsx';

interface Props {
  readonly model: Model;
  readonly snapshot: Snapshot;
  readonly search: string;
  readonly selected: string | null;
  readonly onSelect: (id: string | null) => void;
}

const ROW_HEIGHT = 30;
const COLUMNS = ['process', 'thread', 'state', 'mailbox', 'msgs/s', 'p50 / p99', 'restarts', 'uptime'];

/** What is closed: a kind of box, but for those that were opened or closed by hand. */
interface Folds {
  readonly all: 'nothing' | 'pools' | 'everything';
  readonly other: ReadonlySet<string>;
}

const FOLDS = [
  { all: 'nothing', title: 'open all' },
  { all: 'pools', title: 'without Consumers' },
  { all: 'everything', title: 'close all' },
] as const;

/** Consumers come and go with each batch: a tree that jumps cannot be read, so at first they are not shown one by one. */
function isClosed({ id, kind, parent }: TreeNode, { all, other }: Folds): boolean {
  const closed = all === 'everything' ? parent !== null : all === 'pools' && kind === 'consumer_supervisor';
  return closed !== other.has(id);
}

export function TreeView({ model, snapshot, search, selected, onSelect }: Props): JSX.Element {
  const [folds, setFolds] = useState<Folds>({ all: 'pools', other: new Set() });
  const { nodes, tombstones } = snapshot;
  const rows = rowsOf({ nodes, tombstones, isClosed: (node) => isClosed(node, folds), search });
  const index = rows.findIndex(({ id }) => id === selected);
  const toggle = (id: string): void => {
    const other = new Set(folds.other);
    if (!other.delete(id)) other.add(id);
    setFolds({ ...folds, other });
  };
  const move = (to: number): void => onSelect(rows[Math.max(0, Math.min(rows.length - 1, to))]?.id ?? null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[index];
    const action = keyAction(event.key, row, index, rows.length);
    if (action === undefined) return;
    event.preventDefault();
    if (action.type === 'move') move(action.to);
    else if (action.type === 'parent')
      move(rows.findIndex(({ id }) => row?.type === 'process' && id === row.node.parent));
    else if (row !== undefined) toggle(row.id);
  };
  const found =
    search === '' ? rows.length : rows.filter((row) => row.type === 'process' && row.found).length;
  return (
    <section class="tree" aria-label="Supervision tree">
      <div class="bar">
        <span>
          {search === '' ? `${count(snapshot.nodesTotal)} processes` : `${count(found)} found`}
          {snapshot.truncated && ', not all are shown'}
        </span>
        {FOLDS.map(({ all, title }) => (
          <button
            type="button"
            class="quiet"
            key={all}
            aria-pressed={folds.all === all && folds.other.size === 0}
            onClick={() => setFolds({ all, other: new Set() })}
          >
            {title}
          </button>
        ))}
      </div>
      <VirtualList
        items={rows}
        rowHeight={ROW_HEIGHT}
        selected={index}
        label="Processes"
        activeId={index === -1 ? undefined : rowId(selected ?? '')}
        onKeyDown={onKeyDown}
        header={
          <div role="row" class="row head" aria-rowindex={1}>
            {COLUMNS.map((column) => (
              <span role="columnheader" key={column}>
                {column}
              </span>
            ))}
          </div>
        }
        row={(row, at) =>
          row.type === 'process' ? (
            <ProcessRow
              key={row.id}
              row={row}
              index={at}
              model={model}
              takenAt={snapshot.takenAt}
              selected={row.id === selected}
              onSelect={() => onSelect(row.id === selected ? null : row.id)}
              onToggle={() => toggle(row.id)}
            />
          ) : (
            <EndedRow key={row.id} row={row} index={at} takenAt={snapshot.takenAt} />
          )
        }
      />
      {rows.length === 0 && <p class="empty">No process is called that.</p>}
    </section>
  );
}

type KeyAction =
  | { readonly type: 'move'; readonly to: number }
  | { readonly type: 'open' | 'close' | 'parent' };

function keyAction(key: string, row: Row | undefined, index: number, length: number): KeyAction | undefined {
  switch (key) {
    case 'ArrowDown':
      return { type: 'move', to: index + 1 };
    case 'ArrowUp':
      return { type: 'move', to: index - 1 };
    case 'PageDown':
      return { type: 'move', to: index + 15 };
    case 'PageUp':
      return { type: 'move', to: index - 15 };
    case 'Home':
      return { type: 'move', to: 0 };
    case 'End':
      return { type: 'move', to: length - 1 };
    case 'ArrowRight':
      if (row?.type !== 'process' || row.children === 0) return undefined;
      return row.open ? { type: 'move', to: index + 1 } : { type: 'open' };
    case 'ArrowLeft':
      if (row?.type !== 'process') return undefined;
      return row.open ? { type: 'close' } : { type: 'parent' };
    default:
      return undefined;
  }
}

function rowId(id: string): string {
  return `row-${encodeURIComponent(id)}`;
}

interface ProcessRowProps {
  readonly row: Extract<Row, { type: 'process' }>;
  readonly index: number;
  readonly model: Model;
  readonly takenAt: number;
  readonly selected: boolean;
  readonly onSelect: () => void;
  readonly onToggle: () => void;
}

function ProcessRow({
  row,
  index,
  model,
  takenAt,
  selected,
  onSelect,
  onToggle,
}: ProcessRowProps): JSX.Element {
  const { node, depth, children, open, found } = row;
  const history = model.history.get(node.id);
  const flashes = history !== undefined && takenAt < history.flashUntil;
  const classes = [
    'row',
    selected && 'selected',
    !found && 'passed',
    flashes && 'flash',
    `is-${node.status}`,
  ];
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the keys
    <div
      role="row"
      tabIndex={-1}
      id={rowId(node.id)}
      class={classes.filter(Boolean).join(' ')}
      aria-rowindex={index + 2}
      aria-level={depth + 1}
      aria-selected={selected}
      aria-expanded={children > 0 ? open : undefined}
      onClick={onSelect}
    >
      <span role="gridcell" class="name" style={{ paddingLeft: `${depth * 18 + 8}px` }}>
        <button
          type="button"
          class={`twist ${open ? 'open' : ''}`}
          tabIndex={-1}
          disabled={children === 0}
          aria-label={open ? `close ${node.id}` : `open ${node.id}`}
          onClick={(event) => {
            event.stopPropagation();
            onToggle();
          }}
        >
          {children > 0 ? '›' : ''}
        </button>
        <b>{node.name}</b>
        {node.recordType !== null && <em>{node.recordType}</em>}
        {saysMore(node) && <span class="kind">{node.kind.replaceAll('_', ' ')}</span>}
        {!open && children > 0 && (
          <span class="kind" title={`${children} processes right below it`}>
            {count(children)} {node.kind === 'consumer_supervisor' ? 'at work' : 'below'}
          </span>
        )}
        {node.id === node.pid && <small>{node.pid}</small>}
      </span>
      <span role="gridcell">
        {node.thread === null ? '–' : node.thread === 'main' ? 'main' : `thread ${node.thread}`}
      </span>
      <span role="gridcell">
        <StatusWord node={node} />
      </span>
      <span role="gridcell" class="mail">
        <b class={node.mailbox > 100 ? 'high' : ''}>{count(node.mailbox)}</b>
        <small title="the most there ever were">max {count(node.mailboxMax)}</small>
        {history !== undefined && (
          <Sparkline values={history.mailbox.toArray()} label={`mailbox of ${node.name}, the last minute`} />
        )}
      </span>
      <span role="gridcell" class="number">
        {rate(history?.perSecond ?? 0)}
      </span>
      <span role="gridcell" class="number">
        {node.callbackMs === null
          ? '–'
          : `${duration(node.callbackMs.p50)} / ${duration(node.callbackMs.p99)}`}
      </span>
      <span role="gridcell" class="number">
        <Restarts row={row} />
      </span>
      <span role="gridcell" class="number">
        {node.uptimeMs === null ? '–' : duration(node.uptimeMs)}
      </span>
    </div>
  );
}

/** `Registry` is a registry. */
function saysMore({ name, kind }: TreeNode): boolean {
  const word = kind.replaceAll('_', '');
  return !name.replaceAll(' ', '').toLowerCase().endsWith(word);
}

function Restarts({ row: { node } }: { row: Extract<Row, { type: 'process' }> }): JSX.Element {
  const { restarts, lastReason, budget } = node;
  const title = lastReason === null ? undefined : `last: ${lastReason}`;
  return (
    <span title={title}>
      {restarts > 0 ? <b class="high">{restarts}</b> : '0'}
      {budget !== null && (
        <small title={`of its children: ${budget.used} of ${budget.max} restarts in ${budget.seconds} s`}>
          {' '}
          ({budget.used}/{budget.max})
        </small>
      )}
    </span>
  );
}

interface EndedRowProps {
  readonly row: Extract<Row, { type: 'ended' }>;
  readonly index: number;
  readonly takenAt: number;
}

function EndedRow({ row, index, takenAt }: EndedRowProps): JSX.Element {
  const { tombstone, depth } = row;
  return (
    <div role="row" class="row ended" aria-rowindex={index + 2} aria-level={depth + 1}>
      <span role="gridcell" class="name" style={{ paddingLeft: `${depth * 18 + 34}px` }}>
        <s>
          {tombstone.name} {tombstone.recordType ?? tombstone.id}
        </s>
      </span>
      <span role="gridcell">{tombstone.thread === 'main' ? 'main' : `thread ${tombstone.thread}`}</span>
      <span role="gridcell" class="wide">
        ended {duration(Math.max(0, takenAt - tombstone.endedAt))} ago: {tombstone.reason.message}
      </span>
    </div>
  );
}
