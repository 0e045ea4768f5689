/** What `record()` costs its caller with a million events waiting, beside the same with an empty queue. */
import { deliver, startOnNull } from '../application.ts';
import { now } from '../clock.ts';
import { drained, Held } from '../record-types/plain.ts';
import { interleave } from '../rounds.ts';
import { rowOf } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { standardEvents } from '../standard-event.ts';

const BACKLOG = 1_000_000;
const ROUNDS = 151;
const SLICE = 1000;

export const recordBacklog: Scenario = {
  name: 'record-backlog',
  async run() {
    const app = await startOnNull();
    const events = standardEvents();
    const empty = drained[0]!;
    await deliver(empty, 1000, events);
    for (let i = 0; i < BACKLOG; i++)
      check(Held.record(events[i % events.length]), 'the backlog does not fit');
    const perEvent = (handle: typeof Held): number => {
      const start = now();
      for (let i = 0; i < SLICE; i++) handle.record(events[i % events.length]);
      return ((now() - start) / SLICE) * 1000;
    };
    const { ours, theirs } = await interleave(ROUNDS, {
      ours: () => perEvent(Held),
      theirs: () => perEvent(empty),
      drain: async () => {
        await empty.flush();
        return 0;
      },
    });
    const { pending, refused } = Held.stats();
    check(pending >= BACKLOG && refused === 0, `${pending} wait, ${refused} were refused`);
    await app.stop({ timeoutMs: 1 });
    return [
      rowOf({
        scenario: 'record-backlog',
        yardstick: 'the same, queue empty',
        unit: 'us',
        target: { type: 'ratio_at_most', ratio: 1.1 },
        ours,
        theirs,
      }),
    ];
  },
};
