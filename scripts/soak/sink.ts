/**
 * The Kinesis of the soak, in a process of its own, so that its memory is not measured. It keeps no record, and one bit for
 * each event: whether it is here.
 */
import { once } from 'node:events';
import { startKinesisSimulator } from '../../src/testing/index.ts';
import type { SoakEvent } from './event.ts';

export type SinkOrder =
  | { readonly type: 'start'; readonly eventsMax: number }
  | { readonly type: 'outage'; readonly down: boolean }
  | { readonly type: 'count' };

/** What is in the stream. */
export interface Found {
  readonly records: number;
  readonly distinct: number;
  /** Records of events that fail every time, or that were never recorded. */
  readonly strange: number;
}

export type SinkMessage =
  | { readonly type: 'ready'; readonly endpoint: string; readonly region: string }
  | ({ readonly type: 'found' } & Found);

const FAULTS = [
  { fault: { type: 'partial' }, rate: 0.05 },
  { fault: { type: 'error', code: 'InternalFailure', commit: 'before' }, rate: 0.03 },
  { fault: { type: 'reset', commit: 'after' }, rate: 0.01 },
] as const;
const OUTAGE = [{ fault: { type: 'error', code: 'ServiceUnavailable', commit: 'before' } }] as const;

async function main(eventsMax: number): Promise<void> {
  const here = new Uint8Array(Math.ceil(eventsMax / 8));
  let [records, distinct, strange] = [0, 0, 0];
  const count = ({ n, poison }: SoakEvent): void => {
    records++;
    const byte = here[n >>> 3];
    if (poison || byte === undefined) strange++;
    else if ((byte & (1 << (n & 7))) === 0) {
      here[n >>> 3] = byte | (1 << (n & 7));
      distinct++;
    }
  };
  const simulator = await startKinesisSimulator({
    streams: { soak: 4 },
    limits: false,
    keepRecords: ({ data }) => count(JSON.parse(Buffer.from(data).toString()) as SoakEvent),
    latencyMs: { meanMs: 30, spread: 0.75 },
    faults: FAULTS,
  });
  const tell = (message: SinkMessage): void => void process.send?.(message);
  process.on('message', (order: SinkOrder) => {
    if (order.type === 'outage') simulator.setFaults(order.down ? OUTAGE : FAULTS);
    else if (order.type === 'count') tell({ type: 'found', records, distinct, strange });
  });
  process.on('disconnect', () => void simulator.stop());
  tell({ type: 'ready', endpoint: simulator.endpoint, region: simulator.region });
}

const [order] = (await once(process, 'message')) as [Extract<SinkOrder, { type: 'start' }>];
await main(order.eventsMax);
