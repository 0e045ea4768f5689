/**
 * One record type's pipeline as a picture: events flow from left to right, demand from right to left.
 *
 *     record() --> queue --> Producer --> ConsumerSupervisor --> Consumers --> streams
 *                               <-- demand --
 */
import type { JSX } from 'preact';
import type { RecordSnapshot, Snapshot, TreeNode } from '../../pipeline/view/snapshot-types.ts';
import { Chart } from './chart.tsx';
import { duration, percent, rate } from './format.ts';
import { type Model, streamKey } from './model.ts';
import { Box, Demand, Flow, Pool, Queue, STREAM_HEIGHT, Stream } from './pipeline-parts.tsx';

interface Props {
  readonly record: RecordSnapshot;
  readonly snapshot: Snapshot;
  readonly model: Model;
  readonly onSelect: (id: string) => void;
}

const WIDTH = 1090;
const MIDDLE = 100;

export function PipelineView({ record, snapshot, model, onSelect }: Props): JSX.Element {
  const { name } = record;
  const streams = record.adapter?.streams ?? [];
  const height = Math.max(2 * MIDDLE + 20, streams.length * (STREAM_HEIGHT + 16) + 20);
  const middle = height / 2;
  const series = model.seriesOf(name);
  const node = (box: string): TreeNode | undefined =>
    snapshot.nodes.find(({ id }) => id === `${box}/${name}`);
  const edge = snapshot.edges.find(({ producer }) => producer === `Producer/${name}`);
  const perSecond = { in: series.in.last, out: series.out.last };
  return (
    <figure class="pipeline" aria-label={`Pipeline of ${name}`}>
      <div class="scroll" role="region" tabIndex={0} aria-label={`Pipeline of ${name}, as a picture`}>
        <svg viewBox={`0 0 ${WIDTH} ${height}`} role="group" aria-label={spoken(record, perSecond)}>
          <Flow from={[106, middle]} to={[160, middle]} perSecond={perSecond.in} />
          <Flow from={[310, middle]} to={[380, middle]} perSecond={perSecond.out} label="events" />
          <Flow
            from={[530, middle - 16]}
            to={[608, middle - 16]}
            perSecond={series.batches.last}
            label="batches"
          />
          <Demand from={[608, middle + 20]} to={[530, middle + 20]} pending={edge?.pending ?? 0} />
          <g class="source">
            <text x={52} y={middle - 6} text-anchor="middle">
              record()
            </text>
            <text x={52} y={middle + 14} text-anchor="middle" class="strong">
              {rate(perSecond.in)}/s
            </text>
          </g>
          <Queue x={160} y={middle} record={record} />
          <Box
            x={380}
            y={middle}
            title="Producer"
            node={node('Producer')}
            lines={[
              `${record.batches} batches wait`,
              record.unattended ? 'DispatchServer stands in' : `${record.claimed} claimed`,
            ]}
            onSelect={onSelect}
          />
          <Pool x={608} y={middle} record={record} node={node('ConsumerSupervisor')} onSelect={onSelect} />
          {streams.map((stream, index) => {
            const y = middle + (index - (streams.length - 1) / 2) * (STREAM_HEIGHT + 16);
            const records = model.rates.get(streamKey(name, stream.stream)) ?? 0;
            return (
              <g key={stream.stream}>
                <Flow from={[818, middle]} to={[880, y]} perSecond={records} />
                <Stream x={880} y={y} stream={stream} perSecond={records} />
              </g>
            );
          })}
          {streams.length === 0 && (
            <text x={840} y={middle + 4} class="faint">
              no stream yet
            </text>
          )}
        </svg>
      </div>
      <figcaption>
        Events flow to the right; ConsumerSupervisor asks for batches to the left. A handler's run takes{' '}
        {record.handleMs === null
          ? 'no time yet'
          : `${duration(record.handleMs.p50)} at the median, ${duration(record.handleMs.p99)} at the 99th percentile`}
        .
      </figcaption>
      <div class="charts">
        <Chart
          label="events a second"
          at={series.at.toArray()}
          height={170}
          format={rate}
          lines={[
            { label: 'in', values: series.in.toArray(), colour: '--in' },
            { label: 'out', values: series.out.toArray(), colour: '--out' },
          ]}
        />
        <Chart
          label="queue"
          at={series.at.toArray()}
          height={170}
          format={percent}
          lines={[{ label: 'full', values: series.queueFill.toArray(), colour: '--warn' }]}
        />
      </div>
    </figure>
  );
}

function spoken(record: RecordSnapshot, perSecond: { readonly in: number; readonly out: number }): string {
  const { pending, batches, running, maxDemand } = record;
  return `${rate(perSecond.in)} events a second in, ${pending} pending, ${batches} batches wait, ${running} of ${maxDemand} run, ${rate(perSecond.out)} events a second out`;
}
