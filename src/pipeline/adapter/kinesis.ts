/**
 * The descriptor of the Kinesis adapter, made on the main thread. Nothing that this file imports loads the AWS
 * SDK: that happens in the record type's thread, which imports the descriptor's module.
 */
import { entry } from '../../threads/entries.ts';
import type { OptionSource } from '../options/shown-options.ts';
import type { AdapterDescriptor } from './adapter.ts';
import { type FromEnvironment, kinesisFromEnvironment } from './kinesis/from-environment.ts';
import { type KinesisOptions, kinesisSchema } from './kinesis/options.ts';
import { parseOptions } from './options.ts';

export type { KinesisCredentials, KinesisCredentialsProvider, KinesisOptions } from './kinesis/options.ts';

const ENTRY = entry('kinesis/entry.js', () => new URL('./kinesis/entry.js', import.meta.url));

/**
 * Delivers to Amazon Kinesis Data Streams.
 *
 * ```ts
 * kinesis({ region: 'eu-west-1', streams: { signup: 'prod-signup', master: 'prod-master' } })
 * ```
 * `credentials` may be a function: it stays on the main thread and is asked when credentials are needed. What is not given
 * may come from `BEAMLINE_REGION`, `BEAMLINE_ENDPOINT` and `BEAMLINE_STREAMS`. Throws `ERR_OPTIONS` with every option that
 * cannot be used.
 */
export function kinesis(options: KinesisOptions = {}): AdapterDescriptor {
  const at = { module: ENTRY.beside, entry: ENTRY.name };
  if (typeof options !== 'object' || options === null)
    return { ...at, options: parseOptions('kinesis()', kinesisSchema, options) };
  const { credentials, ...given } = options;
  const environment = kinesisFromEnvironment();
  const whole = withEnvironment(given, environment);
  const functions = typeof credentials === 'function' ? { credentials } : undefined;
  const data = credentials === undefined || functions !== undefined ? whole : { ...whole, credentials };
  const settings = parseOptions('kinesis()', kinesisSchema, data);
  const sources = Object.keys(settings).map((name) => [name, sourceOf(name, given, environment)] as const);
  return {
    ...at,
    options: settings,
    sources: {
      ...Object.fromEntries(sources),
      ...(credentials === undefined ? {} : { credentials: 'code' }),
    },
    ...(functions === undefined ? {} : { functions }),
  };
}

type Given = Omit<KinesisOptions, 'credentials'>;

/** What is given goes before what the environment says, of `streams` each name by itself. */
function withEnvironment(given: Given, { streams, ...environment }: FromEnvironment): Given {
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  if (streams === undefined) return { ...environment, ...known };
  const own = given.streams ?? {};
  return { ...environment, ...known, streams: typeof own === 'object' ? { ...streams, ...own } : own };
}

function sourceOf(name: string, given: object, environment: object): OptionSource {
  if ((given as Readonly<Record<string, unknown>>)[name] !== undefined) return 'code';
  return Object.hasOwn(environment, name) ? 'environment' : 'default';
}
