/**
 * Records one writer's share of a life's events, in bursts, into all types: of every four, three that it waits for. On
 * the main thread, or, as a program of its own, in a worker thread.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { isBeamlineError, Records, type RecordsHandle } from '../../src/index.ts';
import { eventOf, type Poison, RECORDS, typeOf } from './events.ts';

export interface WriterTask {
  readonly writer: number;
  /** Numbers of its events: from, to and without `to`. */
  readonly from: number;
  readonly to: number;
  readonly perSecond: number;
  /** Numbers of the events that are poison, and how. */
  readonly poison: readonly (readonly [number: number, how: Poison])[];
}

/** What became of a burst. */
export interface Written {
  readonly confirmed: readonly (readonly [key: string, id: string])[];
  /** Accepted, and waited for by nobody. */
  readonly accepted: readonly string[];
  readonly refused: readonly string[];
}

const BURST_MS = 20;
/** Of so many events the confirmation is waited for: of all but every fourth. */
export const CONFIRMED_SHARE = 3 / 4;

export async function write(
  { writer, from, to, perSecond, poison }: WriterTask,
  tell: (written: Written) => void,
): Promise<void> {
  const planted = new Map(poison);
  const burst = Math.max(1, Math.round((perSecond * BURST_MS) / 1000));
  const under = new Set<Promise<void>>();
  for (let n = from; n < to; ) {
    const accepted: string[] = [];
    const refused: string[] = [];
    const waiting: Promise<readonly [string, string] | undefined>[] = [];
    for (const end = Math.min(to, n + burst); n < end; n++) {
      const event = eventOf(writer, n, planted.get(n));
      const type = RECORDS[typeOf(n)];
      if (n % 4 !== 3) {
        waiting.push(
          type.recordAndConfirm(event).then(
            ({ id }) => [event.key, id] as const,
            (error: unknown) => {
              if (!isBeamlineError(error)) throw error;
              if (error.code === 'ERR_QUEUE_FULL') refused.push(event.key);
              else if (error.code === 'ERR_DEAD_LETTERED') accepted.push(event.key);
              else throw error;
              return undefined;
            },
          ),
        );
      } else if (type.record(event)) accepted.push(event.key);
      else refused.push(event.key);
    }
    const told = Promise.all(waiting).then((all) => {
      tell({ confirmed: all.filter((each) => each !== undefined), accepted, refused });
    });
    under.add(told);
    void told.finally(() => under.delete(told));
    await sleep(BURST_MS);
  }
  await Promise.all(under);
}

if (!isMainThread && parentPort !== null) {
  const { records, task } = workerData as { records: RecordsHandle; task: WriterTask };
  const port = parentPort;
  Records.attach(records);
  await write(task, (written) => port.postMessage(written));
}
