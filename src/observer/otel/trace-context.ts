/** W3C Trace Context, version 00: from the span that is active to the field of an event, and from there to a link. */
import { isSpanContextValid, type Link, trace } from '@opentelemetry/api';

/**
 * The span that is active, as the value for a field `traceparent` of an event: its delivery's span then has a link to
 * it. Undefined when none is.
 */
export function traceparent(): string | undefined {
  const context = trace.getActiveSpan()?.spanContext();
  if (context === undefined || !isSpanContextValid(context)) return undefined;
  const flags = context.traceFlags.toString(16).padStart(2, '0');
  return `00-${context.traceId}-${context.spanId}-${flags}`;
}

/** Of a field that was checked to be one. */
export function linkTo(traceparent: string): Link {
  const [, traceId = '', spanId = '', flags = '00'] = traceparent.split('-');
  return {
    context: { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true },
  };
}
