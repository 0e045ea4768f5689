/**
 * The options of `kinesis()`: type, default, bounds and meaning of each in one place. Knows nothing of the AWS
 * SDK, because the main thread parses with it.
 */
import * as v from 'valibot';
import type { Backoff } from '../../../base/backoff.ts';
import { madeAtUse, numberBetween, optionsObject, wholeNumberBetween } from '../options.ts';
import { API_RECORDS_MAX, API_REQUEST_BYTES_MAX } from './request.ts';
import { streamTarget } from './stream-target.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

const text = madeAtUse(() => v.pipe(v.string('a string'), v.minLength(1, 'a string that is not empty')));

/** The SDK makes it a part of a host's name, and knows of no more than that it is one. */
export function isRegion(text: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(text);
}

const region = madeAtUse(() => {
  const expected = "a region's name, such as eu-west-1";
  return v.pipe(v.string(expected), v.check(isRegion, expected));
});

const url = (protocols: readonly string[]) => {
  const expected = `a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  return v.pipe(
    v.string(expected),
    v.check((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), expected),
  );
};

const stream = madeAtUse(() => {
  const expected = "a stream's name (1 to 128 of a-z A-Z 0-9 _ . -) or its ARN";
  return v.pipe(
    v.string(expected),
    v.check((value) => streamTarget(value) !== null, expected),
  );
});

const credentialsSchema = madeAtUse(() =>
  optionsObject({
    accessKeyId: text,
    secretAccessKey: text,
    sessionToken: v.exactOptional(text),
    expiration: v.exactOptional(v.date('a Date')),
  }),
);

/** What a function gives. Those of the AWS SDK, of an assumed role for one, give more: an account, a source. */
export const givenCredentialsSchema = madeAtUse(() =>
  v.pipe(
    v.object({
      accessKeyId: text,
      secretAccessKey: text,
      sessionToken: v.optional(text),
      expiration: v.optional(v.date('a Date')),
    }),
    v.transform(
      ({ sessionToken, expiration, ...keys }): KinesisCredentials => ({
        ...keys,
        ...(sessionToken === undefined ? {} : { sessionToken }),
        ...(expiration === undefined ? {} : { expiration }),
      }),
    ),
  ),
);

const backoff = (defaults: Backoff) =>
  v.optional(
    optionsObject({
      initialMs: v.optional(wholeNumberBetween(0, 3_600_000), defaults.initialMs),
      maxMs: v.optional(wholeNumberBetween(0, 3_600_000), defaults.maxMs),
      factor: v.optional(numberBetween(1, 100), defaults.factor),
      jitter: v.optional(numberBetween(0, 1), defaults.jitter),
    }),
    defaults,
  );

const entries = () => ({
  /** Default: what the AWS SDK finds (AWS_REGION, the profile). */
  region: v.optional(region),
  /** Another Kinesis than the region's: an emulator, a VPC endpoint. */
  endpoint: v.optional(url(['https:', 'http:'])),
  /** Default: the AWS SDK's chain (environment, profile, container, instance). */
  credentials: v.optional(credentialsSchema),
  /** From names used in `sendData` to stream names or ARNs. A name that is not in it is the stream's own. */
  streams: v.optional(v.record(v.string('a name'), stream, 'an object from names to streams'), {}),
  http: v.optional(
    optionsObject({
      /** To the TCP and TLS connection; after it, the request fails and is tried again. */
      connectTimeoutMs: v.optional(wholeNumberBetween(1, 600_000), 5_000),
      /** Certificates to trust in place of Node's, in PEM. */
      ca: v.optional(text),
      /**
       * The file URL of a module that exports `createRequestHandler({ maxSockets, connectTimeoutMs, ca })`, which
       * gives the SDK's request handler: for a proxy, or anything else that is not plain data.
       */
      module: v.optional(url(['file:'])),
    }),
    {},
  ),
  /**
   * Whether to make a stream that is missing: `true` makes it on-demand, `{ shards }` provisioned. A stream given
   * by ARN is never made.
   */
  createStreams: v.optional(
    v.union(
      [v.boolean(), v.strictObject({ shards: wholeNumberBetween(1, 10_000) })],
      'true, false, or { shards: a whole number from 1 to 10000 }',
    ),
    false,
  ),
  /**
   * Whether to ask at the start if each stream in `streams` would take a record (a dry run: none is written), and to
   * log what is wrong and what mends it. Only AWS itself is asked, not another `endpoint`.
   */
  preflight: v.optional(v.boolean('true or false'), false),
  /** To the whole answer of a request. After it the request is given up and sent again, which may duplicate. */
  requestTimeoutMs: v.optional(wholeNumberBetween(1, 600_000), 30_000),
  /**
   * Whether several messages may share a Kinesis record, in the format of the Kinesis Producer Library. A reader has
   * to take it apart: the Kinesis Client Library, Lambda's helpers and Firehose do. `'shard'`: messages for the same
   * shard, which needs the permission `kinesis:ListShards` (without it, as `'equal-keys'`). `'equal-keys'`: messages
   * with the same partition key. On a stream that distributes records by itself nothing is aggregated.
   */
  aggregation: v.optional(
    v.picklist(['none', 'equal-keys', 'shard'], "'none', 'equal-keys' or 'shard'"),
    'none',
  ),
  /** The size of an aggregate, at most. The default is what AWS bills as one unit. */
  aggregateBytes: v.optional(wholeNumberBetween(256, MIB), 25_600),
  /** How long a message may wait for others to fill its aggregate. One that is alone, or the last of a flush, does not. */
  collectMs: v.optional(wholeNumberBetween(0, 60_000), 250),
  /**
   * Whether to read which shards a stream has (`kinesis:ListShards`), to send to each as fast as it takes, and how
   * large its records may be (`kinesis:DescribeStreamSummary`). Without the permissions sending goes on without.
   */
  shardMap: v.optional(v.boolean('true or false'), true),
  /** Requests under way at a time, over all streams of a record type; also the connections kept open. */
  maxInFlight: v.optional(wholeNumberBetween(1, 1_000), 16),
  /** Data and partition key. Default: what the stream says its limit is, or 1 MiB when it may not be asked. */
  maxRecordBytes: v.optional(wholeNumberBetween(1, 10 * MIB)),
  maxRequestRecords: v.optional(wholeNumberBetween(1, API_RECORDS_MAX), API_RECORDS_MAX),
  /** Halved by itself when whatever answers calls a request too large. */
  maxRequestBytes: v.optional(wholeNumberBetween(KIB, API_REQUEST_BYTES_MAX), API_REQUEST_BYTES_MAX),
  /** After temporary errors. */
  backoff: backoff({ initialMs: 100, maxMs: 5_000, factor: 2, jitter: 1 }),
  /** After throttling. */
  throttleBackoff: backoff({ initialMs: 500, maxMs: 10_000, factor: 2, jitter: 1 }),
  /** Between the probes of a paused stream. */
  probeBackoff: backoff({ initialMs: 1_000, maxMs: 60_000, factor: 2, jitter: 0.2 }),
});

/** What crosses to the thread: plain data. */
export const kinesisSchema = madeAtUse(() => optionsObject(entries()));

/** Parsed, with all defaults. */
export type KinesisSettings = v.InferOutput<typeof kinesisSchema>;

export type KinesisCredentials = v.InferInput<typeof credentialsSchema>;

/** Asked on the main thread, when credentials are needed and those at hand have expired or were refused. */
export type KinesisCredentialsProvider = () => KinesisCredentials | Promise<KinesisCredentials>;

export type KinesisOptions = Omit<v.InferInput<typeof kinesisSchema>, 'credentials'> & {
  readonly credentials?: KinesisCredentials | KinesisCredentialsProvider;
};
