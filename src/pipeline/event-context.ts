/**
 * EventContext: what an event says about itself and about its circumstances (who, in which session, on which
 * device, by which request), as the columns and sections of the master stream.
 *
 *     EventContext.fromContext(
 *       { eventSource: 'API', eventType: 'signup', eventAction: 'confirm' },
 *       { request: { id: 'r-1', method: 'POST', path: '/sign-up' }, session: { id: 's-1' } },
 *     )
 *
 * Only the fields named here are taken over, whatever else the given objects hold: a user object may carry a
 * password hash, a request its headers, and neither belongs in an analytics stream. An IP address is personal data
 * and is left out unless it is asked for.
 */

/** What happened. The six columns that every event of the master stream has; those left out are empty texts. */
export interface EventData {
  /** Who says so: the service or the channel. */
  readonly eventSource: string;
  /** The family of events that it belongs to. */
  readonly eventType: string;
  /** What was done. */
  readonly eventAction?: string | undefined;
  /** To what. */
  readonly eventObject?: string | undefined;
  /** Which quality of it. */
  readonly eventProperty?: string | undefined;
  /** How much. Money in minor units. */
  readonly eventValue?: string | number | undefined;
}

/** An identifier of the application's own; it is text in the record. */
export type Id = string | number | bigint;

/** JSON values by name. */
export type Traits = Readonly<Record<string, unknown>>;

export interface UserData {
  readonly id?: Id | null | undefined;
  readonly anonymousId?: string | null | undefined;
  readonly tenantId?: Id | null | undefined;
  /** Taken over whole: what is put here is sent. */
  readonly traits?: Traits | null | undefined;
}

export interface SessionData {
  readonly id?: Id | undefined;
  /** Which session of this user, from 1. */
  readonly index?: number | undefined;
}

export interface DeviceData {
  readonly id?: Id | undefined;
  /** `mobile`, `tablet`, `desktop`, `server`, ... */
  readonly type?: string | undefined;
  readonly os?: string | undefined;
  readonly osVersion?: string | undefined;
  readonly model?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly locale?: string | undefined;
  readonly timezone?: string | undefined;
}

export interface RequestData {
  readonly id?: Id | undefined;
  readonly method?: string | undefined;
  /** Its query, which may hold secrets, is cut off. */
  readonly path?: string | undefined;
  readonly referrer?: string | undefined;
  /** Left out unless `includeIp` is given. */
  readonly ip?: string | undefined;
}

export interface AppData {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly environment?: string | undefined;
  readonly instance?: string | undefined;
  readonly region?: string | undefined;
}

export interface TraceData {
  readonly traceId?: string | undefined;
  readonly spanId?: string | undefined;
}

/** The circumstances in which an event happens, each known or not: what a request knows, as a rule. */
export interface RequestContext {
  readonly user?: UserData | null | undefined;
  readonly session?: SessionData | null | undefined;
  readonly device?: DeviceData | null | undefined;
  readonly request?: RequestData | null | undefined;
  readonly app?: AppData | null | undefined;
  readonly trace?: TraceData | null | undefined;
}

/**
 * Plain data under the names of the record: the six columns, always there, and the sections that were given. What
 * is not known is undefined, and so is not in its JSON.
 */
export type EventContext = ReturnType<typeof fromContext>;

export const EventContext = { fromContext };

export interface FromContextOptions {
  /** Take over `request.ip`. */
  readonly includeIp?: boolean;
}

function fromContext(eventData: EventData, context?: RequestContext | null, options?: FromContextOptions) {
  const { user, session, device, request, app, trace } = context ?? {};
  return {
    event_source: eventData.eventSource ?? '',
    event_type: eventData.eventType ?? '',
    event_action: eventData.eventAction ?? '',
    event_object: eventData.eventObject ?? '',
    event_property: eventData.eventProperty ?? '',
    event_value: eventData.eventValue ?? '',
    user: user ? userSection(user) : undefined,
    session: session ? sessionSection(session) : undefined,
    device: device ? deviceSection(device) : undefined,
    request: request ? requestSection(request, options?.includeIp ? request.ip : undefined) : undefined,
    app: app ? appSection(app) : undefined,
    trace: trace ? { trace_id: trace.traceId, span_id: trace.spanId } : undefined,
  } as const;
}

/** The user as the record has it. */
export function userSection({ id, anonymousId, tenantId, traits }: UserData) {
  return {
    id: idText(id),
    anonymous_id: anonymousId ?? undefined,
    tenant_id: idText(tenantId),
    traits: traits ?? undefined,
  } as const;
}

/** An identifier as text: a stream's consumers then need not know which kind of number it was. */
export function idText(id: Id | null | undefined): string | undefined {
  return id === null || id === undefined ? undefined : String(id);
}

function sessionSection({ id, index }: SessionData) {
  return { id: idText(id), index } as const;
}

function deviceSection({ id, type, os, osVersion, model, userAgent, locale, timezone }: DeviceData) {
  return {
    id: idText(id),
    type,
    os,
    os_version: osVersion,
    model,
    user_agent: userAgent,
    locale,
    timezone,
  } as const;
}

function requestSection({ id, method, path, referrer }: RequestData, ip: string | undefined) {
  return { id: idText(id), method, path: path?.replace(/[?#].*$/s, ''), referrer, ip } as const;
}

function appSection({ name, version, environment, instance, region }: AppData) {
  return { name, version, environment, instance, region } as const;
}
