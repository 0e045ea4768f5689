/** What `app.observe()` takes, parsed once. The rule: what other machines can reach has a token. */
import { environmentVariables, variable } from '../pipeline/options/environment-variables.ts';
import { type ShownOption, shownOption } from '../pipeline/options/shown-options.ts';
import { ObserverError } from './errors.ts';

export interface ObserveOptions extends HandlerOptions {
  /** The address to listen on. Default `127.0.0.1`: this machine only. Any other needs a `token`. */
  readonly host?: string;
  /** Default `BEAMLINE_OBSERVER_PORT`, or else 4680; 0 for any that is free. */
  readonly port?: number;
}

export interface HandlerOptions {
  /** What a caller must show: `Authorization: Bearer <token>`, or once `?token=<token>` in a browser. 16 characters or more. */
  readonly token?: string;
  /** Whether suspend, resume, kill, restart and flush may be asked for. Default false. */
  readonly allowActions?: boolean;
  /** Whether the states of processes may be looked at; never payloads, never secrets. Default false. */
  readonly showState?: boolean;
  /** Names by which the server is reached, beside `localhost` and addresses. */
  readonly allowedHosts?: readonly string[];
}

export interface ParsedHandlerOptions {
  readonly token: string | undefined;
  readonly allowActions: boolean;
  readonly showState: boolean;
  readonly allowedHosts: ReadonlySet<string>;
}

export interface ParsedObserveOptions extends ParsedHandlerOptions {
  readonly host: string;
  readonly port: number;
  /** Where the observer listens, as `app.inspect()` shows it. */
  readonly shown: readonly ShownOption[];
}

const DEFAULT_PORT = 4680;
const TOKEN_MIN = 16;

export function parseObserveOptions(options: ObserveOptions = {}): ParsedObserveOptions {
  const { host = '127.0.0.1', port = defaultPort() } = options;
  const parsed = parseHandlerOptions(options);
  if (typeof host !== 'string' || host === '') problem('host', 'an address or a name', host);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) problem('port', 'a number from 0 to 65535', port);
  if (!isLoopback(host) && parsed.token === undefined)
    throw new ObserverError('ERR_OBSERVER_EXPOSED', { host });
  return { ...parsed, host, port, shown: shownPlace(options, host, port) };
}

function shownPlace(given: ObserveOptions, host: string, port: number): readonly ShownOption[] {
  const unsaid = variable('BEAMLINE_OBSERVER_PORT') === undefined ? 'default' : 'environment';
  return [
    shownOption('observe().host', null, host, given.host === undefined ? 'default' : 'code'),
    shownOption('observe().port', null, port, given.port === undefined ? unsaid : 'code'),
  ];
}

/**
 * Where an observer listens when the code does not say: `BEAMLINE_OBSERVER_PORT`, or else 4680.
 *
 * @throws ObserverError `ERR_OBSERVER_OPTIONS`
 */
export function defaultPort(): number {
  return portFromEnvironment() ?? DEFAULT_PORT;
}

function portFromEnvironment(): number | undefined {
  const text = variable('BEAMLINE_OBSERVER_PORT');
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    problem('BEAMLINE_OBSERVER_PORT', environmentVariables.BEAMLINE_OBSERVER_PORT.expected, text);
  return port;
}

export function parseHandlerOptions(options: HandlerOptions): ParsedHandlerOptions {
  const { token, allowActions = false, showState = false, allowedHosts = [] } = options;
  if (token !== undefined && (typeof token !== 'string' || token.length < TOKEN_MIN))
    throw new ObserverError('ERR_OBSERVER_OPTIONS', {
      option: 'token',
      expected: `a text of at least ${TOKEN_MIN} characters`,
      came: typeof token === 'string' ? `one of ${token.length}` : typeof token,
    });
  if (typeof allowActions !== 'boolean') problem('allowActions', 'true or false', allowActions);
  if (typeof showState !== 'boolean') problem('showState', 'true or false', showState);
  if (!Array.isArray(allowedHosts)) problem('allowedHosts', 'a list of names', allowedHosts);
  return {
    token,
    allowActions,
    showState,
    allowedHosts: new Set((allowedHosts as readonly string[]).map((name) => name.toLowerCase())),
  };
}

/** 127.0.0.0/8. By itself, because `node:net` takes 2 ms to load, and this file comes with `import 'beamline'`. */
const LOOPBACK = /^127(\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){3}$/;

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || LOOPBACK.test(host);
}

function problem(option: string, expected: string, value: unknown): never {
  const came = typeof value === 'string' || typeof value === 'number' ? String(value) : typeof value;
  throw new ObserverError('ERR_OBSERVER_OPTIONS', { option, expected, came });
}
