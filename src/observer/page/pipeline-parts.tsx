/** The parts of the pipeline's picture: boxes, and what flows between them. Places are in the picture's own units. */
import type { ComponentChildren, JSX } from 'preact';
import type { StreamSnapshot } from '../../pipeline/adapter/adapter.ts';
import type { RecordSnapshot, TreeNode } from '../../pipeline/view/snapshot-types.ts';
import { count, duration, percent, rate } from './format.ts';

const BOX = { width: 150, height: 96 };
export const STREAM_HEIGHT = 76;
const DOTS_MAX = 50;

type Point = readonly [x: number, y: number];

/** Moves as fast as events do, as far as one can see; stands still when none does. */
export function Flow({
  from,
  to,
  perSecond,
  label,
}: {
  from: Point;
  to: Point;
  perSecond: number;
  /** What flows. */
  label?: string;
}): JSX.Element {
  const bend = (from[0] + to[0]) / 2;
  const path = `M${from[0]},${from[1]} C${bend},${from[1]} ${bend},${to[1]} ${to[0] - 6},${to[1]}`;
  const speed = perSecond === 0 ? 0 : Math.max(0.25, 2.2 - Math.log10(perSecond + 1) * 0.45);
  return (
    <g class={perSecond > 0 ? 'flow moving' : 'flow'}>
      <path class="bed" d={path} />
      <path class="run" d={path} style={{ animationDuration: `${speed}s` }} />
      <path class="tip" d={`M${to[0] - 8},${to[1] - 5} L${to[0]},${to[1]} L${to[0] - 8},${to[1] + 5}`} />
      {label !== undefined && (
        <text x={bend} y={from[1] - 24} text-anchor="middle">
          <tspan class="strong">{rate(perSecond)}</tspan>
          <tspan class="faint" x={bend} dy={14}>
            {label}/s
          </tspan>
        </text>
      )}
    </g>
  );
}

export function Demand({ from, to, pending }: { from: Point; to: Point; pending: number }): JSX.Element {
  return (
    <g class="demand">
      <path d={`M${from[0]},${from[1]} L${to[0] + 6},${to[1]}`} />
      <path class="tip" d={`M${to[0] + 8},${to[1] - 5} L${to[0]},${to[1]} L${to[0] + 8},${to[1] + 5}`} />
      <text x={(from[0] + to[0]) / 2} y={from[1] + 18} text-anchor="middle">
        asks {pending}
      </text>
    </g>
  );
}

export function Queue({ x, y, record }: { x: number; y: number; record: RecordSnapshot }): JSX.Element {
  const top = y - BOX.height / 2;
  const full = BOX.width * Math.min(1, record.queueFill);
  return (
    <g class="box queue">
      <rect x={x} y={top} width={BOX.width} height={BOX.height} rx={10} />
      <rect
        class={record.queueFill > 0.8 ? 'fill high' : 'fill'}
        x={x + 10}
        y={top + BOX.height - 22}
        width={Math.max(2, full - 20)}
        height={8}
        rx={4}
      />
      <text x={x + 14} y={top + 24} class="strong">
        queue
      </text>
      <text x={x + 14} y={top + 44}>
        {count(record.pending)} pending
      </text>
      <text x={x + 14} y={top + 62} class="faint">
        {record.oldestPendingMs === null
          ? `${percent(record.queueFill)} full`
          : `oldest ${duration(record.oldestPendingMs)}`}
      </text>
    </g>
  );
}

interface BoxProps {
  readonly x: number;
  readonly y: number;
  readonly title: string;
  readonly node: TreeNode | undefined;
  readonly lines: readonly string[];
  readonly onSelect: (id: string) => void;
}

interface SelectableProps {
  readonly node: TreeNode | undefined;
  readonly onSelect: (id: string) => void;
  readonly children: ComponentChildren;
}

/** A box that stands for a process leads to it. */
function Selectable({ node, onSelect, children }: SelectableProps): JSX.Element {
  if (node === undefined) return <g class="box is-absent">{children}</g>;
  const { id, status } = node;
  return (
    <g
      class={`box is-${status}`}
      role="button"
      tabIndex={0}
      aria-label={`${id}, ${status}`}
      onClick={() => onSelect(id)}
      onKeyDown={({ key }) => key === 'Enter' && onSelect(id)}
    >
      {children}
    </g>
  );
}

export function Box({ x, y, title, node, lines, onSelect }: BoxProps): JSX.Element {
  const top = y - BOX.height / 2;
  return (
    <Selectable node={node} onSelect={onSelect}>
      <rect x={x} y={top} width={BOX.width} height={BOX.height} rx={10} />
      <circle cx={x + BOX.width - 16} cy={top + 18} r={5} />
      <text x={x + 14} y={top + 24} class="strong">
        {title}
      </text>
      {[node?.status ?? 'not there', ...lines].map((line, index) => (
        <text key={line} x={x + 14} y={top + 44 + index * 18} class={index === 0 ? '' : 'faint'}>
          {line}
        </text>
      ))}
    </Selectable>
  );
}

/** A dot for each batch that may be in flight: those at work, those asked for. */
export function Pool({
  x,
  y,
  record,
  node,
  onSelect,
}: Omit<BoxProps, 'title' | 'lines'> & { readonly record: RecordSnapshot }): JSX.Element {
  const width = 210;
  const height = 150;
  const top = y - height / 2;
  const dots = Math.min(DOTS_MAX, record.maxDemand);
  const working = Math.round((Math.min(record.running, record.maxDemand) / record.maxDemand) * dots);
  return (
    <Selectable node={node} onSelect={onSelect}>
      <rect x={x} y={top} width={width} height={height} rx={10} />
      <circle cx={x + width - 16} cy={top + 18} r={5} />
      <text x={x + 14} y={top + 24} class="strong">
        ConsumerSupervisor
      </text>
      <text x={x + 14} y={top + 44}>
        {record.running} of {record.maxDemand} Consumers at work
      </text>
      {Array.from({ length: dots }, (_, index) => (
        <rect
          key={index}
          class={index < working ? 'dot working' : 'dot'}
          x={x + 14 + (index % 10) * 18.5}
          y={top + 58 + Math.floor(index / 10) * 17}
          width={13}
          height={11}
          rx={3}
        />
      ))}
    </Selectable>
  );
}

export function Stream({
  x,
  y,
  stream,
  perSecond,
}: {
  x: number;
  y: number;
  stream: StreamSnapshot;
  perSecond: number;
}): JSX.Element {
  const top = y - STREAM_HEIGHT / 2;
  const state =
    stream.state.type === 'open'
      ? `${count(stream.recordsSent)} records`
      : `${stream.state.type}: ${stream.state.code}`;
  return (
    <g class={`box stream is-${stream.state.type}`}>
      <rect x={x} y={top} width={200} height={STREAM_HEIGHT} rx={10} />
      <circle cx={x + 184} cy={top + 18} r={5} />
      <text x={x + 14} y={top + 24} class="strong">
        {stream.stream}
      </text>
      <text x={x + 14} y={top + 44}>
        {rate(perSecond)} records/s
      </text>
      <text x={x + 14} y={top + 62} class="faint">
        {state.slice(0, 30)}
      </text>
    </g>
  );
}
