/** What OpenTelemetry is told, by its own SDK with exporters that keep everything in memory. */
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { instrument, traceparent } from '../../src/observer/otel/index.ts';
import { rejection, stage } from '../pipeline/support/application.ts';
import { Checkout } from './fixtures/shop.ts';
import { Listening } from './support/listening.ts';

const HOUR_MS = 3_600_000;

/** Providers whose exporters keep what they are given. */
function sdk() {
  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
    exportIntervalMillis: HOUR_MS,
    exportTimeoutMillis: HOUR_MS,
  });
  const spans = new InMemorySpanExporter();
  const meterProvider = new MeterProvider({ readers: [reader] });
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  return {
    meterProvider,
    tracerProvider,
    spans: (): ReadableSpan[] => spans.getFinishedSpans(),
    /** The values of a metric, by their attributes. */
    async metric<Value = number>(name: string): Promise<DataPoint<Value>[]> {
      const { resourceMetrics, errors } = await reader.collect();
      expect(errors).to.deep.equal([]);
      const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
      const found = all.find(({ descriptor }) => descriptor.name === name);
      return (found?.dataPoints ?? []) as unknown as DataPoint<Value>[];
    },
    close: () => Promise.all([meterProvider.shutdown(), tracerProvider.shutdown()]),
  };
}

describe('beamline/otel', () => {
  const at = stage();
  let kept: ReturnType<typeof sdk>;
  let heard: Listening;
  let stop: (() => void) | undefined;
  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });
  after(() => context.disable());
  beforeEach(() => {
    kept = sdk();
    heard = new Listening();
  });
  afterEach(async () => {
    stop?.();
    heard.close();
    await kept.close();
  });

  async function started(options: Parameters<typeof at.start>[0] = {}) {
    const app = await at.start(options);
    const instrumentation = instrument(app, kept);
    stop = () => instrumentation.stop();
    heard.to('delivery', 'batch');
    return app;
  }
  const pointOf = (points: readonly DataPoint<number>[], attributes: object) =>
    points.find((point) => JSON.stringify(point.attributes) === JSON.stringify(attributes))?.value;

  it('counts events by what became of them, and says how full the queue is', async () => {
    const app = await started();
    for (let n = 0; n < 5; n++) Checkout.record({ n });
    await app.flush();
    const events = await kept.metric('beamline.events');
    const ofOutcome = (outcome: string) =>
      pointOf(events, { 'beamline.record_type': 'Checkout', 'beamline.outcome': outcome });
    expect(['accepted', 'delivered', 'dead_lettered', 'refused'].map(ofOutcome)).to.deep.equal([5, 5, 0, 0]);
    const type = { 'beamline.record_type': 'Checkout' };
    expect(pointOf(await kept.metric('beamline.events.pending'), type)).to.equal(0);
    expect(pointOf(await kept.metric('beamline.queue.limit'), type)).to.equal(2 * 2 ** 20);
    expect(pointOf(await kept.metric('beamline.queue.usage'), type)).to.be.within(0, 2 * 2 ** 20);
    expect(pointOf(await kept.metric('beamline.thread.up'), type)).to.equal(1);
    expect(pointOf(await kept.metric('beamline.health'), type)).to.equal(0);
  });

  it('counts by stream, and measures how long deliveries and batches take', async () => {
    await started();
    await Checkout.recordAndConfirm({ n: 1 });
    await heard.until('batch');
    await heard.until('delivery');
    const stream = { 'beamline.record_type': 'Checkout', 'messaging.destination.name': 'checkout' };
    expect(pointOf(await kept.metric('beamline.stream.records'), stream)).to.equal(1);
    expect(pointOf(await kept.metric('beamline.stream.open'), stream)).to.equal(1);
    const [sent] = await kept.metric<Histogram>('messaging.client.operation.duration');
    expect(sent?.value.count).to.equal(1);
    expect(sent?.value.sum).to.be.within(0, 20);
    expect(sent?.attributes).to.deep.equal({
      'messaging.system': 'memory',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'checkout',
      'beamline.record_type': 'Checkout',
    });
    expect((await kept.metric('messaging.client.sent.messages'))[0]?.value).to.equal(1);
    const [batch] = await kept.metric<Histogram>('beamline.batch.duration');
    expect(batch?.attributes).to.include({ 'beamline.outcome': 'delivered' });
  });

  it('makes a span for each delivery, with links to those in which its events were recorded', async () => {
    await started();
    const tracer = kept.tracerProvider.getTracer('shop');
    const request = tracer.startSpan('POST /checkout');
    await context.with(trace.setSpan(context.active(), request), () =>
      Checkout.recordAndConfirm({ n: 1, ...{ traceparent: traceparent() } }),
    );
    request.end();
    const { at: sentAt } = await heard.until('delivery');
    const span = kept.spans().find(({ name }) => name === 'send checkout');
    const { traceId, spanId } = request.spanContext();
    expect(span?.kind).to.equal(SpanKind.CLIENT);
    expect(span?.parentSpanContext).to.equal(undefined);
    expect(span?.links.map((link) => link.context)).to.deep.equal([
      { traceId, spanId, traceFlags: 1, isRemote: true },
    ]);
    expect(span?.attributes).to.include({
      'messaging.destination.name': 'checkout',
      'messaging.batch.message_count': 1,
    });
    expect(span?.startTime[0]).to.equal(Math.floor(sentAt / 1000));
    expect(span?.status.code).to.equal(SpanStatusCode.UNSET);
  });

  it('says of a delivery that failed why', async () => {
    const app = await started({ maxAttempts: 1, deadLetter: () => {} });
    at.adapter.failNext(1, { code: 'AccessDenied', retryable: false });
    const error = await rejection(Checkout.recordAndConfirm({ n: 1 }));
    await heard.until('delivery');
    await app.flush();
    const span = kept.spans().find(({ name }) => name === 'send checkout');
    expect(span?.status.code).to.equal(SpanStatusCode.ERROR);
    expect(span?.attributes['error.type']).to.equal('ERR_RECORDS_REJECTED');
    expect(error.code).to.equal('ERR_DEAD_LETTERED');
  });

  it('gives no traceparent where no span is active, and tells nothing when it was stopped', async () => {
    await started();
    expect(traceparent()).to.equal(undefined);
    stop?.();
    await Checkout.recordAndConfirm({ n: 1 });
    await heard.until('delivery');
    expect(kept.spans()).to.deep.equal([]);
    expect(await kept.metric('beamline.events')).to.deep.equal([]);
  });
});
