/**
 * What is read off a snapshot whenever metrics are collected. The counts are the application's own and nothing is
 * counted here, so nothing is lost between two collections, and nothing is done while nobody collects.
 */
import type { Attributes, BatchObservableCallback, Meter, Observable } from '@opentelemetry/api';
import type { PlainApplication } from '../../pipeline/application.ts';
import type { RecordSnapshot, Snapshot } from '../../pipeline/view/snapshot-types.ts';
import { outcomesOf } from '../outcomes.ts';
import { NODE, OUTCOME, RECORD_TYPE, STREAM } from './attributes.ts';

export type MeteredApplication = Pick<PlainApplication, 'inspect'>;

type Observe = (value: number, attributes: Attributes) => void;

/** Each metric, and what a snapshot says of it. */
interface Reading {
  readonly name: string;
  readonly kind: 'counter' | 'level' | 'gauge';
  readonly unit: string;
  readonly description: string;
  readonly read: (snapshot: Snapshot, observe: Observe) => void;
}

/** Observes until the function that it returns is called. */
export function observeLedger(app: MeteredApplication, meter: Meter): () => void {
  const observed = READINGS.map((reading) => ({ reading, observable: observableOf(meter, reading) }));
  const observe: BatchObservableCallback = async (result) => {
    const snapshot = await app.inspect();
    for (const { reading, observable } of observed)
      reading.read(snapshot, (value, attributes) => result.observe(observable, value, attributes));
  };
  const observables = observed.map(({ observable }) => observable);
  meter.addBatchObservableCallback(observe, observables);
  return () => meter.removeBatchObservableCallback(observe, observables);
}

function observableOf(meter: Meter, { name, kind, unit, description }: Reading): Observable {
  switch (kind) {
    case 'counter':
      return meter.createObservableCounter(name, { unit, description });
    case 'level':
      return meter.createObservableUpDownCounter(name, { unit, description });
    case 'gauge':
      return meter.createObservableGauge(name, { unit, description });
  }
}

const READINGS: readonly Reading[] = [
  {
    name: 'beamline.events',
    kind: 'counter',
    unit: '{event}',
    description: 'Events by what became of them',
    read({ records }, observe) {
      for (const record of records)
        for (const [outcome, count] of outcomesOf(record))
          observe(count, { [RECORD_TYPE]: record.name, [OUTCOME]: outcome });
    },
  },
  ofType(
    'beamline.events.pending',
    'level',
    '{event}',
    'Events that are not settled yet',
    (it) => it.pending,
  ),
  ofType(
    'beamline.events.oldest_age',
    'gauge',
    's',
    'Age of the oldest pending event',
    (it) => (it.oldestPendingMs ?? 0) / 1000,
  ),
  ofType(
    'beamline.queue.usage',
    'level',
    'By',
    'Memory of the queue that is taken',
    (it) => it.queueFill * it.queueBytes,
  ),
  ofType('beamline.queue.limit', 'level', 'By', 'Memory of the queue', (it) => it.queueBytes),
  ofType('beamline.batches.running', 'level', '{batch}', 'Batches whose handler runs', (it) => it.running),
  ofType('beamline.thread.up', 'gauge', '1', 'The thread of the record type answers', (it) =>
    it.thread.state === 'ready' && !it.thread.hung ? 1 : 0,
  ),
  ofType('beamline.thread.starts', 'counter', '{start}', 'Starts of the thread', (it) => it.thread.starts),
  {
    name: 'beamline.health',
    kind: 'gauge',
    unit: '1',
    description: '0 well, 1 something is wrong, 2 events wait or are refused',
    read({ health }, observe) {
      for (const { recordType, level } of health)
        if (recordType !== null) observe(['ok', 'warn', 'bad'].indexOf(level), { [RECORD_TYPE]: recordType });
    },
  },
  {
    name: 'beamline.restarts',
    kind: 'counter',
    unit: '{restart}',
    description: 'Restarts of a part of the tree',
    read({ nodes }, observe) {
      for (const { id, restarts } of nodes) if (restarts > 0) observe(restarts, { [NODE]: id });
    },
  },
  ofStream('records', 'counter', '{record}', 'Records that are in the stream', (it) => it.recordsSent),
  ofStream('bytes', 'counter', 'By', 'Their size, with partition keys', (it) => it.bytesSent),
  ofStream('requests', 'counter', '{request}', 'Requests', (it) => it.requests),
  ofStream('retries', 'counter', '{record}', 'Records that were sent again', (it) => it.retries),
  ofStream('throttles', 'counter', '{record}', 'Records that were throttled', (it) => it.throttles),
  ofStream('rejections', 'counter', '{record}', 'Records that were rejected', (it) => it.recordsRejected),
  ofStream('waiting', 'level', '{record}', 'Records that are not in the stream yet', (it) => it.waiting),
  ofStream('open', 'gauge', '1', '1 while the stream takes records', (it) =>
    it.state.type === 'open' ? 1 : 0,
  ),
];

function ofType(
  name: string,
  kind: Reading['kind'],
  unit: string,
  description: string,
  valueIn: (record: RecordSnapshot) => number,
): Reading {
  return {
    ...{ name, kind, unit, description },
    read({ records }, observe) {
      for (const record of records) observe(valueIn(record), { [RECORD_TYPE]: record.name });
    },
  };
}

type StreamOf = NonNullable<RecordSnapshot['adapter']>['streams'][number];

function ofStream(
  name: string,
  kind: Reading['kind'],
  unit: string,
  description: string,
  valueIn: (stream: StreamOf) => number,
): Reading {
  return {
    ...{ name: `beamline.stream.${name}`, kind, unit, description },
    read({ records }, observe) {
      for (const { name: recordType, adapter } of records)
        for (const stream of adapter?.streams ?? [])
          observe(valueIn(stream), { [RECORD_TYPE]: recordType, [STREAM]: stream.stream });
    },
  };
}
