/**
 * `npx beamline demo`: the whole machine on one computer, in front of a Kinesis in the same process, with the page open;
 * something goes wrong every few seconds. When it is ended it delivers what is pending, and tells what became of all.
 */
import { type Clock, holdProcess, type Timer } from '../../base/clock.ts';
import { Application } from '../../observer/application.ts';
import { kinesis } from '../../pipeline/adapter/kinesis.ts';
import type { Logger } from '../../pipeline/telemetry/logger.ts';
import type { Ledger } from '../../pipeline/view/ledger.ts';
import { type RunningKinesis, startKinesisSimulator } from '../../testing/kinesis/simulator.ts';
import { MISHAPS, type Stage } from './mishaps.ts';
import { type Shop, startTraffic } from './traffic.ts';

export interface DemoPlan {
  readonly port: number;
  /** Events a second, on average. */
  readonly rate: number;
  /** Between two mishaps, in milliseconds; 0: nothing goes wrong. */
  readonly everyMs: number;
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
  /** Called once, with the address of the page. */
  readonly ready: (url: string) => void;
}

/** The module that the record types' threads import; by its address, so that a bundler leaves it a file of its own. */
const SHOP = new URL('./shop.js', import.meta.url).href;
const MIB = 2 ** 20;
/** What a mishap does to Kinesis is over before the next one begins. */
const FAULT_SHARE = 0.7;
/** All that is said in the log is on the page. */
const QUIET: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => QUIET };

/** Resolves with the ledger when it has been ended and all is delivered. */
export async function runDemo(plan: DemoPlan): Promise<Ledger> {
  const release = holdProcess();
  const simulator = await startKinesisSimulator({
    streams: { signup: 2, pageview: 4, checkout: 2, master: 4 },
    latencyMs: { medianMs: 30, sigma: 0.5 },
    keepRecords: false,
  });
  try {
    const { endpoint, region, credentials } = simulator;
    const app = await Application.start({
      adapter: kinesis({ endpoint, region, credentials }),
      batchSize: 50,
      flushIntervalMs: 200,
      maxAttempts: 3,
      queueBytes: 16 * MIB,
      logger: QUIET,
      // The page counts them.
      deadLetter: () => {},
    });
    const { url } = await observe(app, plan.port);
    const shop = (await import(SHOP)) as Shop;
    plan.ready(url);
    const quiet = startTraffic(shop, plan.rate, plan.clock);
    const peace = startMishaps(plan, { app, simulator, shop });
    await aborted(plan.signal);
    peace();
    quiet();
    return await app.stop();
  } finally {
    await simulator.stop();
    release();
  }
}

/** An application whose page cannot be shown is no demo. */
async function observe(app: Application, port: number): Promise<{ readonly url: string }> {
  try {
    return await app.observe({ port, allowActions: true, showState: true });
  } catch (error) {
    await app.stop();
    throw error;
  }
}

interface Parts {
  readonly app: Application;
  readonly simulator: RunningKinesis;
  readonly shop: Shop;
}

function startMishaps({ everyMs, clock, print }: DemoPlan, { app, simulator, shop }: Parts): () => void {
  if (everyMs === 0) return () => {};
  const timers = new Set<Timer>();
  const after = (delayMs: number, work: () => void): void => {
    const timer = clock.setTimer(delayMs, () => {
      timers.delete(timer);
      work();
    });
    timers.add(timer);
  };
  const stage: Stage = {
    shop,
    async kill(id) {
      const { nodes } = await app.inspect();
      const pid = nodes.find((node) => node.id === id)?.pid;
      // It may be on its way back from the mishap before.
      if (typeof pid === 'string') app.kill(pid);
    },
    fault(rule) {
      simulator.setFaults([rule]);
      after(everyMs * FAULT_SHARE, () => simulator.setFaults([]));
    },
  };
  const next = (turn: number): void => {
    const { text, begin } = MISHAPS[turn % MISHAPS.length] as (typeof MISHAPS)[number];
    print(`${new Date(clock.wallTime()).toISOString().slice(11, 19)}  ${text}`);
    void Promise.resolve(begin(stage));
    after(everyMs, () => next(turn + 1));
  };
  after(everyMs, () => next(0));
  return () => {
    for (const timer of timers) timer.clear();
    simulator.setFaults([]);
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
