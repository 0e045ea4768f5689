/**
 * An application for one test: handlers run on the test's own thread, so that spies, closures and stubbed modules work;
 * what is sent stays in memory; and it is stopped however the test ends. All else is as in production, the validation of
 * events and options too.
 *
 *     await withApplication(async ({ app, adapter }) => {
 *       SignUp.record({ user: 'u-1', step: 'confirm' });
 *       await app.flush();
 *       assert.equal(adapter.messages('signup').length, 1);
 *     });
 */
import type { Clock } from '../base/clock.ts';
import { Application } from '../observer/application.ts';
import type { ApplicationOptionsInput } from '../pipeline/options/options.ts';
import { memory, type TestMemory } from './memory.ts';

/** Options of the application, and what tests have besides. */
export interface TestOptions extends Omit<Partial<ApplicationOptionsInput>, 'adapter'> {
  /** Default: a new one. */
  readonly adapter?: TestMemory;
  /** Default: the system's. With a `ManualClock` nothing happens by itself that waits for a time. */
  readonly clock?: Clock;
}

export interface TestApplication {
  readonly app: Application;
  readonly adapter: TestMemory;
}

type Test<Result> = (test: TestApplication) => Result | Promise<Result>;

/** Long waits are of no use in a test: an event is fetched at once, a handler that failed is run again at once. */
const QUICK = { isolation: 'inline', flushIntervalMs: 10, backoff: { initialMs: 1, maxMs: 10 } } as const;
const STOP_TIMEOUT_MS = 5000;

/**
 * Starts an application, calls `test` with it, and stops it, what is pending delivered. Resolves with what `test`
 * returned; rejects with what it threw.
 *
 * @throws BeamlineError as `Application.start`: `ERR_ALREADY_RUNNING` when another test still has one.
 */
export function withApplication<Result>(test: Test<Result>): Promise<Result>;
export function withApplication<Result>(options: TestOptions, test: Test<Result>): Promise<Result>;
export async function withApplication<Result>(
  ...args: readonly [Test<Result>] | readonly [TestOptions, Test<Result>]
): Promise<Result> {
  const [options, test] = args.length === 1 ? [{}, args[0]] : args;
  const { adapter = memory(), clock, ...given } = options;
  const app = await Application.start(
    { ...QUICK, ...given, adapter },
    clock === undefined ? undefined : { clock },
  );
  try {
    return await test({ app, adapter });
  } finally {
    // An outage that the test has left on would only be waited for.
    adapter.recover();
    await app.stop({ timeoutMs: STOP_TIMEOUT_MS });
  }
}
