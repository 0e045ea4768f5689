/** How long deliveries and batches take, and how large they are: measured where they end, one value for each. */
import type { Meter } from '@opentelemetry/api';
import type { BatchMessage, DeliveryMessage } from '../../pipeline/telemetry/telemetry.ts';
import { channels } from '../../pipeline/telemetry/telemetry.ts';
import { deliveryAttributes, ERROR_TYPE, OUTCOME, RECORD_TYPE } from './attributes.ts';

/** In seconds: those of the messaging conventions, and on to what an outage takes. */
const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300];
const SIZES = [1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

/** Measures until the function that it returns is called. */
export function measure(meter: Meter): () => void {
  const sendSeconds = meter.createHistogram('messaging.client.operation.duration', {
    unit: 's',
    description: 'From sendData to all of its messages in the stream',
    advice: { explicitBucketBoundaries: DURATIONS },
  });
  const sent = meter.createCounter('messaging.client.sent.messages', {
    unit: '{message}',
    description: 'Messages that were sent',
  });
  const batchSeconds = meter.createHistogram('beamline.batch.duration', {
    unit: 's',
    description: 'Runs of the handler over a batch, its sends included',
    advice: { explicitBucketBoundaries: DURATIONS },
  });
  const batchEvents = meter.createHistogram('beamline.batch.events', {
    unit: '{event}',
    description: 'Events in a batch',
    advice: { explicitBucketBoundaries: SIZES },
  });

  const delivered = (message: unknown): void => {
    const delivery = message as DeliveryMessage;
    const attributes = deliveryAttributes(delivery);
    sendSeconds.record(delivery.durationMs / 1000, attributes);
    sent.add(delivery.messages, attributes);
  };
  const ran = (message: unknown): void => {
    const { recordType, outcome, reason, durationMs, events } = message as BatchMessage;
    const attributes = {
      [RECORD_TYPE]: recordType,
      [OUTCOME]: outcome,
      ...(reason === null ? {} : { [ERROR_TYPE]: reason.code }),
    };
    batchSeconds.record(durationMs / 1000, attributes);
    batchEvents.record(events, { [RECORD_TYPE]: recordType });
  };
  channels.delivery.subscribe(delivered);
  channels.batch.subscribe(ran);
  return () => {
    channels.delivery.unsubscribe(delivered);
    channels.batch.unsubscribe(ran);
  };
}
