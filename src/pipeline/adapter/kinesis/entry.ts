/** The module of `kinesis()`: what a record type's thread imports, and with it the AWS SDK. */
import type { Adapter, AdapterContext } from '../adapter.ts';
import { parseOptions } from '../options.ts';
import { KinesisAdapter } from './kinesis-adapter.ts';
import { kinesisSchema } from './options.ts';
import { SdkTransport } from './sdk-transport.ts';

/** Rejects with `ERR_OPTIONS` when there is no region to be found anywhere. */
export async function createAdapter(options: unknown, context: AdapterContext): Promise<Adapter> {
  const settings = parseOptions('kinesis()', kinesisSchema, options);
  return new KinesisAdapter(settings, await SdkTransport.open(settings, context), context);
}
