/**
 * A span for each delivery, after OpenTelemetry's messaging conventions: a batch is sent, so the span is of kind CLIENT
 * and a trace of its own, with a link to each span in which one of its events was recorded, where the event says which.
 */
import { SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { DeliveryMessage } from '../../pipeline/telemetry/telemetry.ts';
import { channels } from '../../pipeline/telemetry/telemetry.ts';
import { deliveryAttributes } from './attributes.ts';
import { linkTo } from './trace-context.ts';

/** Makes spans until the function that it returns is called. */
export function traceDeliveries(tracer: Tracer): () => void {
  const delivered = (message: unknown): void => {
    const delivery = message as DeliveryMessage;
    const { stream, at, durationMs, messages, bytes, reason, traces } = delivery;
    const span = tracer.startSpan(`send ${stream}`, {
      kind: SpanKind.CLIENT,
      // Whatever the main thread is at when it hears of it has nothing to do with it.
      root: true,
      startTime: at,
      links: traces.map(linkTo),
      attributes: {
        ...deliveryAttributes(delivery),
        'messaging.batch.message_count': messages,
        'beamline.delivery.bytes': bytes,
      },
    });
    if (reason !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: reason.message });
    span.end(at + durationMs);
  };
  channels.delivery.subscribe(delivered);
  return () => channels.delivery.unsubscribe(delivered);
}
