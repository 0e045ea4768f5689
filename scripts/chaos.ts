/**
 * `npm run chaos -- --events 100000 --seed 1`: an application in a process of its own, with several threads that record
 * into three types, which send to a Kinesis that fails in every way it can. Threads and processes of the tree are killed,
 * handlers hang or exhaust their memory, events are poison; and with `kill` the whole process is killed by SIGKILL and
 * started again on the same spool. At the end every event that was confirmed is looked up in what that Kinesis really
 * holds. Exit code 1 if one is missing, was never recorded, has two ids, or the ledger is not exact.
 *
 * The same seed gives the same faults, by request, and the same victims, in the same order.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKinesisSimulator } from '../src/testing/index.ts';
import { STREAMS } from './chaos/events.ts';
import { planOf, rulesOf } from './chaos/plan.ts';
import { isGood, keep, lineOf } from './chaos/report.ts';
import { Run } from './chaos/run.ts';

async function main(): Promise<number> {
  const plan = planOf(process.argv.slice(2));
  const simulator = await startKinesisSimulator({
    streams: Object.fromEntries(Object.values(STREAMS).map((stream) => [stream, 4])),
    limits: false,
    latencyMs: { meanMs: 50, spread: 0.75 },
    seed: plan.seed,
    faults: rulesOf(plan),
  });
  const folder = await mkdtemp(join(tmpdir(), 'beamline-chaos-'));
  try {
    const verdict = await new Run(plan, simulator, folder, console.error).toItsEnd();
    console.log(plan.json ? JSON.stringify(verdict) : lineOf(verdict));
    if (plan.out !== undefined) keep(plan.out, verdict);
    return isGood(verdict) ? 0 : 1;
  } finally {
    await simulator.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
