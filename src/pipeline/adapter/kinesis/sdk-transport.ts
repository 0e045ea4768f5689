/**
 * The transport over the AWS SDK, which is loaded when one is opened.
 *
 * - HTTP/1.1 with kept connections, one per request in flight. The SDK's own default opens a TCP, TLS and HTTP/2
 *   session for every request (aws-sdk-js-v3 #8279): less than half the requests per second at twice the CPU.
 * - One attempt: the sender owns retrying, because the SDK retries none of the partial failures and would repeat
 *   whole requests. The request's time limit is the sender's too.
 * - After an error of credentials the client is made anew, because the SDK keeps credentials without an expiry
 *   for ever, and expired ones of its own chain until they say so themselves. The connections stay.
 */
import type { Readable } from 'node:stream';
import * as v from 'valibot';
import { Cancellation } from '../../../base/cancellation.ts';
import type { Clock } from '../../../base/clock.ts';
import { BeamlineError } from '../../errors.ts';
import type { AdapterContext } from '../adapter.ts';
import { AdapterModuleError } from '../errors.ts';
import { BodyPool } from './body-pool.ts';
import { withDeadline } from './deadline.ts';
import { concernsCredentials, failureOf } from './failure.ts';
import { type AwsSdk, loadSdk } from './load-sdk.ts';
import { givenCredentialsSchema, type KinesisCredentials, type KinesisSettings } from './options.ts';
import {
  type CallResponse,
  PreparedCall,
  type SigningScheme,
  type UnsignedRequest,
} from './prepared-call.ts';
import { readPutRecordsAnswer } from './put-records-answer.ts';
import { putRecordsBody } from './put-records-body.ts';
import type { KinesisClient, NodeHttpHandler } from './sdk-exports.ts';
import type {
  ListShardsResponse,
  NewStream,
  PutRecordsRequest,
  PutRecordsResponse,
  StreamSummary,
  StreamTarget,
  Transport,
} from './transport.ts';

/** What a module named by `http.module` is given. */
export interface RequestHandlerOptions {
  readonly maxSockets: number;
  readonly connectTimeoutMs: number;
  readonly ca?: string | undefined;
}

const NOTHING = new Uint8Array(0);

/** Where the SDK keeps what its middleware has found out for a call. */
const SMITHY_CONTEXT = '__smithy_context';
type SignedRequest = Parameters<NodeHttpHandler['handle']>[0];

/** What the SDK found in the environment or the profile, and could not use: it says so in its error's text alone. */
function regionIn(error: unknown): string {
  return /region=(".*")/.exec(String(error))?.[1] ?? 'none';
}

type Surroundings = Pick<AdapterContext, 'functions' | 'clock'>;

export class SdkTransport implements Transport {
  readonly #sdk: AwsSdk;
  readonly #newClient: () => KinesisClient;
  readonly #handler: NodeHttpHandler;
  readonly #clock: Clock;
  readonly #bodies = new BodyPool();
  #client: KinesisClient;
  /** By stream: the SDK's own calls of the client that is in use, to be made again. */
  readonly #prepared = new Map<string, PreparedCall>();

  /** Rejects with `ERR_OPTIONS` when neither the options nor the surroundings name a region. */
  static async open(settings: KinesisSettings, context: Surroundings): Promise<SdkTransport> {
    const sdk = await loadSdk();
    const handler = await openHandler(sdk, settings);
    const transport = new SdkTransport(sdk, settings, context, handler);
    try {
      await transport.#client.config.region();
    } catch (cause) {
      transport.close();
      const expected = 'a region, here or in BEAMLINE_REGION, AWS_REGION or the profile';
      const problem = { type: 'invalid', path: 'region', came: regionIn(cause), expected } as const;
      throw new BeamlineError('ERR_OPTIONS', { call: 'kinesis()', problems: [problem] }, { cause });
    }
    return transport;
  }

  private constructor(
    sdk: AwsSdk,
    settings: KinesisSettings,
    context: Surroundings,
    handler: NodeHttpHandler,
  ) {
    const { region, endpoint } = settings;
    const credentials = credentialsOf(settings, context);
    this.#sdk = sdk;
    this.#handler = handler;
    this.#clock = context.clock;
    this.#newClient = () =>
      new sdk.KinesisClient({
        maxAttempts: 1,
        requestHandler: handler,
        ...(region === undefined ? {} : { region }),
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(credentials === null ? {} : { credentials }),
      });
    this.#client = this.#newClient();
  }

