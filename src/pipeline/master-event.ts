/**
 * The master event: the one shape in which every record type tells of itself, so that one stream can hold them all.
 */
import { nanoid } from 'nanoid';
import type { EventContext, UserData } from './event-context.ts';
import { idText, userSection } from './event-context.ts';
import { jsonText } from './message.ts';

/** A new identifier of 21 letters, digits, `_` and `-`, for what has none of its own; a recorded event has its `id`. */
export function generateEventId(): string {
  return nanoid();
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
 *       "user":    { "id", "public_id", "anonymous_id", "tenant_id": text, "traits": object }     always there
 *       "session": { "id": text, "index": number }
 *       "device":  { "id", "type", "os", "os_version", "model", "user_agent", "locale", "timezone": text }
 *       "request": { "id", "method", "path", "referrer", "ip": text }
 *       "app":     { "name", "version", "environment", "instance", "region": text }
 *       "trace":   { "trace_id", "span_id": text }
 *     }
 *
 * A field that is not known is left out, and so is a section other than `user` that the context does not have.
 * `user` is the context's user under that given here, field by field; only the fields named above are taken from it.
 *
 * @param eventId The event's own id: the same on every redelivery, so that consumers can drop duplicates.
 * @param publicId The id under which the user is known outside; null for none.
 * @param user Who did it; null for nobody known.
 * @throws BeamlineError `ERR_MESSAGE` when traits or values hold what JSON cannot (a bigint, a cycle).
 */
export function masterJson(
  eventId: string,
  publicId: string | number | null | undefined,
  user: UserData | null | undefined,
  eventContext: EventContext,
): string {
  const given = user ? userSection(user) : undefined;
  const known = eventContext.user;
  return jsonText('data', {
    event_id: eventId,
    event_source: eventContext.event_source,
    event_type: eventContext.event_type,
    event_action: eventContext.event_action,
    event_object: eventContext.event_object,
    event_property: eventContext.event_property,
    event_value: eventContext.event_value,
    user: {
      id: given?.id ?? known?.id,
      public_id: idText(publicId),
      anonymous_id: given?.anonymous_id ?? known?.anonymous_id,
      tenant_id: given?.tenant_id ?? known?.tenant_id,
      traits: given?.traits ?? known?.traits,
    },
    session: eventContext.session,
    device: eventContext.device,
    request: eventContext.request,
    app: eventContext.app,
    trace: eventContext.trace,
  });
}
