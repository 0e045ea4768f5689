/** The options of `nullAdapter()`. */
import * as v from 'valibot';
import { optionsObject, wholeNumberBetween } from '../options.ts';

export const nullSchema = optionsObject({
  /** How long each send takes, in milliseconds. */
  delayMs: v.optional(wholeNumberBetween(0, 3_600_000), 0),
});

export type NullAdapterOptions = v.InferInput<typeof nullSchema>;
