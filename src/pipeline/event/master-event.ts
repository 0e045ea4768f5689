/**
 * The master event: the one shape in which every record type tells of itself, so that one stream can hold them all.
 *
 * Its JSON is put together here, from fields that are known by name, and not by JSON.stringify from objects made for it:
 * a batch has hundreds, and most of their texts need no escape.
 */
import { nanoid } from 'nanoid';
import { systemClock } from '../../base/clock.ts';
import { type EventContext, idText, userSection } from '../event-context.ts';
import { columnsJson, jsonObject, recordedJson, sentJson, textJson } from './master-json.ts';
import { redactedSection, redactListOf } from './redact.ts';
import type { UserData } from './request-context.ts';

/** A new identifier of 21 letters, digits, `_` and `-`, for what has none of its own; a recorded event has its `id`. */
export function generateEventId(): string {
  return nanoid();
}

/** An event as `handleEvent` got it, or as much of it as the record tells. */
export interface MasterEvent {
  readonly id: string;
  readonly recordedAt: Date;
}

/**
 * The master record as JSON text: one object, on one line, in these names and this order.
 *
 *     {
 *       "event_id":       text
 *       "event_source":   text      the six columns of EventData, always there,
 *       "event_type":     text      "" when not given
 *       "event_action":   text
 *       "event_object":   text
 *       "event_property": text
 *       "event_value":    text or number
 *       "occurred_at":    moment    when it happened, if the event data say so
 *       "recorded_at":    moment    when record() was called, if the whole event is given and not its id alone
 *       "sent_at":        moment    when this text was made: a later one on each redelivery
 *       "user":    { "id", "public_id", "anonymous_id", "tenant_id": text, "traits": object }     always there
 *       "session": { "id": text, "index": number }
 *       "device":  { "id", "type", "os", "os_version", "model", "user_agent", "locale", "timezone": text }
 *       "request": { "id", "method", "path", "referrer", "ip": text }
 *       "app":     { "name", "version", "environment", "instance", "region": text }
 *       "trace":   { "trace_id", "span_id": text }
 *     }
 *
 * A moment is RFC 3339 in UTC, with milliseconds. A field that is not known is left out, and so is a section other than
 * `user` that the context does not have. `user` is the context's user under that given here, field by field; only the
 * fields named above are taken from it.
 *
 * @param event The event, or its id alone: the same on every redelivery, so that consumers can drop duplicates.
 * @param publicId The id under which the user is known outside; null for none.
 * @param user Who did it; null for nobody known.
 * @throws BeamlineError `ERR_MESSAGE` when traits or values hold what JSON cannot (a bigint, a cycle).
 */
export function masterJson(
  event: string | MasterEvent,
  publicId: string | number | null | undefined,
  user: UserData | null | undefined,
  eventContext: EventContext,
): string {
  const { session, device, request, app, trace, occurred_at } = eventContext;
  const [id, recordedAt] = typeof event === 'string' ? [event, undefined] : [event.id, event.recordedAt];
  let json = `{"event_id":${textJson(id)}${columnsJson(eventContext)}`;
  if (occurred_at !== undefined) json += `,"occurred_at":${textJson(occurred_at)}`;
  if (recordedAt !== undefined) json += `,"recorded_at":${recordedJson(recordedAt.getTime())}`;
  json += `,"sent_at":${sentJson(systemClock.wallTime())}`;
  json += `,"user":${jsonObject(userOf(publicId, user, eventContext))}`;
  if (session !== undefined) json += `,"session":${jsonObject(session)}`;
  if (device !== undefined) json += `,"device":${jsonObject(device)}`;
  if (request !== undefined) json += `,"request":${jsonObject(request)}`;
  if (app !== undefined) json += `,"app":${jsonObject(app)}`;
  if (trace !== undefined) json += `,"trace":${jsonObject(trace)}`;
  return `${json}}`;
}

function userOf(
  publicId: string | number | null | undefined,
  user: UserData | null | undefined,
  eventContext: EventContext,
): object {
  const given = user ? userSection(user) : undefined;
  const known = eventContext.user;
  const merged = {
    id: given?.id ?? known?.id,
    public_id: idText(publicId),
    anonymous_id: given?.anonymous_id ?? known?.anonymous_id,
    tenant_id: given?.tenant_id ?? known?.tenant_id,
    traits: given?.traits ?? known?.traits,
  };
  const hidden = redactListOf(eventContext);
  return hidden === undefined ? merged : redactedSection('user', merged, hidden);
}
