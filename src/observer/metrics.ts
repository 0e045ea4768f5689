/**
 * A snapshot as Prometheus text. Counters are the application's own, told as they are: nothing is counted here, so
 * nothing is lost while nobody scrapes. prom-client is loaded with the first scrape.
 */
import type { Counter, Gauge, Registry } from 'prom-client';
import type { HealthLevel } from '../pipeline/view/health.ts';
import type { Snapshot } from '../pipeline/view/snapshot-types.ts';
import { outcomesOf } from './outcomes.ts';

const LEVELS: Readonly<Record<HealthLevel, number>> = { ok: 0, warn: 1, bad: 2 };

export async function metricsText(
  snapshot: Snapshot,
): Promise<{ readonly contentType: string; readonly text: string }> {
  const { Counter, Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  fill(snapshot, {
    counter: (name, help, labelNames) => new Counter({ name, help, labelNames, registers: [registry] }),
    gauge: (name, help, labelNames) => new Gauge({ name, help, labelNames, registers: [registry] }),
  });
  return { contentType: registryType(registry), text: await registry.metrics() };
}

interface Makers {
  counter(name: string, help: string, labelNames: string[]): Counter;
  gauge(name: string, help: string, labelNames: string[]): Gauge;
}

function registryType({ contentType }: Registry): string {
  return contentType;
}

function fill(snapshot: Snapshot, make: Makers): void {
  const events = make.counter('beamline_events_total', 'Events by what became of them', [
    'record_type',
    'outcome',
  ]);
  const pending = make.gauge('beamline_events_pending', 'Events that are not settled yet', ['record_type']);
  const oldest = make.gauge('beamline_oldest_pending_seconds', 'Age of the oldest pending event', [
    'record_type',
  ]);
  const fillShare = make.gauge('beamline_queue_fill_ratio', 'Share of the queue that is taken', [
    'record_type',
  ]);
  const running = make.gauge('beamline_batches_running', 'Batches whose handler runs', ['record_type']);
  const health = make.gauge('beamline_health', '0 well, 1 something is wrong, 2 events wait or are refused', [
    'record_type',
  ]);
  const up = make.gauge('beamline_thread_up', 'The thread of the record type answers', ['record_type']);
  const starts = make.counter('beamline_thread_starts_total', 'Starts of the thread', ['record_type']);
  const streams = ['record_type', 'stream'];
  const sent = make.counter('beamline_stream_records_total', 'Records that are in the stream', streams);
  const requests = make.counter('beamline_stream_requests_total', 'Requests', streams);
  const throttles = make.counter('beamline_stream_throttles_total', 'Records that were throttled', streams);
  const open = make.gauge('beamline_stream_open', '1 while the stream takes records', streams);
  for (const record of snapshot.records) {
    const type = { record_type: record.name };
    for (const [outcome, count] of outcomesOf(record)) events.inc({ ...type, outcome }, count);
    pending.set(type, record.pending);
    oldest.set(type, (record.oldestPendingMs ?? 0) / 1000);
    fillShare.set(type, record.queueFill);
    running.set(type, record.running);
    up.set(type, record.thread.state === 'ready' && !record.thread.hung ? 1 : 0);
    starts.inc(type, record.thread.starts);
    for (const stream of record.adapter?.streams ?? []) {
      const labels = { ...type, stream: stream.stream };
      sent.inc(labels, stream.recordsSent);
      requests.inc(labels, stream.requests);
      throttles.inc(labels, stream.throttles);
      open.set(labels, stream.state.type === 'open' ? 1 : 0);
    }
  }
  for (const { recordType, level } of snapshot.health)
    if (recordType !== null) health.set({ record_type: recordType }, LEVELS[level]);
  const processes = make.gauge('beamline_processes', 'Processes in the tree', []);
  processes.set(snapshot.nodesTotal);
  const mailbox = make.gauge('beamline_mailbox_messages', 'Messages that wait in the longest mailbox', []);
  mailbox.set(snapshot.nodes.reduce((most, node) => Math.max(most, node.mailbox), 0));
  const restarts = make.counter('beamline_restarts_total', 'Restarts of a part of the tree', ['node']);
  for (const node of snapshot.nodes) if (node.restarts > 0) restarts.inc({ node: node.id }, node.restarts);
}
