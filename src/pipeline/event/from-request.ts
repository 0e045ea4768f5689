/**
 * The context of an HTTP request: of Node's own server, of Express, of Fastify. Told apart by nothing but the fields that
 * they have. Takes over neither headers as such nor the query nor the body.
 */
import type { DeviceData, RequestContext, TraceData } from './request-context.ts';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What is read of a request. */
export interface RequestLike {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Express: the URL before a router has cut off its own part. */
  readonly originalUrl?: string | undefined;
  readonly headers: Headers;
  /** Express and Fastify: behind the proxies that they are told to trust. */
  readonly ip?: string | undefined;
  readonly socket?: { readonly remoteAddress?: string | undefined } | null | undefined;
  /** Fastify gives each request one; so do loggers for Express. */
  readonly id?: unknown;
}

export interface FromRequestOptions {
  /** Take over the client's address. Default false: it is personal data. */
  readonly includeIp?: boolean;
}

/** W3C Trace Context: version, trace id, span id, flags. */
const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}/;

/**
 * Method and path, request id (`id`, or the header `x-request-id`), referrer, the device's user agent and first language,
 * and the trace of the header `traceparent`.
 */
export function fromRequest(
  request: RequestLike,
  { includeIp = false }: FromRequestOptions = {},
): RequestContext {
  const { headers, method } = request;
  const path = (request.originalUrl ?? request.url)?.replace(/[?#].*$/s, '');
  const { id } = request;
  return {
    request: {
      id: typeof id === 'string' || typeof id === 'number' ? id : one(headers, 'x-request-id'),
      method,
      path,
      referrer: withoutQuery(one(headers, 'referer')),
      ip: includeIp ? (request.ip ?? request.socket?.remoteAddress) : undefined,
    },
    device: deviceOf(headers),
    trace: traceOf(one(headers, 'traceparent')),
  };
}

function deviceOf(headers: Headers): DeviceData | undefined {
  const userAgent = one(headers, 'user-agent');
  const locale = one(headers, 'accept-language')?.split(/[,;]/, 1)[0]?.trim();
  return userAgent === undefined && locale === undefined ? undefined : { userAgent, locale };
}

function traceOf(header: string | undefined): TraceData | undefined {
  const [, traceId, spanId] = TRACEPARENT.exec(header ?? '') ?? [];
  return traceId === undefined ? undefined : { traceId, spanId };
}

/** A page's address may hold secrets in its query, as the request's own may. */
function withoutQuery(url: string | undefined): string | undefined {
  return url?.replace(/[?#].*$/s, '');
}

function one(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
