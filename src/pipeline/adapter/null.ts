/**
 * The adapter that delivers to nowhere: every send succeeds. For a dry run, for benchmarks of what comes before
 * it, and for switching analytics off.
 */
import { entry } from '../../threads/entries.ts';
import type { AdapterDescriptor } from './adapter.ts';
import { type NullAdapterOptions, nullSchema } from './null/options.ts';
import { parseOptions } from './options.ts';

export type { NullAdapterOptions } from './null/options.ts';

const ENTRY = entry('null/entry.js', () => new URL('./null/entry.js', import.meta.url));

/**
 * ```ts
 * await Application.start({ adapter: nullAdapter() });
 * ```
 * Throws `ERR_OPTIONS`.
 */
export function nullAdapter(options: NullAdapterOptions = {}): AdapterDescriptor {
  return {
    module: ENTRY.beside,
    entry: ENTRY.name,
    options: parseOptions('nullAdapter()', nullSchema, options),
  };
}
