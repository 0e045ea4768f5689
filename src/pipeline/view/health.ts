/**
 * What is wrong, in plain words, worst first: one line for each record type that names the cause, and one for each
 * shared part of the tree that crashed lately. Pure: from a snapshot, and from the one before where there is one.
 */
import type { StreamSnapshot } from '../adapter/adapter.ts';
import type { RestartEntry } from './restarts.ts';
import type { RecordSnapshot, Snapshot, TreeNode } from './snapshot-types.ts';

export type HealthLevel = 'ok' | 'warn' | 'bad';

export type HealthCause =
  | 'hung'
  | 'stuck'
  | 'crash-loop'
  | 'paused'
  | 'failing'
  | 'throttled'
  | 'refusing'
  | 'handler'
  | 'suspended'
  | 'crashed'
  | 'dead-letters'
  | 'dead-letter-sink'
  | 'ok';

export interface HealthLine {
  readonly level: HealthLevel;
  readonly cause: HealthCause;
  readonly recordType: string | null;
  readonly text: string;
}

export type HealthInput = Pick<Snapshot, 'takenAt' | 'nodes' | 'restarts' | 'records'>;

/** What happened longer ago is over, unless something says that it goes on. */
const LATELY_MS = 30_000;
/** So many restarts since something was last stable are a loop. */
const LOOP_ATTEMPTS = 3;
const FULL = 0.9;
const RANK: Readonly<Record<HealthLevel, number>> = { bad: 0, warn: 1, ok: 2 };

export function healthOf(now: HealthInput, before?: HealthInput): readonly HealthLine[] {
  const lines = [...now.records.map((record) => recordLine(now, record, before)), ...sharedLines(now)];
  return lines.sort((a, b) => RANK[a.level] - RANK[b.level]);
}

type Finding = Omit<HealthLine, 'recordType'>;

/** The first that applies is the one that explains the others. */
function recordLine(now: HealthInput, record: RecordSnapshot, before: HealthInput | undefined): HealthLine {
  const earlier = before?.records.find(({ name }) => name === record.name);
  const finding =
    threadFinding(now, record, earlier) ??
    loopFinding(now, record) ??
    streamFinding(now, record) ??
    parkingFinding(record) ??
    throttleFinding(now, record, earlier) ??
    sinkFinding(record) ??
    handlerFinding(now, record) ??
    refusalFinding(record, earlier) ??
    suspendedFinding(now, record) ??
    crashFinding(now, record) ??
    deadLetterFinding(record, earlier);
  const { name: recordType } = record;
  if (finding === undefined)
    return { level: 'ok', cause: 'ok', recordType, text: `${recordType}: ${calm(record)}` };
  return { ...finding, recordType, text: `${recordType}: ${finding.text}${waiting(record)}` };
}

function threadFinding(
  now: HealthInput,
  { thread, name, hangTimeoutMs }: RecordSnapshot,
  earlier: RecordSnapshot | undefined,
): Finding | undefined {
  if (thread.state === 'stuck')
    return {
      level: 'bad',
      cause: 'stuck',
      text: `thread ${thread.node} is stuck in native code and was replaced`,
    };
  // One answer that is late is no hang: a thread that loads a large module on a busy machine takes as long.
  if (!thread.hung || earlier?.thread.hung === false) return undefined;
  const ended = lastThreadEnd(now, name);
  const again = ended === undefined ? '' : `, as the one before it did ${ago(now.takenAt - ended.at)}`;
  return {
    level: 'bad',
    cause: 'hung',
    text: `thread ${thread.node} is hung: its handler does not yield${again}; it is ended after ${duration(hangTimeoutMs)} and started again`,
  };
}

function lastThreadEnd({ restarts, takenAt }: HealthInput, recordType: string): RestartEntry | undefined {
  return restarts.findLast(
    ({ id, at, attempt }) => id === `Thread/${recordType}` && attempt > 1 && takenAt - at < LATELY_MS,
  );
}

