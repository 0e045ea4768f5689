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

import { BeamlineError } from './errors.ts';
import { fromRequest } from './event/from-request.ts';
import { type RedactList, redacted } from './event/redact.ts';
import {
  type AppData,
  current,
  type DeviceData,
  type Id,
  merge,
  type RequestContext,
  type RequestData,
  run,
  type SessionData,
  type TraceData,
  type UserData,
} from './event/request-context.ts';
import { shownValue } from './shown-value.ts';

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
  /** When it happened, where that is not when it was recorded: of a device that was offline, say. */
  readonly occurredAt?: Date | string | number | undefined;
}

/**
 * Plain data under the names of the record: the six columns, always there, and the sections that were given. What
 * is not known is undefined, and so is not in its JSON.
 */
export type EventContext = ReturnType<typeof fromContext>;

export const EventContext = { fromContext, fromRequest, run, current, merge } as const;

export interface FromContextOptions {
  /** Take over `request.ip`. */
  readonly includeIp?: boolean;
  /**
   * Fields to leave out, under the names of the record: `device.user_agent`, `user.traits.email`, or a section as a
   * whole. Holds for what `masterJson` adds to the user too.
   */
  readonly redact?: RedactList;
}

/**
 * @throws BeamlineError `ERR_MESSAGE` when `occurredAt` is no moment.
 */
function fromContext(eventData: EventData, context?: RequestContext | null, options?: FromContextOptions) {
  const { user, session, device, request, app, trace } = context ?? {};
  const { occurredAt } = eventData;
  const made = {
    event_source: eventData.eventSource ?? '',
    event_type: eventData.eventType ?? '',
    event_action: eventData.eventAction ?? '',
    event_object: eventData.eventObject ?? '',
    event_property: eventData.eventProperty ?? '',
    event_value: eventData.eventValue ?? '',
    occurred_at: occurredAt === undefined ? undefined : momentText(occurredAt),
    user: user ? userSection(user) : undefined,
    session: session ? sessionSection(session) : undefined,
    device: device ? deviceSection(device) : undefined,
    request: request ? requestSection(request, options?.includeIp ? request.ip : undefined) : undefined,
    app: app ? appSection(app) : undefined,
    trace: trace ? traceSection(trace) : undefined,
  } as const;
  return options?.redact === undefined ? made : redacted(made, options.redact);
}

function momentText(moment: Date | string | number): string {
  const date = new Date(moment);
  if (!Number.isNaN(date.getTime())) return date.toISOString();
  throw new BeamlineError('ERR_MESSAGE', {
    argument: 'occurredAt',
    expected: 'a Date, milliseconds since the epoch, or a text that Date can read',
    came: shownValue('occurredAt', moment),
  });
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
  return {
    id: idText(id),
    method,
    path: path === undefined ? undefined : pathOf(path),
    referrer,
    ip,
  } as const;
}

/** Without query and fragment, which may hold secrets. */
function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

function appSection({ name, version, environment, instance, region }: AppData) {
  return { name, version, environment, instance, region } as const;
}

function traceSection({ traceId, spanId }: TraceData) {
  return { trace_id: traceId, span_id: spanId } as const;
}
