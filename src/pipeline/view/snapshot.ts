/**
 * The debug API: one picture of the live tree over all threads, as plain JSON. Pulled; it costs nothing when nobody asks.
 * A thread that does not answer within the deadline is shown as `hung`, and never waited for. Bound: `NODES_MAX`
 * processes are shown.
 */

import { fillOf, oldestPendingAt } from '../../threads/queue/index.ts';
import type { Engine } from '../engine.ts';
import { shownOptions, shownOverrides } from '../options/options.ts';
import type { ShownOption } from '../options/shown-options.ts';
import type { RecordType } from '../site/record-type.ts';
import type { SiteSnapshot } from '../site/site.ts';
import { healthOf } from './health.ts';
import { ledgerOf } from './ledger.ts';
import { shownError } from './shown-reason.ts';
import {
  type DemandEdge,
  type RecordSnapshot,
  SNAPSHOT_SCHEMA_VERSION,
  type Snapshot,
  type SpoolSnapshot,
  type ThreadSnapshot,
} from './snapshot-types.ts';
import { treeOf } from './tree-nodes.ts';

export { SNAPSHOT_SCHEMA_VERSION } from './snapshot-types.ts';

/** A thread that has not answered by then is shown as hung. */
const ANSWER_MS = 500;
const NODES_MAX = 5000;

export interface SiteAnswer {
  readonly type: RecordType;
  readonly snapshot: SiteSnapshot | undefined;
  readonly hung: boolean;
}

export async function takeSnapshot(engine: Engine): Promise<Snapshot> {
  const [spool, ...sites] = await Promise.all([
    spoolSnapshot(engine),
    ...[...engine.types.values()].map((type) => askSite(engine, type)),
  ]);
  const { nodes, restarts, tombstones, total } = await treeOf(engine, sites, NODES_MAX);
  const takenAt = engine.clock.wallTime();
  const records = sites.map((site) => recordSnapshot(site, takenAt));
  const picture = {
    schemaVersion: SNAPSHOT_SCHEMA_VERSION,
    takenAt,
    nodes,
    truncated: nodes.length < total,
    nodesTotal: total,
    edges: sites.flatMap(demandEdge),
    restarts,
    tombstones,
    threads: sites.map(threadSnapshot),
    records,
    spool,
    ledger: ledgerOf(engine.types.values()),
    options: optionsOf(engine),
  };
  return { ...picture, health: healthOf(picture) };
}

function optionsOf({ options, adapter, types }: Engine): ShownOption[] {
  const ofTypes = [...types.values()].flatMap(({ definition, name }) =>
    shownOverrides(definition.overrides, name),
  );
  return [...shownOptions(options), ...adapter.shown, ...ofTypes];
}

async function askSite(engine: Engine, type: RecordType): Promise<SiteAnswer> {
  const { place } = type.placement;
  if (place === undefined) return { type, snapshot: undefined, hung: false };
  const asked = place.control.inspect(engine.watchers.count > 0).catch(() => undefined);
  const answer = await inTime(engine, asked);
  return answer === 'hung'
    ? { type, snapshot: undefined, hung: true }
    : { type, snapshot: answer, hung: false };
}

async function spoolSnapshot(engine: Engine): Promise<SpoolSnapshot | null> {
  const { spool } = engine;
  if (spool === undefined) return null;
  const state = await inTime(engine, spool.state());
  return { ...spool.options, thread: spool.node, state: state === 'hung' ? null : (state ?? null) };
}

async function inTime<Value>(engine: Engine, asked: Promise<Value>): Promise<Value | 'hung'> {
  let late: (() => void) | undefined;
  const deadline = new Promise<'hung'>((resolve) => {
    late = () => resolve('hung');
  });
  const timer = engine.clock.setTimer(ANSWER_MS, () => late?.());
  const answer = await Promise.race([asked, deadline]);
  timer.clear();
  return answer;
}

function demandEdge({ type, snapshot }: SiteAnswer): DemandEdge[] {
  if (snapshot?.producer === undefined) return [];
  const { maxDemand } = type.options;
  const pending = snapshot.producer.demand;
  return [
    {
      consumer: `ConsumerSupervisor/${type.name}`,
      producer: `Producer/${type.name}`,
      pending,
      working: snapshot.running,
      min: 0,
      max: maxDemand,
    },
  ];
}

function threadSnapshot({ type, snapshot, hung }: SiteAnswer): ThreadSnapshot {
  const { name, placement, lastFailure } = type;
  return {
    recordType: name,
    ...placement.info,
    hung,
    heapUsedBytes: snapshot?.heapUsedBytes ?? null,
    loop: snapshot?.loop ?? null,
    lastFailure: lastFailure === undefined ? null : { ...shownError(lastFailure.error), at: lastFailure.at },
  };
}

function recordSnapshot({ type, snapshot, hung }: SiteAnswer, takenAt: number): RecordSnapshot {
  const { name, url, options, placement, lastFailure, queue } = type;
  const oldest = oldestPendingAt(queue);
  return {
    name,
    url,
    ...type.counts,
    thread: { ...placement.info, hung },
    queueBytes: options.queueBytes,
    queueFill: fillOf(queue),
    oldestPendingMs: oldest === undefined ? null : Math.max(0, takenAt - oldest),
    batches: snapshot?.producer?.batches ?? 0,
    demand: snapshot?.producer?.demand ?? 0,
    maxDemand: options.maxDemand,
    batchSize: options.batchSize,
    hangTimeoutMs: options.hangTimeoutMs,
    claimed: snapshot?.claimed ?? 0,
    running: snapshot?.running ?? 0,
    parked: snapshot?.parked ?? { batches: 0, events: 0, waitsFor: [] },
    unattended: snapshot?.dispatching ?? false,
    handleMs: snapshot?.handleMs ?? null,
    batchEvents: snapshot?.batchEvents ?? null,
    lastError: snapshot?.lastError ?? null,
    lastFailure:
      lastFailure === undefined ? null : { message: lastFailure.error.message, at: lastFailure.at },
    letters: { waiting: type.letters, failure: type.sinkFailure ?? null },
    adapter: snapshot?.adapter ?? null,
  };
}
