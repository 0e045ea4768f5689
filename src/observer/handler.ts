/**
 * The observer as a request handler, to mount in any Node server, under any path that ends in a slash:
 *
 *     const handler = observerHandler(app, { allowActions: true });
 *     createServer((request, response) => handler(request, response)).listen(8080);
 *     handler.close();                                             // ends the open event streams
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, systemClock } from '../base/clock.ts';
import { type Answer, failure, write } from './answer.ts';
import type { Context } from './context.ts';
import { EventStream } from './event-stream.ts';
import { type Caller, COOKIE, cookieOf, refusalOf, sameToken } from './guard.ts';
import { type HandlerOptions, type ParsedHandlerOptions, parseHandlerOptions } from './options.ts';
import { route } from './routes.ts';
import { type ObservedApplication, Sampler } from './sampler.ts';

export interface ObserverHandler {
  (request: IncomingMessage, response: ServerResponse): void;
  /** Ends all event streams. What comes afterwards is answered as before. */
  close(): void;
}

const STREAMS_MAX = 50;

export function observerHandler(
  app: ObservedApplication,
  options: HandlerOptions = {},
  surroundings: { readonly clock?: Clock } = {},
): ObserverHandler {
  const { clock = systemClock } = surroundings;
  const parsed = parseHandlerOptions(options);
  const sampler = new Sampler(app, clock);
  const streams = new Set<EventStream>();
  const context: Context = {
    app,
    sampler,
    options: parsed,
    streamsLeft: () => STREAMS_MAX - streams.size,
    stream(response, { lastEventId, query }) {
      const what = query.get('what') === 'tree' ? 'tree' : 'feed';
      const stream = new EventStream(response, sampler, clock, { lastEventId, what });
      streams.add(stream);
      response.on('close', () => streams.delete(stream));
    },
  };
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const headOnly = request.method === 'HEAD';
    void answer(request, context, parsed)
      .catch((error: unknown) =>
        failure(500, 'ERR_OBSERVER', `the observer failed: ${(error as Error).message}`),
      )
      .then((result) => write(response, result, { headOnly }));
  };
  return Object.assign(handle, {
    close() {
      for (const stream of streams) stream.close();
      sampler.close();
    },
  });
}

async function answer(
  request: IncomingMessage,
  context: Context,
  options: ParsedHandlerOptions,
): Promise<Answer> {
  const address = `http://observer${request.url ?? '/'}`;
  if (!URL.canParse(address)) return failure(400, 'ERR_PATH', 'the path of the request cannot be read');
  const url = new URL(address);
  const signIn = signedIn(request, url, options);
  if (signIn !== undefined) return signIn;
  const refusal = refusalOf(callerOf(request), options);
  if (refusal !== undefined) return failure(refusal.status, refusal.code, refusal.message);
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  if (method !== 'GET' && method !== 'POST')
    return failure(405, 'ERR_METHOD', `the observer takes GET and POST; ${method} came`);
  const path = pathOf(url.pathname);
  if (path === undefined) return failure(400, 'ERR_PATH', 'the path is not well encoded: write % as %25');
  // A browser sends the header when it reconnects by itself, and lets no page set it.
  const lastEventId = request.headers['last-event-id'] ?? url.searchParams.get('after');
  return route(
    {
      method,
      path,
      query: url.searchParams,
      lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
    },
    context,
  );
}

function callerOf({ method = 'GET', headers }: IncomingMessage): Caller {
  return {
    method,
    host: headers.host,
    origin: headers.origin,
    fetchSite: headers['sec-fetch-site'] as string | undefined,
    authorization: headers.authorization,
    cookie: headers.cookie,
  };
}

/** A browser that shows the token once gets a cookie in its stead, and goes on without the token in its address. */
function signedIn(
  request: IncomingMessage,
  url: URL,
  { token, allowedHosts }: ParsedHandlerOptions,
): Answer | undefined {
  const shown = url.searchParams.get('token');
  if (token === undefined || shown === null || request.method !== 'GET') return undefined;
  // Whoever follows a link comes from another page: all else is as for every caller.
  const caller = { ...callerOf(request), fetchSite: undefined };
  if (
    refusalOf(caller, { token: undefined, allowedHosts, allowActions: false, showState: false }) !== undefined
  )
    return undefined;
  if (!sameToken(shown, token)) return undefined;
  return {
    type: 'redirect',
    to: './',
    cookie: `${COOKIE}=${cookieOf(token)}; HttpOnly; SameSite=Strict; Path=/`,
  };
}

function pathOf(pathname: string): string[] | undefined {
  try {
    return pathname
      .replace(/^\/|\/$/g, '')
      .split('/')
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
