/**
 * What `record()` costs its caller's thread while a worker thread drains the queue. Recorders that put work off to later
 * turns of the caller's event loop are timed until it is done.
 */
import { deliver, startOnNull } from '../application.ts';
import { now, turn } from '../clock.ts';
import { pinoToWorker, segmentClient } from '../peers.ts';
import { drained } from '../record-types/plain.ts';
import { interleave, type Side } from '../rounds.ts';
import { type Row, rowOf } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { kilobyteEvents, standardEvents, tenKilobyteEvents } from '../standard-event.ts';

const ROUNDS = 151;
/** `JSON.stringify` became twice as fast with Node 24, and record() did not. */
const STRINGIFY_RATIO = Number(process.versions.node.split('.')[0]) >= 24 ? 1.3 : 1;

const handle = drained[0]!;

interface Yardstick {
  readonly name: string;
  readonly ratio: number;
  readonly each: (event: object) => unknown;
  /** Events a slice, by the slice of the others. */
  readonly share: number;
  /** Resolves when nothing is left to do for it on this thread. */
  readonly done: () => Promise<void>;
}

interface Size {
  readonly size: string;
  readonly events: readonly object[];
  readonly slice: number;
  readonly yardsticks: readonly Yardstick[];
}

export const record: Scenario = {
  name: 'record',
  async run() {
    const app = await startOnNull();
    await deliver(handle, 1000, standardEvents());
    check(handle.stats().delivered === 1000, 'the queue is not drained');
    const rows: Row[] = [];
    for (const size of sizes()) rows.push(...(await measure(size)));
    const { accepted, delivered, refused } = handle.stats();
    check(
      accepted === delivered && refused === 0,
      `${accepted} accepted, ${delivered} delivered, ${refused} refused`,
    );
    await app.stop();
    return rows;
  },
};

function sizes(): readonly Size[] {
  const json: Yardstick = {
    name: 'JSON.stringify',
    ratio: STRINGIFY_RATIO,
    each: stringify,
    share: 1,
    done: turn,
  };
  const pino = pinoToWorker();
  const segment = segmentClient();
  segment.on('error', (error) => check(false, String(error)));
  const track = (properties: object) => segment.track({ userId: 'user', event: 'signup', properties });
  const peers: readonly Yardstick[] = [
    { name: 'pino, worker transport', ratio: 0.5, each: (event) => pino.info(event), share: 1, done: turn },
    { name: '@segment/analytics-node', ratio: 0.05, each: track, share: 0.5, done: () => segment.flush() },
  ];
  return [
    { size: '213 bytes', events: standardEvents(), slice: 1000, yardsticks: [json, ...peers] },
    { size: '1 KB', events: kilobyteEvents(), slice: 200, yardsticks: [json] },
    { size: '10 KB', events: tenKilobyteEvents(), slice: 20, yardsticks: [json] },
  ];
}

async function measure({ size, events, slice, yardsticks }: Size): Promise<Row[]> {
  const sides: Record<string, Side> = {
    ours: () => perEvent(events, slice, (event) => handle.record(event), turn),
  };
  for (const { name, each, share, done } of yardsticks)
    sides[name] = () => perEvent(events, slice * share, each, done);
  sides.drain = async () => {
    await handle.flush();
    return 0;
  };
  const measured = await interleave(ROUNDS, sides);
  return yardsticks.map(({ name, ratio }) =>
    rowOf({
      scenario: `record, ${size}`,
      yardstick: name,
      unit: 'us',
      target: { type: 'ratio_at_most', ratio },
      ours: measured.ours ?? [],
      theirs: measured[name] ?? [],
    }),
  );
}

/** Microseconds per event. */
async function perEvent(
  events: readonly object[],
  slice: number,
  each: (event: object) => unknown,
  done: () => Promise<void>,
): Promise<number> {
  const start = now();
  for (let i = 0; i < slice; i++) each(events[i % events.length] as object);
  await done();
  return ((now() - start) / slice) * 1000;
}

/** Keeps what it makes, so that nothing is left out as of no use. */
let kept = 0;
function stringify(event: object): void {
  kept += JSON.stringify(event).length;
  check(kept > 0, 'JSON.stringify makes no text');
}
