/**
 * The descriptor of the Kinesis adapter, made on the main thread. Nothing that this file imports loads the AWS
 * SDK: that happens in the record type's thread, which imports the descriptor's module.
 */
import type { AdapterDescriptor } from './adapter.ts';
import { type KinesisOptions, kinesisSchema } from './kinesis/options.ts';
import { parseOptions } from './options.ts';

export type { KinesisCredentials, KinesisCredentialsProvider, KinesisOptions } from './kinesis/options.ts';

/**
 * Delivers to Amazon Kinesis Data Streams.
 *
 * ```ts
 * kinesis({ region: 'eu-west-1', streams: { signup: 'prod-signup', master: 'prod-master' } })
 * ```
 * `credentials` may be a function: it stays on the main thread and is asked when credentials are needed. Throws
 * `ERR_OPTIONS` with every option that cannot be used.
 */
export function kinesis(options: KinesisOptions = {}): AdapterDescriptor {
  const module = new URL('./kinesis/entry.js', import.meta.url).href;
  if (typeof options === 'object' && options !== null && typeof options.credentials === 'function') {
    const { credentials, ...data } = options;
    return { module, options: parseOptions('kinesis()', kinesisSchema, data), functions: { credentials } };
  }
  return { module, options: parseOptions('kinesis()', kinesisSchema, options) };
}
