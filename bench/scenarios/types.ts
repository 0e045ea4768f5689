/** Events a second through as many record types as there are, beside one: what a type more costs the others. */
import type { RecordHandle } from '../../src/index.ts';
import { deliver, startOnNull } from '../application.ts';
import { now, sleep } from '../clock.ts';
import { drained } from '../record-types/plain.ts';
import { interleave } from '../rounds.ts';
import { rowOf } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { standardEvents } from '../standard-event.ts';

const ROUNDS = 7;
const EVENTS = 200_000;
/** A thread compiles its code anew, and its heap grows: one that has had fewer events than this is still at it. */
const WARM_UP = 150_000;

export const types: Scenario = {
  name: 'types',
  async run() {
    const app = await startOnNull();
    const events = standardEvents();
    for (const handle of drained.slice(0, 8)) await deliver(handle, WARM_UP, events);
    const through = (count: number) => async (): Promise<number> => {
      const handles = drained.slice(0, count);
      const start = now();
      for (let i = 0; i < EVENTS; i++) {
        const handle = handles[i % count] as RecordHandle<unknown>;
        while (!handle.record(events[i % events.length])) await sleep(1);
      }
      await Promise.all(handles.map((handle) => handle.flush()));
      return EVENTS / (now() - start);
    };
    const { one, two, four, eight } = await interleave(ROUNDS, {
      one: through(1),
      two: through(2),
      four: through(4),
      eight: through(8),
    });
    const { accepted, delivered } = await app.stop();
    check(accepted === delivered, `${delivered} of ${accepted} events were delivered`);
    const row = (count: number, ours: readonly number[]) =>
      rowOf({
        scenario: `types, ${count}`,
        yardstick: '1 type',
        unit: 'thousand events/s',
        target: { type: 'ratio_at_least', ratio: 0.9 },
        ours,
        theirs: one,
      });
    return [row(2, two), row(4, four), row(8, eight)];
  },
};
