/**
 * Runs one scenario, step after step, and records what came of each. A step is over when its operation has returned
 * and nothing is busy: no process is able to run, nothing is due. The clock stands still but for one case: nothing is
 * busy and the operation has not returned. Then the earliest timer fires, that one alone.
 */
import { ordered, orderedExits, sameRecord } from './compare.ts';
import type { Scenario, Step, StepRecord } from './format.ts';
import type { HomeWorld } from './home-world.ts';
import { ONE_THREAD, type Placement } from './placement.ts';
import { quiet } from './quiet.ts';
import { operate, operateAside, type StepResult } from './steps.ts';

/** The first step whose record is not the one expected. */
export interface Difference {
  readonly step: number;
  readonly expected: StepRecord;
  readonly actual: StepRecord;
}

export async function runScenario(
  scenario: Scenario,
  placement: Placement = ONE_THREAD,
): Promise<Difference | undefined> {
  const world = placement.open();
  try {
    for (const [index, step] of scenario.steps.entries()) {
      const actual = await runStep(world, step, scenario);
      const expected = scenario.expected[index] as StepRecord;
      if (!sameRecord(expected, actual)) return { step: index, expected, actual };
    }
    return undefined;
  } finally {
    await placement.close(world);
  }
}

async function runStep(world: HomeWorld, step: Step, scenario: Scenario): Promise<StepRecord> {
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
  world: HomeWorld,
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
    const isReturned = (): boolean => outcome !== undefined;
    await (step.settle === false ? Promise.race([operation, quiet(world, isReturned)]) : quiet(world));
    if (outcome !== undefined) return outcome;
    if (!world.fireNext()) throw new Error(`deadlock: ${step.op} waits, and no timer is set`);
  }
}
