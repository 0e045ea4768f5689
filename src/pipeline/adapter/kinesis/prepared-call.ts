/**
 * A call that the AWS SDK has prepared once, made again with other bodies: the endpoint and the headers that it found,
 * signed by its signer the first time and as it has signed from then on (repeated-signature.ts), with its credentials as
 * they are by then, sent by its handler. What the SDK does beside that for each call, the same each time, takes longer
 * than to sign and send.
 *
 * The rule: it decides nothing. Whatever is not the usual answer goes back to the SDK, and the next call too.
 */
import { RepeatedSignature } from './repeated-signature.ts';

/** A request as the SDK has it before it is signed, and after it. */
export interface UnsignedRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query: Record<string, unknown>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface CallResponse {
  readonly statusCode: number;
  body?: unknown;
}

/** What the SDK has chosen to sign with. It keeps notes of the one request in `properties`. */
export interface SigningScheme {
  readonly signer: {
    sign(request: UnsignedRequest, identity: unknown, properties: object): Promise<UnsignedRequest>;
    /** Learns from an answer how wrong this machine's clock is. */
    successHandler?(response: CallResponse, properties: object): void;
  };
  readonly httpAuthOption: { readonly schemeId: string; readonly signingProperties?: object };
}

export interface CallParts {
  readonly request: UnsignedRequest;
  readonly scheme: SigningScheme;
  /** Those of this moment: the SDK keeps them until they expire. */
  readonly credentials: () => Promise<unknown>;
  readonly handle: (
    request: UnsignedRequest,
    options: { readonly abortSignal: AbortSignal },
  ) => Promise<{ readonly response: CallResponse }>;
  /** When it was prepared. */
  readonly at: number;
  /** Milliseconds since the Unix epoch. */
  readonly wallTime: () => number;
}

/** The only scheme of Kinesis; another might have to be chosen anew for each call. */
const SIGV4 = 'aws.auth#sigv4';
/** So long an endpoint stays what it was found to be. */
const GOOD_FOR_MS = 60_000;
const LENGTH = 'content-length';

export class PreparedCall {
  readonly #parts: CallParts;
  /** `null` where the SDK signs in a way of its own. */
  #signature: RepeatedSignature | null | undefined;

  /** `null` when the call is not one that can be made again like this. */
  static of(parts: CallParts): PreparedCall | null {
    const { request, scheme } = parts;
    if (scheme.httpAuthOption.schemeId !== SIGV4 || request.headers[LENGTH] === undefined) return null;
    return new PreparedCall(parts);
  }

  private constructor(parts: CallParts) {
    this.#parts = parts;
  }

  isGoodAt(now: number): boolean {
    return now - this.#parts.at < GOOD_FOR_MS;
  }

  /** Throws what the credentials, the signer or the handler throws. */
  async send(body: Uint8Array, abortSignal: AbortSignal): Promise<CallResponse> {
    const { request, scheme, credentials, handle, wallTime } = this.#parts;
    const identity = await credentials();
    const repeated = this.#signature?.sign(body, identity, wallTime());
    if (repeated) return (await handle(repeated, { abortSignal })).response;
    const { signer, httpAuthOption } = scheme;
    const properties = { ...httpAuthOption.signingProperties };
    const headers = { ...request.headers, [LENGTH]: String(body.byteLength) };
    const signed = await signer.sign({ ...request, headers, body }, identity, properties);
    if (this.#signature !== null) this.#signature = RepeatedSignature.of(signed, identity, wallTime());
    const { response } = await handle(signed, { abortSignal });
    if (response.statusCode === 200) signer.successHandler?.(response, properties);
    return response;
  }
}
