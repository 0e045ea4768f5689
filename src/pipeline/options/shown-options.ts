/** The options of a running application as the debug API shows them: each value with where it comes from. No secrets. */
import { shownValue } from '../shown-value.ts';

/** Code goes before the environment, the environment before the default. */
export type OptionSource = 'code' | 'environment' | 'default';

export interface ShownOption {
  /** `batchSize`, `backoff.maxMs`, `kinesis().region`. */
  readonly name: string;
  /** Whose it is, when a definition has it; null for the application's. */
  readonly recordType: string | null;
  readonly value: string;
  readonly source: OptionSource;
}

/** An option's value by its name and, when it is a group, the values of its fields. */
export function shownOption(
  name: string,
  recordType: string | null,
  value: unknown,
  source: OptionSource,
): ShownOption {
  return { name, recordType, value: shownValue(name, value), source };
}