  /**
   * To write 500 records and to read 500 results by their schema would take the SDK more than all else, so the body is
   * written and the usual answer read here; and what the SDK finds out for a call is kept for those that follow it. It
   * judges every answer but the usual one, and makes the first call, the next one a minute later, and the one after
   * anything that went wrong, from beginning to end.
   */
  async putRecords({ target, parts }: PutRecordsRequest, signal: AbortSignal): Promise<PutRecordsResponse> {
    const body = putRecordsBody(target, parts, (bytes) => this.#bodies.take(bytes));
    const stream = streamOf(target);
    return this.#call(async (client) => {
      const prepared = this.#prepared.get(stream);
      if (prepared?.isGoodAt(this.#clock.now()) !== true) return this.#bySdk(client, target, body, signal);
      try {
        const response = await prepared.send(body, signal);
        const read = await readAnswer(client, response);
        if (read !== null) {
          // Who has put each record into the stream has read them all: nothing of it is still to be sent.
          if (read.taken?.length === entryCount(parts)) this.#bodies.giveBack(body);
          return read;
        }
        this.#prepared.delete(stream);
        return await this.#bySdk(client, target, body, signal, response);
      } catch (thrown) {
        this.#prepared.delete(stream);
        throw thrown;
      }
    });
  }

  /** The SDK makes the call, or judges the answer to one that was `answered`. */
  async #bySdk(
    client: KinesisClient,
    target: StreamTarget,
    body: Uint8Array,
    signal: AbortSignal,
    answered: CallResponse | null = null,
  ): Promise<PutRecordsResponse> {
    let read: PutRecordsResponse | null = null;
    const command = new this.#sdk.PutRecordsCommand({ ...reference(target), Records: [] });
    const { middlewareStack } = command;
    // Low: within what the SDK does itself in the same step.
    middlewareStack.add(
      (next) => (args) => {
        (args.request as { body: unknown }).body = body;
        return next(args);
      },
      { step: 'serialize', priority: 'low', name: 'putRecordsBody' },
    );
    let prepared: PreparedCall | null = null;
    middlewareStack.add(
      (next, context) => (args) => {
        prepared = this.#prepare(client, args.request as UnsignedRequest, context[SMITHY_CONTEXT]);
        return next(args);
      },
      { step: 'build', priority: 'low', name: 'prepared' },
    );
    middlewareStack.add(
      (next) => async (args) => {
        if (answered !== null) return { response: answered } as Awaited<ReturnType<typeof next>>;
        const result = await next(args);
        const response = result.response as CallResponse;
        read = await readAnswer(client, response);
        if (read !== null) response.body = NOTHING;
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'putRecordsAnswer' },
    );
    const answer = await client.send(command, { abortSignal: signal });
    if (read === null) return answer;
    if (prepared !== null && client === this.#client) this.#prepared.set(streamOf(target), prepared);
    return read;
  }

  #prepare({ config }: KinesisClient, request: UnsignedRequest, found: unknown): PreparedCall | null {
    const { selectedHttpAuthScheme: scheme } = found as { readonly selectedHttpAuthScheme: SigningScheme };
    return PreparedCall.of({
      request,
      scheme,
      credentials: () => config.credentials(),
      handle: (signed, options) => this.#handler.handle(signed as SignedRequest, options),
      at: this.#clock.now(),
      wallTime: () => this.#clock.wallTime(),
    });
  }

  async createStream(name: string, stream: NewStream, signal: AbortSignal): Promise<'made' | 'exists'> {
    const shape =
      stream.type === 'on-demand'
        ? { StreamModeDetails: { StreamMode: 'ON_DEMAND' as const } }
        : { ShardCount: stream.shards };
    const command = new this.#sdk.CreateStreamCommand({ StreamName: name, ...shape });
    try {
      await this.#call((client) => client.send(command, { abortSignal: signal }));
      return 'made';
    } catch (thrown) {
      // Another type, thread or process was faster.
      if ((thrown as { name?: unknown }).name === 'ResourceInUseException') return 'exists';
      throw thrown;
    }
  }

  async listShards(
    target: StreamTarget,
    nextToken: string | null,
    signal: AbortSignal,
  ): Promise<ListShardsResponse> {
    // A page after the first is asked for by its token alone.
    const input = nextToken === null ? reference(target) : { NextToken: nextToken };
    return this.#call((client) =>
      client.send(new this.#sdk.ListShardsCommand(input), { abortSignal: signal }),
    );
  }

