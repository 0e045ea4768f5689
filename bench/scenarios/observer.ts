/**
 * What it costs to be watched: the CPU of all threads for an event at 50,000 events a second, with a page open and without;
 * and for how long a look at 2,000 processes in eight threads keeps the main thread from anything else.
 */

import { checkLedger, deliver, startOnNull, startOnSink } from '../application.ts';
import { now, processCpu, sleep, turn } from '../clock.ts';
import { Page } from '../page.ts';
import { JsonEvent } from '../record-types/delivered.ts';
import { CONSUMERS, pools } from '../record-types/pool.ts';
import { interleave } from '../rounds.ts';
import { type Row, rowOf } from '../row.ts';
import { check, type Scenario } from '../scenario.ts';
import type { Application } from '../shipped.ts';
import { Sink } from '../sink.ts';
import { type SignUp, standardEvents } from '../standard-event.ts';

const ROUNDS = 10;
const EVENTS_PER_MS = 50;
const ROUND_MS = 3000;
const LOOKS = 60;
const PROCESSES = 2000;
/** As long as a look takes. */
const IDLE_MS = 50;

export const observer: Scenario = {
  name: 'observer',
  async run() {
    return [await pageCost(), ...(await blocks())];
  },
};

async function pageCost(): Promise<Row> {
  const sink = await Sink.start();
  const app = await startOnSink(sink);
  const { url } = await app.observe({ port: 0 });
  const events = standardEvents();
  await deliver(JsonEvent, 20_000, events);
  let accepted = 20_000;
  const round = async (): Promise<number> => {
    const [before, cpu] = [JsonEvent.stats().accepted, processCpu()];
    await underLoad(events);
    const offered = JsonEvent.stats().accepted - before;
    accepted += offered;
    return ((processCpu() - cpu) / offered) * 1000;
  };
  const { ours, theirs } = await interleave(ROUNDS, {
    async ours() {
      const page = new Page(url);
      await page.open();
      const cost = await round();
      await page.close();
      return cost;
    },
    theirs: round,
  });
  checkLedger(JsonEvent, accepted);
  await app.stop();
  sink.stop();
  return rowOf({
    scenario: 'observer: one open page, 50,000 events/s',
    yardstick: 'the same without',
    unit: 'us of CPU an event',
    target: { type: 'ratio_at_most', ratio: 1.05 },
    ours,
    theirs,
  });
}

async function underLoad(events: readonly SignUp[]): Promise<void> {
  const start = now();
  let offered = 0;
  while (now() - start < ROUND_MS) {
    const due = Math.floor((now() - start) * EVENTS_PER_MS);
    for (; offered < due; offered++)
      check(JsonEvent.record(events[offered % events.length] as SignUp), 'the queue is full');
    await sleep(2);
  }
  await JsonEvent.flush();
}

/** What `inspect()` blocks, and what a page does that takes all of it over HTTP. */
async function blocks(): Promise<Row[]> {
  const app = await startOnNull();
  const { url } = await app.observe({ port: 0 });
  await fill(app);
  const page = new Page(url);
  await page.look();
  const idle = await longestOf(() => sleep(IDLE_MS));
  const inspected = await longestOf(async () => {
    const { nodesTotal } = await app.inspect();
    check(nodesTotal >= PROCESSES, `${nodesTotal} processes`);
  });
  const shown = await longestOf(() => page.look());
  await page.close();
  await app.stop({ timeoutMs: 0 });
  const row = (scenario: string, ours: readonly number[]): Row =>
    rowOf({
      scenario,
      yardstick: 'the same process, idle',
      unit: 'ms, the longest block',
      target: { type: 'at_most', value: 10 },
      ours,
      theirs: idle,
    });
  return [
    row('observer: inspect(), 2,000 processes in 8 threads', inspected),
    row('observer: a whole picture of them over HTTP', shown),
  ];
}

async function fill(app: Application): Promise<void> {
  for (const pool of pools) for (let i = 0; i < CONSUMERS; i++) pool.record({ i });
  for (;;) {
    const { records } = await app.inspect();
    const running = records.filter(({ name }) => name.startsWith('Pool')).map((record) => record.running);
    if (running.every((count) => count === CONSUMERS)) return;
    await sleep(50);
  }
}

/** The longest time between two turns of the event loop while `work` runs, each time. */
async function longestOf(work: () => Promise<unknown>): Promise<readonly number[]> {
  const longest: number[] = [];
  for (let time = 0; time < LOOKS; time++) {
    let most = 0;
    let over = false;
    const done = work().finally(() => {
      over = true;
    });
    for (let before = now(); !over; ) {
      await turn();
      const after = now();
      most = Math.max(most, after - before);
      before = after;
    }
    await done;
    longest.push(most);
  }
  return longest;
}