function loopFinding(now: HealthInput, { name }: RecordSnapshot): Finding | undefined {
  const entry = now.restarts.findLast(
    ({ recordType, attempt, at, delayMs }) =>
      recordType === name && attempt >= LOOP_ATTEMPTS && now.takenAt - at < LATELY_MS + (delayMs ?? 0),
  );
  if (entry === undefined) return undefined;
  const { at, delayMs, attempt, reason } = entry;
  const dueInMs = at + (delayMs ?? 0) - now.takenAt;
  const next = dueInMs > 0 ? `; next try in ${duration(dueInMs)}` : '; it was started again';
  const what = entry.name === 'Thread' ? 'its thread' : `its ${entry.name}`;
  return {
    level: 'bad',
    cause: 'crash-loop',
    text: `crash loop: ${what} ended ${attempt} times, ${shorten(reason.message)}${next}`,
  };
}

function streamFinding(now: HealthInput, { adapter }: RecordSnapshot): Finding | undefined {
  const streams = adapter?.streams ?? [];
  for (const { state, stream } of streams) {
    if (state.type !== 'paused' && state.type !== 'probing') continue;
    const next =
      state.type === 'probing' ? 'trying now' : `next try in ${duration(state.nextProbeAt - now.takenAt)}`;
    return {
      level: 'bad',
      cause: 'paused',
      text: `in backoff after ${times(state.probes + 1, 'failure')} of PutRecords to ${stream}, ${state.code}: ${shorten(state.message)}; ${next}`,
    };
  }
  for (const { state, stream } of streams) {
    if (state.type !== 'failing') continue;
    return {
      level: state.failures >= LOOP_ATTEMPTS ? 'bad' : 'warn',
      cause: 'failing',
      text: `in backoff after ${times(state.failures, 'failure')} of PutRecords to ${stream}, ${state.code}: ${shorten(state.message)}; failing for ${duration(now.takenAt - state.since)}`,
    };
  }
  return undefined;
}

function parkingFinding({ parked }: RecordSnapshot): Finding | undefined {
  const { waitsFor, batches, events } = parked;
  if (waitsFor.length === 0) return undefined;
  const shards = waitsFor.map(({ stream, shardId }) =>
    shardId === null ? `stream ${stream}` : `shard ${shardId} of ${stream}`,
  );
  return {
    level: 'bad',
    cause: 'throttled',
    text: `the type waits for ${shards.join(', ')}: parkedBytes is full, with ${times(events, 'event')} of ${times(batches, 'batch', 'batches')}`,
  };
}

function throttleFinding(
  now: HealthInput,
  { adapter, parked }: RecordSnapshot,
  earlier: RecordSnapshot | undefined,
): Finding | undefined {
  for (const stream of adapter?.streams ?? []) {
    const { lastError, throttles } = stream;
    if (throttles === 0 || lastError === null || now.takenAt - lastError.at >= LATELY_MS) continue;
    if (!/Throughput|Throttl|LimitExceeded/.test(lastError.code)) continue;
    const earlierStream = earlier?.adapter?.streams.find(({ stream: name }) => name === stream.stream);
    const [shard, refused] = hottest(stream, earlierStream);
    const where = shard === undefined ? `stream ${stream.stream}` : `hot shard ${shard} of ${stream.stream}`;
    return {
      level: 'warn',
      cause: 'throttled',
      text: `${where} is throttled, ${lastError.code}: ${times(refused, 'record')} refused and sent again${parked.events > 0 ? `; ${times(parked.events, 'event')} wait for it, parked` : ''}`,
    };
  }
  return undefined;
}

/** The shard that refused most, since the snapshot before where there is one. */
function hottest(now: StreamSnapshot, before: StreamSnapshot | undefined): [string | undefined, number] {
  const rises = Object.entries(now.throttledShards)
    .map(([shard, count]): [string, number] => [shard, count - (before?.throttledShards[shard] ?? 0)])
    .sort(([, a], [, b]) => b - a);
  const [first] = rises;
  if (first !== undefined && first[1] > 0) return first;
  const [whole] = Object.entries(now.throttledShards).sort(([, a], [, b]) => b - a);
  return whole ?? [undefined, now.throttles];
}

function sinkFinding({ letters: { waiting, failure } }: RecordSnapshot): Finding | undefined {
  if (failure === null) return undefined;
  return {
    level: 'bad',
    cause: 'dead-letter-sink',
    text: `${times(waiting, 'dead letter')} not taken by what takes them, ${shorten(failure.message)}; offered again with backoff`,
  };
}

function handlerFinding(now: HealthInput, { lastError }: RecordSnapshot): Finding | undefined {
  if (lastError === null || now.takenAt - lastError.at >= LATELY_MS) return undefined;
  return {
    level: 'warn',
    cause: 'handler',
    text: `handleEvent failed ${ago(now.takenAt - lastError.at)}, ${shorten(lastError.message)}; its batch is run again`,
  };
}

