/** The whole application in numbers. */
import type { JSX } from 'preact';
import type { Snapshot } from '../../pipeline/view/snapshot-types.ts';
import { count, duration, rate } from './format.ts';
import type { Model } from './model.ts';
import { Sparkline } from './sparkline.tsx';

interface Tile {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly values?: readonly number[];
  readonly tone: 'plain' | 'warn' | 'bad';
}

export function Tiles({ model, snapshot }: { model: Model; snapshot: Snapshot }): JSX.Element {
  return (
    <section class="tiles" aria-label="Overview">
      {tilesOf(model, snapshot).map(({ label, value, note, values, tone }) => (
        <div class={`tile ${tone}`} key={label}>
          <span class="label">{label}</span>
          <strong>{value}</strong>
          <span class="note">{note}</span>
          {values !== undefined && <Sparkline values={values} label={`${label}, the last minute`} />}
        </div>
      ))}
    </section>
  );
}

function tilesOf(
  { total, feed }: Model,
  { ledger, records, nodes, nodesTotal, threads }: Snapshot,
): readonly Tile[] {
  const minute = (samples: { toArray(): number[] }): number[] => samples.toArray().slice(-60);
  const oldest = Math.max(0, ...records.map(({ oldestPendingMs }) => oldestPendingMs ?? 0));
  const restarts = nodes.reduce((sum, node) => sum + node.restarts, 0);
  const up = threads.filter(({ state, hung }) => state === 'ready' && !hung).length;
  const lately = feed.filter(({ type }) => type === 'restart').length;
  return [
    {
      label: 'events in',
      value: `${rate(total.in.last)}/s`,
      note: `${count(ledger.accepted)} accepted`,
      values: minute(total.in),
      tone: 'plain',
    },
    {
      label: 'events out',
      value: `${rate(total.out.last)}/s`,
      note: `${count(ledger.delivered)} delivered`,
      values: minute(total.out),
      tone: 'plain',
    },
    {
      label: 'pending',
      value: count(ledger.pending),
      note: ledger.pending === 0 ? 'nothing waits' : `oldest ${duration(oldest)}`,
      values: minute(total.pending),
      tone: oldest > 30_000 ? 'warn' : 'plain',
    },
    {
      label: 'refused',
      value: count(ledger.refused),
      note: ledger.refused === 0 ? 'no queue was full' : 'the queue was full',
      tone: ledger.refused > 0 ? 'bad' : 'plain',
    },
    {
      label: 'dead letters',
      value: count(ledger.deadLettered),
      note: ledger.deadLettered === 0 ? 'all could be delivered' : 'given up',
      tone: ledger.deadLettered > 0 ? 'warn' : 'plain',
    },
    {
      label: 'restarts',
      value: count(restarts),
      note: lately === 0 ? 'nothing crashed' : `${lately} in the feed`,
      tone: restarts > 0 ? 'warn' : 'plain',
    },
    { label: 'threads', value: `${up}`, note: `${count(nodesTotal)} processes`, tone: 'plain' },
  ];
}
