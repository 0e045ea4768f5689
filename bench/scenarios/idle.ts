/**
 * The CPU that an application with ten record types takes when all are started and drained. V8 tidies up the heap of each
 * thread some seconds after its last event, once; that is over before the measurement begins.
 */
import { deliver, startOnNull } from '../application.ts';
import { now, processCpu, sleep } from '../clock.ts';
import { drained } from '../record-types/plain.ts';
import { rowOf } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import { standardEvents } from '../standard-event.ts';

const IDLE_MS = 10_000;
const SETTLE_MS = 25_000;
const ROUNDS = 3;

export const idle: Scenario = {
  name: 'idle',
  async run() {
    const bare = await idleShare();
    const app = await startOnNull();
    const events = standardEvents();
    for (const handle of drained) await deliver(handle, 1000, events);
    check(app.ledger().delivered === 10_000, 'they are not drained');
    await sleep(SETTLE_MS);
    const ours: number[] = [];
    for (let round = 0; round < ROUNDS; round++) ours.push(await idleShare());
    await app.stop();
    return [
      rowOf({
        scenario: 'idle, ten record types',
        yardstick: 'the same process before',
        unit: '% of a core',
        target: { type: 'at_most', value: 0.2 },
        ours,
        theirs: [bare],
      }),
    ];
  },
};

async function idleShare(): Promise<number> {
  const [start, cpu] = [now(), processCpu()];
  await sleep(IDLE_MS);
  return ((processCpu() - cpu) / (now() - start)) * 100;
}
