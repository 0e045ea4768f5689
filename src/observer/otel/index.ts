/**
 * beamline/otel: metrics and spans by the OpenTelemetry API, which the application brings (`@opentelemetry/api`). Only
 * the API is used: what becomes of them is the business of the SDK that the application has set up.
 *
 *     import { instrument } from 'beamline/otel';
 *     const instrumentation = instrument(app);
 */
import { type MeterProvider, metrics, type TracerProvider, trace } from '@opentelemetry/api';
import { measure } from './metrics.ts';
import { type MeteredApplication, observeLedger } from './observed.ts';
import { traceDeliveries } from './spans.ts';

export type { MeteredApplication } from './observed.ts';
export { traceparent } from './trace-context.ts';

export interface InstrumentOptions {
  /** Default: the one that is registered with the API. */
  readonly meterProvider?: MeterProvider;
  /** Default: the one that is registered with the API. */
  readonly tracerProvider?: TracerProvider;
}

export interface Instrumentation {
  /** Listens and is asked no longer. A second call does nothing. */
  stop(): void;
}

const NAME = 'beamline';

/**
 * Tells OpenTelemetry of an application until it is stopped: what its ledger, queues, threads and streams hold whenever
 * metrics are collected, how long batches and deliveries take, and a span for each delivery. Done before the first event
 * is recorded it misses nothing; later, at most the second until the threads know of it.
 */
export function instrument(app: MeteredApplication, options: InstrumentOptions = {}): Instrumentation {
  const meter = (options.meterProvider ?? metrics).getMeter(NAME);
  const tracer = (options.tracerProvider ?? trace).getTracer(NAME);
  const stops = [observeLedger(app, meter), measure(meter), traceDeliveries(tracer)];
  return {
    stop() {
      for (const stop of stops.splice(0)) stop();
    },
  };
}
