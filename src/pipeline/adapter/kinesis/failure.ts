/**
 * What an error of Kinesis means for the records that met it. Pure: a table of codes, then the HTTP status, then
 * the error's kind. The same codes mean the same for a whole request and for a single record of one.
 *
 * Codes: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html#API_PutRecords_Errors and
 * CommonErrors.html. The SDK's own list of what can be tried again lacks `KMSThrottlingException` and the two
 * HTTP/2 errors; it is not asked.
 */

/**
 * - `retry`: temporary, nobody's fault: again after a backoff.
 * - `throttle`: too much for the stream or a shard: again after a longer backoff.
 * - `pause`: somebody has to mend something: keep the data, hold the stream, probe.
 * - `invalid`: one record makes the whole request invalid: find it.
 * - `too-large`: the request as a whole is too large for whoever answered: smaller requests.
 */
export type Verdict = 'retry' | 'throttle' | 'pause' | 'invalid' | 'too-large';

/** An error told by its stable part, whatever threw it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly verdict: Verdict;
}

const VERDICTS = new Map<string, Verdict>(
  Object.entries({
    throttle: [
      'ProvisionedThroughputExceededException',
      'LimitExceededException',
      'ThrottlingException',
      'Throttling',
      'TooManyRequestsException',
      'RequestLimitExceeded',
      'SlowDown',
      'KMSThrottlingException',
    ],
    retry: [
      'InternalFailure',
      'InternalFailureException',
      'InternalServerError',
      'ServiceUnavailable',
      'ServiceUnavailableException',
      'RequestTimeout',
      'RequestTimeoutException',
      'TimeoutError',
      // The SDK corrects its clock by the answer's date before the next request.
      'RequestExpired',
      'RequestInTheFuture',
      'RequestTimeTooSkewed',
      'NGHTTP2_ENHANCE_YOUR_CALM',
      'NGHTTP2_REFUSED_STREAM',
    ],
    pause: [
      'AccessDenied',
      'AccessDeniedException',
      'CredentialsProviderError',
      'ExpiredToken',
      'ExpiredTokenException',
      'IncompleteSignature',
      'IncompleteSignatureException',
      'InvalidClientTokenId',
      'InvalidSignatureException',
      'KMSAccessDeniedException',
      'KMSDisabledException',
      'KMSInvalidStateException',
      'KMSNotFoundException',
      'KMSOptInRequired',
      'MissingAuthenticationToken',
      'MissingAuthenticationTokenException',
      'NotAuthorized',
      'OptInRequired',
      'ResourceInUseException',
      'ResourceNotFoundException',
      'SignatureDoesNotMatch',
      'TokenProviderError',
      'UnrecognizedClientException',
      // A certificate that is not trusted stays so until somebody changes a setting.
      'CERT_HAS_EXPIRED',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ],
    invalid: [
      'InvalidArgumentException',
      'InvalidParameterValue',
      'SerializationException',
      'ValidationError',
      'ValidationException',
    ],
    'too-large': ['RequestEntityTooLarge', 'RequestEntityTooLargeException'],
  } satisfies Record<Verdict, readonly string[]>).flatMap(([verdict, codes]) =>
    codes.map((code) => [code, verdict as Verdict] as const),
  ),
);

/** Codes after which credentials that were kept must not be used again. */
const CREDENTIALS = new Set([
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'TokenProviderError',
  'UnrecognizedClientException',
]);

export function concernsCredentials({ code, verdict }: Failure): boolean {
  return verdict === 'pause' && CREDENTIALS.has(code);
}

/**
 * What a record's own error code means. A code that is not known is no reason to lose the record: it is tried
 * again, and shows in the counts of errors by code.
 */
export function recordVerdict(code: string): Verdict {
  const verdict = VERDICTS.get(code) ?? 'retry';
  // One record of a request that was accepted is not a request that is too large.
  return verdict === 'too-large' ? 'invalid' : verdict;
}

/**
 * What a thrown value means for the request that met it; `bug` for what is no answer of the outside world at all
 * and must be thrown on.
 */
export function failureOf(thrown: unknown): Failure | 'bug' {
  const { names, message, status } = traits(thrown);
  for (const code of names) {
    const verdict = VERDICTS.get(code);
    if (verdict !== undefined) return { code, message, verdict: byMessage(code, message) ?? verdict };
  }
  const code = names[0] ?? 'UnknownError';
  if (status !== null) return { code: codeWithStatus(code, status), message, verdict: statusVerdict(status) };
  return isBug(thrown) ? 'bug' : { code, message, verdict: 'retry' };
}

/** Where one code stands for two things, and only the text tells which. */
function byMessage(code: string, message: string): Verdict | null {
  // "Signature expired: 20250101T000000Z is now earlier than ...": not a wrong key but a wrong clock, and the SDK
  // has corrected its own by the answer's date when the next request is signed.
  if (code === 'InvalidSignatureException' && /^Signature (expired|not yet current)/.test(message))
    return 'retry';
  // "1 validation error detected: Value 'x' at 'streamARN' failed to satisfy constraint ...": nothing is wrong with
  // the records, and searching them would condemn each of them.
  if (VERDICTS.get(code) === 'invalid' && / at 'stream(Name|ARN|Id)' /i.test(message)) return 'pause';
  return null;
}

function statusVerdict(status: number): Verdict {
  if (status === 413) return 'too-large';
  if (status === 429) return 'throttle';
  // A refusal that nobody here knows: the data is kept and somebody is told. Anything else (5xx, a proxy's page
  // with status 200 in place of an answer) is taken for a fault that passes.
  if (status >= 400 && status < 500 && status !== 408) return 'pause';
  return 'retry';
}

/** An error page of a proxy has no code, only a status; `Unknown` alone would say nothing. */
function codeWithStatus(code: string, status: number): string {
  return code === 'Error' || code.startsWith('Unknown') || code === 'SyntaxError' ? `HTTP ${status}` : code;
}

interface Traits {
  /** The names by which the error may be known, most telling first. */
  readonly names: readonly string[];
  readonly message: string;
  readonly status: number | null;
}

function traits(thrown: unknown): Traits {
  if (typeof thrown !== 'object' || thrown === null)
    return { names: [], message: String(thrown), status: null };
  const { name, code, message, $metadata, $response } = thrown as Record<string, unknown>;
  const status = numberIn($metadata, 'httpStatusCode') ?? numberIn($response, 'statusCode') ?? null;
  const text = typeof message === 'string' ? message : String(thrown);
  // Node reports an HTTP/2 refusal by one code for all kinds and names the kind in the text.
  const http2 = /NGHTTP2_[A-Z_]+/.exec(text)?.[0];
  const names = [http2, code, name].filter((value) => typeof value === 'string' && value !== '') as string[];
  return { names, message: text === '' ? (names[0] ?? 'no message') : text, status };
}

function numberIn(value: unknown, key: string): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found = (value as Record<string, unknown>)[key];
  return typeof found === 'number' ? found : undefined;
}

/** Programming errors; but with an answer attached they come from an answer that could not be read. */
function isBug(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return true;
  if ((thrown as { code?: unknown }).code === 'ERR_ASSERTION') return true;
  return thrown instanceof TypeError || thrown instanceof RangeError || thrown instanceof ReferenceError;
}
