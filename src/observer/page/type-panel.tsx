/** One record type: what became of its events, how full its queue is, how its batches, streams and shards do. */
import type { JSX } from 'preact';
import type { HealthLine } from '../../pipeline/view/health.ts';
import type { RecordSnapshot, Snapshot, ThreadSnapshot } from '../../pipeline/view/snapshot-types.ts';
import { Buttons } from './actions.tsx';
import { Chart } from './chart.tsx';
import type { Connection } from './connection.ts';
import { bytes, count, duration, percent, rate } from './format.ts';
import { MARKS } from './health-view.tsx';
import type { Model, Series } from './model.ts';
import { History } from './process-panel.tsx';
import { StreamsTable } from './streams-table.tsx';

interface Props {
  readonly record: RecordSnapshot;
  readonly snapshot: Snapshot;
  readonly model: Model;
  readonly connection: Connection;
}

export function TypePanel({ record, snapshot, model, connection }: Props): JSX.Element {
  const { name } = record;
  const health = snapshot.health.find(({ recordType }) => recordType === name);
  const thread = snapshot.threads.find(({ recordType }) => recordType === name);
  const series = model.seriesOf(name);
  const restarts = snapshot.restarts.filter(({ recordType }) => recordType === name).reverse();
  return (
    <article class="type" aria-label={`Record type ${name}`}>
      <header>
        <h2>{name}</h2>
        <Thread thread={thread} />
      </header>
      {health !== undefined && <Line line={health} />}
      <Ledger record={record} />
      <div class="charts">
        <Chart
          label="events a second"
          at={series.at.toArray()}
          height={120}
          format={rate}
          lines={[
            { label: 'in', values: series.in.toArray(), colour: '--in' },
            { label: 'out', values: series.out.toArray(), colour: '--out' },
          ]}
        />
        <Chart
          label="events that wait"
          at={series.at.toArray()}
          height={120}
          format={count}
          lines={waitingLines(series)}
        />
      </div>
      <dl class="facts">
        <Fact label="queue">
          <meter
            min={0}
            max={1}
            high={0.8}
            optimum={0}
            value={record.queueFill}
            aria-label={`queue of ${name}`}
          />{' '}
          {percent(record.queueFill)} of {bytes(record.queueBytes)}
        </Fact>
        <Fact label="oldest event">
          {record.oldestPendingMs === null ? 'none waits' : duration(record.oldestPendingMs)}
        </Fact>
        <Fact label="batches">
          {record.batches} waiting, {record.running} running, {record.demand} more asked for, of{' '}
          {record.maxDemand}
        </Fact>
        <Fact label="batch size">
          {record.batchEvents === null
            ? 'no batch yet'
            : `p50 ${count(Math.round(record.batchEvents.p50))}, largest ${count(record.batchEvents.max)} of ${count(record.batchSize)}`}
        </Fact>
        <Fact label="handler">
          {record.handleMs === null
            ? 'has not run yet'
            : `p50 ${duration(record.handleMs.p50)}, p99 ${duration(record.handleMs.p99)}, longest ${duration(record.handleMs.max)}, ${count(record.handleMs.count)} runs`}
        </Fact>
        <Fact label="last error">{record.lastError === null ? 'none' : record.lastError.message}</Fact>
      </dl>
      <StreamsTable record={record} model={model} />
      <Buttons
        subject={name}
        connection={connection}
        disabled={false}
        actions={[
          { name: 'flush all', path: 'flush', twice: false },
          { name: 'restart thread', path: `threads/${encodeURIComponent(name)}/restart`, twice: true },
        ]}
      />
      {restarts.length > 0 && <h3>Restarts</h3>}
      {restarts.length > 0 && <History entries={restarts} />}
    </article>
  );
}

function waitingLines(series: Series): { label: string; values: readonly number[]; colour: string }[] {
  return [{ label: 'pending', values: series.pending.toArray(), colour: '--warn' }];
}

export function Line({ line }: { line: HealthLine }): JSX.Element {
  return (
    <p class={`line ${line.level}`}>
      <i>{MARKS[line.level]}</i>
      <span>{line.text}</span>
    </p>
  );
}

function Thread({ thread }: { thread: ThreadSnapshot | undefined }): JSX.Element {
  if (thread === undefined) return <span class="note">no thread</span>;
  const { isolation, state, node, starts, hung, heapUsedBytes, loop } = thread;
  if (isolation === 'inline') return <span class="note">inline, on the main thread</span>;
  const busy =
    loop === null || loop.idleMs + loop.activeMs === 0
      ? undefined
      : loop.activeMs / (loop.idleMs + loop.activeMs);
  return (
    <span class="note">
      {state === 'none' ? 'no thread' : `thread ${node}, ${hung ? 'hung' : state}`}
      {starts > 1 && `, started ${starts} times`}
      {heapUsedBytes !== null && `, heap ${bytes(heapUsedBytes)}`}
      {busy !== undefined && `, event loop ${percent(busy)} busy`}
    </span>
  );
}

/** `accepted + recovered = delivered + dead-lettered + pending`, as a bar. */
function Ledger({ record }: { record: RecordSnapshot }): JSX.Element {
  const { accepted, recovered, delivered, deadLettered, pending, refused } = record;
  const total = Math.max(1, accepted + recovered);
  const parts = [
    { name: 'delivered', value: delivered },
    { name: 'pending', value: pending },
    { name: 'dead', value: deadLettered },
  ];
  return (
    <div class="ledger">
      <div class="stack" aria-hidden="true">
        {parts.map(({ name, value }) => (
          <i key={name} class={name} style={{ width: `${(value / total) * 100}%` }} />
        ))}
      </div>
      <p>
        <b>{count(accepted + recovered)}</b> accepted = <b class="delivered">{count(delivered)}</b> delivered
        + <b class="pending">{count(pending)}</b> pending + <b class="dead">{count(deadLettered)}</b>{' '}
        dead-lettered; <b class={refused > 0 ? 'dead' : ''}>{count(refused)}</b> refused
      </p>
    </div>
  );
}

function Fact({ label, children }: { label: string; children: unknown }): JSX.Element {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children as JSX.Element}</dd>
    </div>
  );
}
