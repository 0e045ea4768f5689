/**
 * Runs one property. What it fails with names the seed and the path of the smallest counterexample; the same run, that
 * one case alone:
 *
 *     PROPERTY_SEED=... PROPERTY_PATH=... npx mocha build/test/otp/properties/supervision.test.js -g 'name of the property'
 *
 * `PROPERTY_RUNS` says how many cases each property is tried with.
 */
import fc from 'fast-check';

const RUNS = 200;

/** `examples` come first: what it once failed with. */
export async function holds<Values>(
  property: fc.IAsyncProperty<Values>,
  examples: readonly Values[] = [],
): Promise<void> {
  const { PROPERTY_RUNS: runs, PROPERTY_SEED: seed, PROPERTY_PATH: path } = process.env;
  const outcome = await fc.check(property, {
    numRuns: Number(runs ?? RUNS),
    examples: [...examples],
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path, endOnFailure: true }),
  });
  if (!outcome.failed) return;
  const again = `PROPERTY_SEED=${outcome.seed} PROPERTY_PATH=${outcome.counterexamplePath ?? ''}`;
  const cause = outcome.errorInstance;
  const what = cause instanceof Error ? cause.message : String(cause);
  throw new Error(`${what}\n\n${fc.defaultReportMessage(outcome) ?? ''}\n\nto run it again: ${again}`, {
    cause,
  });
}
