/**
 * Runs one scenario, step after step, and records what came of each. A step is over when its operation has returned
 * and nothing is busy: no process is able to run, nothing is due. The clock stands still but for one case: nothing is
 * busy and the operation has not returned. Then the earliest timer fires, that one alone.
 */
import { ordered, orderedExits, sameRecord } from './compare.ts';
import type { Scenario, Step, StepRecord } from './format.ts';
import { operate, operateAside, type StepResult } from './steps.ts';
import { World } from './world.ts';

/** The first step whose record is not the one expected. */
export interface Difference {
  readonly step: number;
  readonly expected: StepRecord;
  readonly actual: StepRecord;
}

/** More turns of the event loop without rest than any scenario needs: something runs for ever. */
const TURNS_MAX = 10_000;

export async function runScenario(scenario: Scenario): Promise<Difference | undefined> {
  const world = new World();
  for (const [index, step] of scenario.steps.entries()) {
    const actual = await runStep(world, step, scenario);
    const expected = scenario.expected[index] as StepRecord;
    if (!sameRecord(expected, actual)) return { step: index, expected, actual };
  }
  return undefined;
}

async function runStep(world: World, step: Step, scenario: Scenario): Promise<StepRecord> {
  const { result, tookMs } = await returned(world, step);
  const within = step.within_ms === undefined ? {} : { within: tookMs <= step.within_ms };
  const told = { ...(result === undefined ? {} : { result }), ...within };
  if (step.settle === false) return told;
  await quiet(world);
  const { log, exits } = world.collect();
  return {
    ...told,
    ...(log.length === 0 ? {} : { log: ordered(log, step.order ?? scenario.order ?? 'total') }),
    ...(exits.length === 0 ? {} : { exits: step.exit_order === true ? exits : orderedExits(exits) }),
  };
}

/** Launches the operation and goes on until it has returned. */
async function returned(
  world: World,
  step: Step,
): Promise<{ readonly result: StepResult; readonly tookMs: number }> {
  if (step.async !== undefined) {
    operateAside(world, step.async, step);
    return { result: undefined, tookMs: 0 };
  }
  const begin = world.clock.now();
  let outcome: { readonly result: StepResult; readonly tookMs: number } | undefined;
  const operation = operate(world, world.driver, step).then((result) => {
    outcome = { result, tookMs: world.clock.now() - begin };
  });
  for (;;) {
    // A step that does not settle is followed by the next one as soon as its operation returns.
    await (step.settle === false ? Promise.race([operation, quiet(world)]) : quiet(world));
    if (outcome !== undefined) return outcome;
    if (!world.clock.fireNext()) throw new Error(`deadlock: ${step.op} waits, and no timer is set`);
  }
}

/** Waits until nothing is busy. Microtasks are done when a turn of the event loop comes: no promise is left to settle. */
async function quiet(world: World): Promise<void> {
  const { clock, runtime } = world;
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!runtime.scheduler.idle) continue;
    if (clock.nextDueAt === undefined || clock.nextDueAt > clock.now()) return;
    clock.fireNext();
  }
  throw new Error('never quiet: some process runs for ever');
}
