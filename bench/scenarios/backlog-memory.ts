/** What a million waiting events take of the process's memory, beside their encoded bytes; and of the main thread's heap. */

import { byteTarget } from '../../src/threads/queue/codec.ts';
import { Encoder } from '../../src/threads/queue/encoder.ts';
import { deliver, startOnNull } from '../application.ts';
import { sleep } from '../clock.ts';
import { drained, Held } from '../record-types/plain.ts';
import { rowOf } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { standardEvents } from '../standard-event.ts';

const BACKLOG = 1_000_000;
const PART = 10_000;
const MB = 1e6;

export const backlogMemory: Scenario = {
  name: 'backlog-memory',
  async run() {
    const app = await startOnNull();
    const events = standardEvents();
    await deliver(drained[0]!, 1000, events);
    // The thread of the type that is measured is there before: its own memory is no part of the backlog's.
    Held.record(events[0]);
    await sleep(500);
    collect();
    const before = process.memoryUsage();
    for (let i = 0; i < BACKLOG; i++) {
      check(Held.record(events[i % events.length]), 'the backlog does not fit');
      if (i % PART === 0) await sleep(1);
    }
    collect();
    const after = process.memoryUsage();
    check(Held.stats().pending === BACKLOG + 1, 'they do not all wait');
    await app.stop({ timeoutMs: 1 });
    const encoded = encodedBytes(events) * BACKLOG;
    const json = events.reduce((sum, event) => sum + JSON.stringify(event).length, 0) / events.length;
    const rows = [
      {
        yardstick: 'their encoded bytes',
        theirs: encoded,
        target: { type: 'ratio_at_most', ratio: 1.3 } as const,
      },
      { yardstick: 'their JSON', theirs: json * BACKLOG, target: { type: 'none' } as const },
    ].map(({ yardstick, theirs, target }) =>
      rowOf({
        scenario: 'backlog-memory',
        yardstick,
        unit: 'MB',
        target,
        ours: [(after.rss - before.rss) / MB],
        theirs: [theirs / MB],
      }),
    );
    return [
      ...rows,
      rowOf({
        scenario: "backlog-memory: growth of the main thread's heap",
        yardstick: 'their JSON',
        unit: 'MB',
        target: { type: 'at_most', value: 1 },
        ours: [Math.max(0, after.heapUsed - before.heapUsed) / MB],
        theirs: [(json * BACKLOG) / MB],
      }),
    ];
  },
};

/** Of one event, on average. */
function encodedBytes(events: readonly object[]): number {
  const encoder = new Encoder();
  const target = byteTarget(4096);
  return events.reduce((sum, event) => sum + encoder.encode(event, target, 0, 2048), 0) / events.length;
}

function collect(): void {
  check(globalThis.gc !== undefined, 'the process was started without --expose-gc');
  globalThis.gc();
}