function refusalFinding(record: RecordSnapshot, earlier: RecordSnapshot | undefined): Finding | undefined {
  const risen = record.refused - (earlier?.refused ?? record.refused);
  if (risen > 0)
    return { level: 'bad', cause: 'refusing', text: `queue full, ${times(risen, 'event')} refused just now` };
  if (record.queueFill < FULL) return undefined;
  const share = `${Math.round(record.queueFill * 100)} %`;
  return {
    level: 'warn',
    cause: 'refusing',
    text: `queue ${share} full, ${times(record.refused, 'event')} refused so far`,
  };
}

function suspendedFinding({ nodes }: HealthInput, { name }: RecordSnapshot): Finding | undefined {
  const node = nodes.find(({ recordType, status }) => recordType === name && status === 'suspended');
  return node && { level: 'warn', cause: 'suspended', text: `its ${node.name} is suspended by hand` };
}

function crashFinding(now: HealthInput, { name }: RecordSnapshot): Finding | undefined {
  const entry = latest(now, ({ recordType }) => recordType === name);
  if (entry === undefined) return undefined;
  const what = entry.name === 'Thread' ? 'thread' : entry.name;
  return {
    level: 'warn',
    cause: 'crashed',
    text: `its ${what} ended ${ago(now.takenAt - entry.at)}, ${shorten(entry.reason.message)}, and was started again`,
  };
}

function deadLetterFinding(record: RecordSnapshot, earlier: RecordSnapshot | undefined): Finding | undefined {
  const risen = record.deadLettered - (earlier?.deadLettered ?? record.deadLettered);
  if (risen === 0) return undefined;
  const why = record.lastError === null ? '' : `, ${shorten(record.lastError.message)}`;
  return {
    level: 'warn',
    cause: 'dead-letters',
    text: `${times(risen, 'event')} dead-lettered just now${why}`,
  };
}

/** The parts that all types share. */
function sharedLines(now: HealthInput): HealthLine[] {
  const shared = new Map<string, RestartEntry>();
  for (const entry of now.restarts)
    if (entry.recordType === null && now.takenAt - entry.at < LATELY_MS) shared.set(entry.id, entry);
  return [...shared.values()].map((entry) => {
    const back = now.nodes.some(({ id }: TreeNode) => id === entry.id);
    const left =
      entry.budget === null
        ? ''
        : `; restart ${entry.attempt} of ${entry.budget.max} in ${entry.budget.seconds} s`;
    const along = entry.restartedWith.length === 0 ? '' : `, with ${entry.restartedWith.join(', ')}`;
    return {
      level: back ? 'warn' : 'bad',
      cause: 'crashed',
      recordType: null,
      text: `${entry.id} ended ${ago(now.takenAt - entry.at)}, ${shorten(entry.reason.message)}, ${back ? 'and was started again' : 'and is not back yet'}${along}${left}`,
    };
  });
}

function latest(now: HealthInput, matches: (entry: RestartEntry) => boolean): RestartEntry | undefined {
  return now.restarts.findLast((entry) => matches(entry) && now.takenAt - entry.at < LATELY_MS);
}

function waiting({ pending, oldestPendingMs }: RecordSnapshot): string {
  if (pending === 0) return '';
  const oldest =
    oldestPendingMs === null || oldestPendingMs < 1000 ? '' : `, oldest ${duration(oldestPendingMs)}`;
  return `; ${times(pending, 'event')} waiting${oldest}`;
}

function calm(record: RecordSnapshot): string {
  const { accepted, pending, delivered, thread } = record;
  if (accepted === 0) return 'nothing recorded yet';
  if (pending === 0) return `idle, all ${times(delivered, 'event')} delivered`;
  if (thread.isolation === 'thread' && thread.state !== 'ready')
    return `its thread is starting${waiting(record)}`;
  return `delivering${waiting(record)}`;
}

function times(count: number, word: string, words = `${word}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? word : words}`;
}

function ago(ms: number): string {
  return ms < 1000 ? 'just now' : `${duration(ms)} ago`;
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

function shorten(text: string): string {
  return text.length <= 160 ? text : `${text.slice(0, 160)}…`;
}
