/**
 * An adapter's `send` that tells of each delivery, and the traces that its events belong to. Used only while somebody
 * listens to deliveries, so that nothing of this costs anything otherwise.
 */
import type { Adapter } from '../adapter/adapter.ts';
import { recordBytes } from '../adapter/record-bytes.ts';
import type { Recorded } from '../definition.ts';
import type { RecordSite } from '../site/record-site.ts';
import { shownThrown } from './telemetry.ts';

/** The limit of OpenTelemetry's SDKs for the links of a span. */
const TRACES_MAX = 128;
/** Of W3C Trace Context, version 00. */
const TRACEPARENT = /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

export function toldDeliveries(site: RecordSite, traces: () => readonly string[]): Pick<Adapter, 'send'> {
  const { adapter, recordType, runtime, telemetry } = site;
  return {
    async send(stream, messages, options) {
      const at = runtime.clock.wallTime();
      const from = runtime.clock.now();
      const tell = (outcome: 'delivered' | 'failed', error?: unknown): void =>
        telemetry.tell('delivery', () => ({
          recordType,
          adapter: site.adapterKind,
          stream,
          at,
          durationMs: runtime.clock.now() - from,
          messages: messages.length,
          bytes: messages.reduce((sum, message) => sum + recordBytes(message), 0),
          outcome,
          reason: outcome === 'failed' ? shownThrown(error) : null,
          traces: traces(),
        }));
      try {
        await adapter.send(stream, messages, options);
      } catch (error) {
        tell('failed', error);
        throw error;
      }
      tell('delivered');
    },
  };
}

/** The field `traceparent` of events, where it is one: each once. */
export function tracesOf(events: readonly Recorded<unknown>[]): readonly string[] {
  const traces = new Set<string>();
  for (const { data } of events) {
    if (traces.size === TRACES_MAX) break;
    if (typeof data !== 'object' || data === null || !Object.hasOwn(data, 'traceparent')) continue;
    const { traceparent } = data as { readonly traceparent: unknown };
    if (typeof traceparent === 'string' && TRACEPARENT.test(traceparent)) traces.add(traceparent);
  }
  return [...traces];
}
