/** What the threads of threads.test.ts run; the role is in `workerData`. */
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import {
  ClaimTable,
  type ConfirmationsHandle,
  type QueueHandle,
  QueueSignals,
  QueueWriter,
  RecordingThread,
} from '../../../src/threads/queue/index.ts';
import { stillClock, watch } from './rig.ts';

export type Role =
  | { readonly type: 'write'; readonly handle: QueueHandle; readonly writer: number; readonly events: number }
  | {
      readonly type: 'read';
      readonly handle: QueueHandle;
      readonly events: number;
      /** How many events it waits for, and claims at once. */
      readonly batch?: number;
      readonly confirmations?: ConfirmationsHandle;
    }
  | { readonly type: 'echo'; readonly from: QueueHandle; readonly to: QueueHandle };

export interface ReadReport {
  /** How many events of each writer. */
  readonly events: Readonly<Record<string, number>>;
  /** The first event that came out of its writer's order. */
  readonly disorder: string | undefined;
}

/** Waits as long as it takes: a wake-up that is missed is a test that hangs. */
function tableOf(handle: QueueHandle, confirmations?: ConfirmationsHandle): ClaimTable<string> {
  const generation = new QueueSignals(handle).nextReaderGeneration();
  return new ClaimTable<string>(
    handle,
    { generation, predecessor: 'none', ...(confirmations === undefined ? {} : { confirmations }) },
    watch,
  );
}

async function write({ handle, writer, events }: Role & { type: 'write' }): Promise<{ refused: number }> {
  const queue = new QueueWriter(handle, new RecordingThread({ writer, clock: stillClock }));
  let refused = 0;
  for (let number = 0; number < events; number++) {
    while (!queue.append({ writer, number, text: 'some text', nested: { list: [1, 2.5, null] } })) {
      refused++;
      await setImmediate();
    }
  }
  return { refused };
}

async function read({
  handle,
  events,
  batch = 1,
  confirmations,
}: Role & { type: 'read' }): Promise<ReadReport> {
  const table = tableOf(handle, confirmations);
  const next: Record<string, number> = {};
  let disorder: string | undefined;
  for (let seen = 0; seen < events; ) {
    await table.waitForEvents({ events: batch });
    for (;;) {
      const claim = table.claim({
        maxEvents: batch === 1 ? 500 : batch,
        maxBytes: 1_000_000,
        owner: 'reader',
      });
      if (claim === undefined) break;
      for (const event of claim.events) {
        const { writer, number, text, nested } = event.decode() as {
          writer: number;
          number: number;
          text: string;
          nested: { list: unknown[] };
        };
        const expected = next[writer] ?? 0;
        const intact = text === 'some text' && nested.list.length === 3 && nested.list[1] === 2.5;
        if (number !== expected || !intact || event.id !== `boot-${writer}-${number + 1}`) {
          disorder ??= `${event.id} holds ${number} of ${writer}, after ${expected - 1}`;
        }
        next[writer] = expected + 1;
      }
      seen += claim.events.length;
      if (batch > 1 && claim.events.length < batch) disorder ??= `a batch of ${claim.events.length} events`;
      table.settle(claim, 'delivered');
      if (batch > 1) break;
    }
  }
  return { events: next, disorder };
}

async function echo({ from, to }: Role & { type: 'echo' }): Promise<void> {
  const table = tableOf(from);
  const writer = new QueueWriter(to, new RecordingThread({ writer: 2, clock: stillClock }));
  for (;;) {
    await table.waitForEvents({ events: 1 });
    const claim = table.claim({ maxEvents: 10, maxBytes: 1000, owner: 'echo' });
    if (claim === undefined) continue;
    const numbers = claim.events.map((event) => event.decode());
    table.settle(claim, 'delivered');
    for (const number of numbers) if (!writer.append(number)) throw new Error('the echo queue is full');
    if (numbers.includes('end')) return;
  }
}

const role = workerData as Role;
const port = parentPort;
if (port === null) throw new Error('a worker thread has a parent');
// A thread that only waits on shared memory would end at once.
const held = new Int32Array(1);
port.on('message', () => held.fill(1));
const report = await (role.type === 'write' ? write(role) : role.type === 'read' ? read(role) : echo(role));
port.postMessage(report);
port.close();
