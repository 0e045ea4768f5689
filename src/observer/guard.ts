/**
 * Who may ask for what. Pure. The rule: a web page that somebody happens to have open must not get an answer, although
 * its browser reaches this machine; so the name it asked for must be one that nobody can point here (Host), and the
 * page it comes from must be this very server's (Origin).
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { ParsedHandlerOptions } from './options.ts';

export interface Caller {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
}

export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly code: string;
  readonly message: string;
}

export const COOKIE = 'beamline-observer';

/** Undefined: the caller may go on. */
export function refusalOf(caller: Caller, options: ParsedHandlerOptions): Refusal | undefined {
  if (!isKnownHost(caller.host, options.allowedHosts))
    return {
      status: 421,
      code: 'ERR_HOST',
      message: `this server is not known as '${caller.host ?? ''}': ask for it by its address or as localhost, or name the host in allowedHosts`,
    };
  if (!isOwnPage(caller))
    return {
      status: 403,
      code: 'ERR_ORIGIN',
      message: 'pages of other origins get no answer: open the observer itself, or ask without a browser',
    };
  if (options.token !== undefined && !showsToken(caller, options.token))
    return {
      status: 401,
      code: 'ERR_TOKEN',
      message:
        "a token is needed: 'Authorization: Bearer <token>', or open the page once with ?token=<token>",
    };
  return undefined;
}

/** An address cannot be made to point somewhere else; a name can, unless its owner says that it is this server's. */
function isKnownHost(host: string | undefined, allowed: ReadonlySet<string>): boolean {
  const name = /^(\[[^\]]*\]|[^:]*)(:\d+)?$/.exec(host?.toLowerCase() ?? '')?.[1] ?? '';
  return name === 'localhost' || isIP(name.replace(/^\[|\]$/g, '')) !== 0 || allowed.has(name);
}

function isOwnPage({ origin, host, fetchSite }: Caller): boolean {
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none') return false;
  if (origin === undefined) return true;
  return origin === `http://${host}` || origin === `https://${host}`;
}

function showsToken({ authorization, cookie }: Caller, token: string): boolean {
  const bearer = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
  if (bearer !== undefined && sameToken(bearer, token)) return true;
  const pair = cookie?.split(/; */).find((each) => each.startsWith(`${COOKIE}=`));
  return pair !== undefined && sameToken(pair.slice(COOKIE.length + 1), cookieOf(token));
}

/** What a browser keeps in the token's stead. */
export function cookieOf(token: string): string {
  return digest(token).toString('hex');
}

/** In a time that does not depend on where they differ. */
export function sameToken(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(`beamline observer ${text}`).digest();
}
