/** What every file in `scenarios/` exports: a name for the command line, and a run that measures its rows. */
import type { Row } from './row.ts';

export interface Scenario {
  readonly name: string;
  /** Checks what it is going to time, then times it. Runs in a process of its own. */
  run(): Promise<readonly Row[]>;
}

/** A benchmark that measures something that is wrong measures nothing. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`not timed, because it is wrong: ${message}`);
}
