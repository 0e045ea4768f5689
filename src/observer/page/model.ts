/**
 * What the page knows: the latest snapshot, and what it has made of those before it. Pure, but for what it keeps. Counters
 * come as they are; rates are made here, so that a look that was missed makes no false peak.
 */
import type { RestartEntry } from '../../pipeline/view/restarts.ts';
import type { RecordSnapshot, Snapshot, TreeNode } from '../../pipeline/view/snapshot-types.ts';
import type { SnapshotDelta } from '../delta.ts';
import type { FeedEntry } from '../feed.ts';
import { Samples } from './samples.ts';

const SPARK_SAMPLES = 60;
const CHART_SAMPLES = 300;
const FEED_MAX = 500;
const RESTARTS_MAX = 200;
/** For how long a row that was started again stands out. */
const FLASH_MS = 2500;

export interface NodeHistory {
  readonly mailbox: Samples;
  /** Messages handled a second, at the latest look. */
  perSecond: number;
  handled: number;
  pid: string | null;
  flashUntil: number;
}

/** Where the model keeps a stream's rate. */
export function streamKey(recordType: string, stream: string): string {
  return `${recordType} ${stream}`;
}

/** And a shard's. */
export function shardKey(recordType: string, stream: string, shardId: string): string {
  return `${recordType} ${stream} ${shardId}`;
}

export interface Series {
  readonly at: Samples;
  readonly in: Samples;
  readonly out: Samples;
  readonly pending: Samples;
  readonly queueFill: Samples;
  /** Handler runs a second. */
  readonly batches: Samples;
}

export class Model {
  snapshot: Snapshot | undefined;
  readonly history = new Map<string, NodeHistory>();
  readonly total: Series = series();
  readonly byType = new Map<string, Series>();
  /** Records a second, by `streamKey` and `shardKey`. */
  readonly rates = new Map<string, number>();
  feed: readonly FeedEntry[] = [];
  gap = false;

  setSnapshot(snapshot: Snapshot): void {
    this.#take(snapshot);
  }

  applyDelta({ changed, order, restarts, ...rest }: SnapshotDelta): void {
    const before = this.snapshot;
    if (before === undefined) return;
    const nodes = new Map(before.nodes.map((node) => [node.id, node]));
    for (const node of changed) nodes.set(node.id, node);
    const ids = order ?? before.nodes.map(({ id }) => id);
    const passed = rest.takenAt - before.takenAt;
    const fresh = new Set(changed);
    const ordered = ids.flatMap((id) => {
      const node = nodes.get(id);
      if (node === undefined) return [];
      return [fresh.has(node) ? node : aged(node, passed)];
    });
    this.#take({ ...rest, nodes: ordered, restarts: merged(before.restarts, restarts) });
  }

  addFeed(entry: FeedEntry): void {
    if (this.feed.some(({ id }) => id === entry.id)) return;
    this.feed = [...this.feed.slice(1 - FEED_MAX), entry];
  }

  seriesOf(recordType: string): Series {
    const known = this.byType.get(recordType) ?? series();
    this.byType.set(recordType, known);
    return known;
  }

  #take(now: Snapshot): void {
    const before = this.snapshot;
    const seconds = before === undefined ? 0 : (now.takenAt - before.takenAt) / 1000;
    this.#takeNodes(now, seconds);
    for (const record of now.records) {
      const was = before?.records.find(({ name }) => name === record.name);
      const series = this.seriesOf(record.name);
      push(series, now.takenAt, record, was, seconds);
      series.queueFill.push(record.queueFill);
      series.batches.push(perSecond(record.handleMs?.count ?? 0, was?.handleMs?.count, seconds));
      this.#takeStreams(record, was, seconds);
    }
    push(this.total, now.takenAt, now.ledger, before?.ledger, seconds);
    this.snapshot = now;
  }

  #takeNodes({ nodes, takenAt }: Snapshot, seconds: number): void {
    const gone = new Set(this.history.keys());
    for (const node of nodes) {
      gone.delete(node.id);
      const known = this.history.get(node.id);
      const history = known ?? born(node);
      if (known === undefined) this.history.set(node.id, history);
      history.mailbox.push(node.mailbox);
      const again = known !== undefined && node.pid !== null && node.pid !== known.pid;
      // A process that is new has counted from nothing.
      const handled = again ? node.handled : Math.max(0, node.handled - history.handled);
      history.perSecond = seconds > 0 ? handled / seconds : 0;
      history.handled = node.handled;
      if (again && known.pid !== null) history.flashUntil = takenAt + FLASH_MS;
      if (node.pid !== null) history.pid = node.pid;
    }
    for (const id of gone) this.history.delete(id);
  }

  #takeStreams(record: RecordSnapshot, was: RecordSnapshot | undefined, seconds: number): void {
    for (const stream of record.adapter?.streams ?? []) {
      const earlier = was?.adapter?.streams.find(({ stream: name }) => name === stream.stream);
      this.rates.set(
        streamKey(record.name, stream.stream),
        perSecond(stream.recordsSent, earlier?.recordsSent, seconds),
      );
      for (const { shardId, recordsSent } of stream.shards ?? []) {
        const shard = earlier?.shards?.find((each) => each.shardId === shardId);
        this.rates.set(
          shardKey(record.name, stream.stream, shardId),
          perSecond(recordsSent, shard?.recordsSent, seconds),
        );
      }
    }
  }
}

/** What has not changed is as old as it was, and `passed` older. */
function aged(node: TreeNode, passed: number): TreeNode {
  const older = (ms: number | null): number | null => (ms === null ? null : ms + passed);
  return { ...node, uptimeMs: older(node.uptimeMs), busyMs: older(node.busyMs) };
}

function born({ handled, pid }: TreeNode): NodeHistory {
  return { mailbox: new Samples(SPARK_SAMPLES), perSecond: 0, handled, pid, flashUntil: 0 };
}

function series(): Series {
  const samples = (): Samples => new Samples(CHART_SAMPLES);
  return {
    at: samples(),
    in: samples(),
    out: samples(),
    pending: samples(),
    queueFill: samples(),
    batches: samples(),
  };
}

type Counts = Pick<RecordSnapshot, 'accepted' | 'delivered' | 'pending'>;

function push(to: Series, at: number, now: Counts, was: Counts | undefined, seconds: number): void {
  to.at.push(at / 1000);
  to.in.push(perSecond(now.accepted, was?.accepted, seconds));
  to.out.push(perSecond(now.delivered, was?.delivered, seconds));
  to.pending.push(now.pending);
}

/** What has no earlier count has no rate yet; and another thread counts from nothing. */
function perSecond(now: number, was: number | undefined, seconds: number): number {
  return was === undefined || seconds <= 0 ? 0 : Math.max(0, now - was) / seconds;
}

function merged(known: readonly RestartEntry[], changed: readonly RestartEntry[]): readonly RestartEntry[] {
  if (changed.length === 0) return known;
  const bySeq = new Map([...known, ...changed].map((entry) => [entry.seq, entry]));
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq).slice(-RESTARTS_MAX);
}
