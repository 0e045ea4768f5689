/** The application under measurement, and the way events are put into it as fast as it takes them. */
import type { RecordHandle } from '../src/index.ts';
import { sleep } from './clock.ts';
import { check } from './scenario.ts';
import { CREDENTIALS, REGION } from './sdk-loop.ts';
import { Application, kinesis, nullAdapter } from './shipped.ts';
import type { Sink } from './sink.ts';

export const QUIET = { debug() {}, info() {}, warn() {}, error() {}, child: () => QUIET };

export function startOnNull(): Promise<Application> {
  return Application.start({ adapter: nullAdapter(), logger: QUIET });
}

export function startOnSink({ endpoint }: Sink): Promise<Application> {
  const adapter = kinesis({ region: REGION, endpoint, credentials: CREDENTIALS });
  return Application.start({ adapter, logger: QUIET });
}

/** Records so many events, waiting whenever the queue is full, and resolves when all are delivered. */
export async function deliver<Event>(
  handle: RecordHandle<Event>,
  count: number,
  events: readonly Event[],
): Promise<void> {
  for (let i = 0; i < count; i++) {
    while (!handle.record(events[i % events.length] as Event)) await sleep(1);
  }
  await handle.flush();
}

/** Nothing was refused, lost or dead-lettered. */
export function checkLedger(handle: RecordHandle<never> | RecordHandle<unknown>, accepted: number): void {
  const counts = handle.stats();
  check(counts.accepted === accepted, `${counts.accepted} of ${accepted} events were accepted`);
  check(counts.delivered === accepted, `${counts.delivered} of ${accepted} events were delivered`);
}
