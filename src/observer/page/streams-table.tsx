/** The streams of one record type, and the shards of each: how much goes where, how fast, and who refuses it. */
import type { JSX } from 'preact';
import type { ShardSnapshot, StreamSnapshot } from '../../pipeline/adapter/adapter.ts';
import type { RecordSnapshot } from '../../pipeline/view/snapshot-types.ts';
import { count, duration, percent, rate } from './format.ts';
import { type Model, shardKey, streamKey } from './model.ts';

const SHARDS_SHOWN = 16;

interface Props {
  readonly record: RecordSnapshot;
  readonly model: Model;
}

export function StreamsTable({ record, model }: Props): JSX.Element {
  const streams = record.adapter?.streams ?? [];
  if (streams.length === 0) return <p class="empty">Nothing was sent to any stream yet.</p>;
  return (
    <div class="scroll" role="region" aria-label={`Streams of ${record.name}`} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">stream</th>
            <th scope="col">state</th>
            <th scope="col">records/s</th>
            <th scope="col">records</th>
            <th scope="col">waiting</th>
            <th scope="col">request p50 / p99</th>
            <th scope="col">sent again</th>
            <th scope="col">throttled</th>
          </tr>
        </thead>
        <tbody>
          {streams.map((stream) => (
            <StreamRows key={stream.stream} type={record.name} stream={stream} model={model} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function StreamRows({
  type,
  stream,
  model,
}: {
  type: string;
  stream: StreamSnapshot;
  model: Model;
}): JSX.Element {
  const { state, requestMs } = stream;
  const shards = shardsOf(stream);
  const rates = shards.map(({ shardId }) => model.rates.get(shardKey(type, stream.stream, shardId)) ?? 0);
  const most = Math.max(1, ...rates);
  return (
    <>
      <tr>
        <th scope="row">
          {stream.stream}
          {stream.target !== stream.stream && <small> {stream.target}</small>}
        </th>
        <td>
          <span class={`status ${state.type}`}>
            <i aria-hidden="true" />
            {state.type === 'open' ? 'open' : `${state.type}: ${state.code}`}
          </span>
        </td>
        <td>{rate(model.rates.get(streamKey(type, stream.stream)) ?? 0)}</td>
        <td>{count(stream.recordsSent)}</td>
        <td>{count(stream.waiting)}</td>
        <td>
          {requestMs === undefined || requestMs === null
            ? '–'
            : `${duration(requestMs.p50)} / ${duration(requestMs.p99)}`}
        </td>
        <td>{count(stream.retries)}</td>
        <td>{count(stream.throttles)}</td>
      </tr>
      {shards.slice(0, SHARDS_SHOWN).map((shard, index) => (
        <ShardRow key={shard.shardId} shard={shard} perSecond={rates[index] ?? 0} most={most} />
      ))}
      {shards.length > SHARDS_SHOWN && (
        <tr class="shard">
          <th scope="row">and {shards.length - SHARDS_SHOWN} more shards</th>
          <td colSpan={7} />
        </tr>
      )}
    </>
  );
}

/** An adapter that knows no shards may still have been told which one refused. */
function shardsOf({ shards, throttledShards }: StreamSnapshot): readonly ShardSnapshot[] {
  if (shards !== undefined && shards.length > 0)
    return [...shards].sort((a, b) => b.throttles - a.throttles || (a.shardId < b.shardId ? -1 : 1));
  return Object.entries(throttledShards)
    .sort(([, a], [, b]) => b - a)
    .map(([shardId, throttles]) => ({
      shardId,
      throttles,
      recordsSent: 0,
      bytesSent: 0,
      waiting: 0,
      share: null,
    }));
}

function ShardRow({
  shard: { shardId, recordsSent, waiting, throttles, share },
  perSecond,
  most,
}: {
  shard: ShardSnapshot;
  perSecond: number;
  most: number;
}): JSX.Element {
  return (
    <tr class={share !== null && share < 1 ? 'shard held' : 'shard'}>
      <th scope="row">{shardId}</th>
      <td>
        <meter min={0} max={most} value={perSecond} aria-label={`records a second of ${shardId}`} />
        {share !== null && <small> pace {percent(share)}</small>}
      </td>
      <td>{rate(perSecond)}</td>
      <td>{count(recordsSent)}</td>
      <td>{count(waiting)}</td>
      <td />
      <td />
      <td>{count(throttles)}</td>
    </tr>
  );
}
