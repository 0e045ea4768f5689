/** What one scenario came to, as data and as text for people. */
import { compactJson } from './compare.ts';
import type { ScenarioFile } from './corpus.ts';
import type { Json, Scenario } from './format.ts';
import { FormatError } from './kinds.ts';
import type { Placement } from './placement.ts';
import { type Difference, runScenario } from './run.ts';

export type Verdict =
  | { readonly type: 'passed'; readonly path: string }
  | {
      readonly type: 'differs';
      readonly path: string;
      readonly scenario: Scenario;
      readonly difference: Difference;
    }
  /** The file is no scenario, or running it threw. */
  | { readonly type: 'broken'; readonly path: string; readonly error: unknown };

export async function judge({ path, read }: ScenarioFile, placement: Placement): Promise<Verdict> {
  try {
    const scenario = read();
    const difference = await runScenario(scenario, placement);
    return difference === undefined
      ? { type: 'passed', path }
      : { type: 'differs', path, scenario, difference };
  } catch (error) {
    return { type: 'broken', path, error };
  }
}

/** The first step that differs, and what came before it. */
export function explain(verdict: Exclude<Verdict, { type: 'passed' }>): string {
  if (verdict.type === 'broken') {
    return `${verdict.path}: ${trouble(verdict.error)}`;
  }
  const { scenario, difference, path } = verdict;
  const text = (value: unknown): string => compactJson(value as Json);
  const before = scenario.steps
    .slice(0, difference.step)
    .flatMap((step, index) => [`    ${index} ${text(step)}`, `      -> ${text(scenario.expected[index])}`]);
  return [
    `${path}: ${scenario.why}`,
    ...(before.length === 0 ? [] : ['  before:', ...before]),
    `  step ${difference.step}: ${text(scenario.steps[difference.step])}`,
    `    expected ${text(difference.expected)}`,
    `    actual   ${text(difference.actual)}`,
  ].join('\n');
}

/** A file that is no scenario needs no stack; a fault of the interpreter does. */
function trouble(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isTheFiles = error instanceof FormatError || error instanceof SyntaxError;
  return isTheFiles ? error.message : (error.stack ?? error.message);
}
