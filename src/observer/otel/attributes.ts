/** The names under which things are told: those of OpenTelemetry's messaging conventions, and our own beside them. */
import type { Attributes } from '@opentelemetry/api';
import type { DeliveryMessage } from '../../pipeline/telemetry/telemetry.ts';

export const RECORD_TYPE = 'beamline.record_type';
export const OUTCOME = 'beamline.outcome';
export const NODE = 'beamline.node';
export const STREAM = 'messaging.destination.name';
export const ERROR_TYPE = 'error.type';

/** The conventions' word for what an adapter speaks to; the adapter's own where they have none. */
const SYSTEMS: ReadonlyMap<string, string> = new Map([['kinesis', 'aws_kinesis']]);

export function deliveryAttributes({ recordType, adapter, stream, reason }: DeliveryMessage): Attributes {
  return {
    'messaging.system': SYSTEMS.get(adapter) ?? adapter,
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    [STREAM]: stream,
    [RECORD_TYPE]: recordType,
    ...(reason === null ? {} : { [ERROR_TYPE]: reason.code }),
  };
}
