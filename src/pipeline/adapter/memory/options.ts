/** The options of `memory()`, as the user gives them and as they cross to the thread. */
import * as v from 'valibot';
import { isSharedLog, type SharedLog } from '../../../threads/shared-log.ts';
import { optionsObject, wholeNumberBetween } from '../options.ts';

const MIB = 1024 * 1024;

export const memorySchema = optionsObject({
  /** Shown in the tree and in errors. */
  name: v.optional(v.string('a string'), 'memory'),
  /** Room for all that is ever sent; memory that is not written to costs nothing. */
  bytesMax: v.optional(wholeNumberBetween(1024, 512 * MIB), 64 * MIB),
});

export type MemoryOptions = v.InferInput<typeof memorySchema>;

export const memoryWireSchema = optionsObject({
  name: v.string('a string'),
  memory: v.custom<SharedLog>(isSharedLog, 'the memory that memory() made'),
});