  async describeStream(target: StreamTarget, signal: AbortSignal): Promise<StreamSummary> {
    const command = new this.#sdk.DescribeStreamSummaryCommand(reference(target));
    const answer = await this.#call((client) => client.send(command, { abortSignal: signal }));
    return answer.StreamDescriptionSummary ?? {};
  }

  async dryRun(target: StreamTarget, signal: AbortSignal): Promise<void> {
    const Records = [{ PartitionKey: 'preflight', Data: new Uint8Array(1) }];
    const command = new this.#sdk.PutRecordsCommand({ ...reference(target), Records, DryRun: true });
    try {
      await this.#call((client) => client.send(command, { abortSignal: signal }));
    } catch (thrown) {
      // The answer to a dry run is an error either way; this one says that it would have been none.
      if ((thrown as { name?: unknown }).name !== 'DryRunOperationException') throw thrown;
    }
  }

  /** The id of the key that requests are signed with; rejects when there is none to be found anywhere. */
  async findCredentials(): Promise<string> {
    return (await this.#client.config.credentials()).accessKeyId;
  }

  close(): void {
    this.#client.destroy();
    this.#handler.destroy();
  }

  async #call<T>(call: (client: KinesisClient) => Promise<T>): Promise<T> {
    const client = this.#client;
    try {
      return await call(client);
    } catch (thrown) {
      const failure = failureOf(thrown);
      // Of many requests refused at once only the first makes the new client.
      if (failure !== 'bug' && concernsCredentials(failure) && client === this.#client) {
        this.#client = this.#newClient();
        this.#prepared.clear();
      }
      throw thrown;
    }
  }
}

/** `null` for anything but the usual answer. The body of a 200 has been read by then, and holds its bytes. */
async function readAnswer(
  { config }: KinesisClient,
  response: CallResponse,
): Promise<PutRecordsResponse | null> {
  if (response.statusCode !== 200) return null;
  const bytes = await config.streamCollector(response.body as Readable);
  response.body = bytes;
  return readPutRecordsAnswer(bytes);
}

function entryCount(parts: PutRecordsRequest['parts']): number {
  return parts.reduce((sum, part) => sum + ('write' in part ? part.size : 1), 0);
}

function streamOf(target: StreamTarget): string {
  return target.type === 'name' ? target.name : target.arn;
}

function reference(target: StreamTarget) {
  return target.type === 'name' ? { StreamName: target.name } : { StreamARN: target.arn };
}

async function openHandler(sdk: AwsSdk, { http, maxInFlight }: KinesisSettings): Promise<NodeHttpHandler> {
  const { connectTimeoutMs, ca, module } = http;
  if (module === undefined) {
    const agent = { keepAlive: true, maxSockets: maxInFlight };
    return new sdk.NodeHttpHandler({
      connectionTimeout: connectTimeoutMs,
      httpAgent: agent,
      httpsAgent: ca === undefined ? agent : { ...agent, ca },
    });
  }
  const options: RequestHandlerOptions = { maxSockets: maxInFlight, connectTimeoutMs, ca };
  const { createRequestHandler } = (await import(module)) as Record<string, unknown>;
  if (typeof createRequestHandler !== 'function') {
    throw new AdapterModuleError(
      module,
      'it exports no function createRequestHandler',
      'A module named by http.module must export createRequestHandler({ maxSockets, connectTimeoutMs, ca })',
    );
  }
  return createRequestHandler(options);
}

/** The SDK's credentials option, or `null` for the SDK's own chain. */
function credentialsOf(
  { credentials, requestTimeoutMs }: KinesisSettings,
  { functions, clock }: Surroundings,
): KinesisCredentials | (() => Promise<KinesisCredentials>) | null {
  const provider = functions.credentials;
  if (provider === undefined) return credentials ?? null;
  return async () => {
    try {
      // Without a limit one answer that never comes would hold every request of this client.
      const never = new Cancellation();
      const given = await withDeadline(clock, requestTimeoutMs, never, () => provider());
      return v.parse(givenCredentialsSchema, given);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new CredentialsProviderError(`the credentials function failed: ${why}`, { cause });
    }
  };
}

/** Named as the SDK names the failure of its own providers, so that both mean the same. */
class CredentialsProviderError extends Error {
  override readonly name = 'CredentialsProviderError';
}
