/**
 * Signs requests that differ from one that the AWS SDK has signed in nothing but their body and their date: by Signature
 * Version 4 (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html), with what is the
 * same each time made once. The SDK's signer takes ten times as long for it.
 *
 * The rule: it signs nothing that the SDK would sign otherwise. There is none unless it gives the signature of the SDK's own
 * request, and it gives none for other credentials or on another day.
 */
import { createHmac, hash } from 'node:crypto';
import type { UnsignedRequest } from './prepared-call.ts';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=[^/]+\/((\d{8})\/([^/]+)\/([^/]+)\/aws4_request), SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}$/;
const DATE = 'x-amz-date';
const BODY_HASH = 'x-amz-content-sha256';
const LENGTH = 'content-length';

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export class RepeatedSignature {
  readonly #signed: UnsignedRequest;
  readonly #keys: Keys;
  /** Day, region, service. */
  readonly #scope: string;
  readonly #names: readonly string[];
  readonly #key: Buffer;
  /** What the SDK has found the machine's clock to be wrong by, to a second. */
  readonly #aheadMs: number;

  /** `null` where the SDK has signed in another way. `at` is when it did, by this machine's clock. */
  static of(signed: UnsignedRequest, keys: unknown, at: number): RepeatedSignature | null {
    const { authorization, [DATE]: date = '' } = signed.headers;
    const [, scope = '', day = '', region = '', service = '', names = ''] =
      AUTHORIZATION.exec(authorization ?? '') ?? [];
    const { body, query } = signed;
    if (scope === '' || !areKeys(keys) || !(body instanceof Uint8Array)) return null;
    if (Object.keys(query).length > 0) return null;
    if (![DATE, BODY_HASH, LENGTH].every((name) => names.split(';').includes(name))) return null;
    const aheadMs = momentOf(date) - at;
    let key: Buffer = Buffer.from(`AWS4${keys.secretAccessKey}`);
    for (const part of [day, region, service, 'aws4_request']) key = hmac(key, part).digest();
    const signature = new RepeatedSignature(signed, keys, { scope, names: names.split(';'), key, aheadMs });
    const again = signature.sign(body, keys, at);
    return again?.headers.authorization === authorization ? signature : null;
  }

  private constructor(
    signed: UnsignedRequest,
    keys: Keys,
    { scope, names, key, aheadMs }: { scope: string; names: readonly string[]; key: Buffer; aheadMs: number },
  ) {
    this.#signed = signed;
    this.#keys = keys;
    this.#scope = scope;
    this.#names = names;
    this.#key = key;
    this.#aheadMs = aheadMs;
  }

  /** The request with another body; `null` where the SDK must sign it. `now` is by this machine's clock. */
  sign(body: Uint8Array, keys: unknown, now: number): UnsignedRequest | null {
    const date = dateOf(now + this.#aheadMs);
    if (!this.#scope.startsWith(date.slice(0, 8)) || !areKeys(keys) || !areEqual(keys, this.#keys))
      return null;
    const bodyHash = hash('sha256', body);
    const headers: Record<string, string> = {
      ...this.#signed.headers,
      [DATE]: date,
      [BODY_HASH]: bodyHash,
      [LENGTH]: String(body.byteLength),
    };
    const names = this.#names;
    let canonical = `${this.#signed.method}\n${this.#signed.path}\n\n`;
    for (const name of names) canonical += `${name}:${headers[name]}\n`;
    canonical += `\n${names.join(';')}\n${bodyHash}`;
    const text = `${ALGORITHM}\n${date}\n${this.#scope}\n${hash('sha256', canonical)}`;
    const signature = hmac(this.#key, text).digest('hex');
    headers.authorization =
      `${ALGORITHM} Credential=${keys.accessKeyId}/${this.#scope}, SignedHeaders=${names.join(';')}, ` +
      `Signature=${signature}`;
    // As whoever sends it has it from the SDK, its class included.
    return Object.assign(Object.create(Object.getPrototypeOf(this.#signed)), this.#signed, { headers, body });
  }
}

function hmac(key: Buffer, text: string) {
  return createHmac('sha256', key).update(text);
}

function areKeys(keys: unknown): keys is Keys {
  const { accessKeyId, secretAccessKey } = (keys ?? {}) as Partial<Record<keyof Keys, unknown>>;
  return typeof accessKeyId === 'string' && typeof secretAccessKey === 'string';
}

function areEqual(a: Keys, b: Keys): boolean {
  return (
    a.accessKeyId === b.accessKeyId &&
    a.secretAccessKey === b.secretAccessKey &&
    a.sessionToken === b.sessionToken
  );
}

/** `20260101T000000Z`. */
function dateOf(moment: number): string {
  return `${new Date(moment).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

function momentOf(date: string): number {
  return Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
}
