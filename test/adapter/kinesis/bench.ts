/** The Kinesis adapter on a scripted Kinesis and a clock that stands still. */
import { expect } from 'chai';
import type { AdapterSnapshot, Rejection, StreamSnapshot } from '../../../src/pipeline/adapter/adapter.ts';
import { RecordsRejectedError } from '../../../src/pipeline/adapter/errors.ts';
import { KinesisAdapter } from '../../../src/pipeline/adapter/kinesis/kinesis-adapter.ts';
import { type KinesisOptions, kinesisSchema } from '../../../src/pipeline/adapter/kinesis/options.ts';
import { parseOptions } from '../../../src/pipeline/adapter/options.ts';
import { never, testContext } from '../context.ts';
import { ManualClock } from '../manual-clock.ts';
import { type Script, ScriptedTransport } from '../scripted-transport.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const THROTTLED = 'ProvisionedThroughputExceededException';

/** An adapter on a scripted Kinesis and a clock that stands still. */
export function bench(script?: Script, options: KinesisOptions = {}) {
  const clock = new ManualClock();
  const context = testContext({ clock });
  const transport = new ScriptedTransport(script);
  const adapter = new KinesisAdapter(
    parseOptions('kinesis()', kinesisSchema, { shardMap: false, ...options }),
    transport,
    context,
  );
  const send = (stream: string, data: readonly string[], signal = never) =>
    watch(adapter.send(stream, messagesOf(data), { signal }));
  return { clock, context, transport, adapter, send };
}

export function messagesOf(data: readonly string[]) {
  return data.map((text) => ({ partitionKey: 'k', data: text }));
}

export function names(count: number, prefix = ''): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

/** A promise that can be looked at. */
export function watch(promise: Promise<void>) {
  const watched: { state: 'pending' | 'resolved' | 'rejected'; error: unknown; promise: Promise<void> } = {
    state: 'pending',
    error: null,
    promise,
  };
  promise.then(
    () => {
      watched.state = 'resolved';
    },
    (error: unknown) => {
      watched.state = 'rejected';
      watched.error = error;
    },
  );
  return watched;
}

export function streamOf(snapshot: AdapterSnapshot, stream: string): StreamSnapshot {
  const found = snapshot.streams.find((candidate) => candidate.stream === stream);
  if (found === undefined) throw new Error(`no stream ${stream} in the snapshot`);
  return found;
}

export function rejectionsOf(error: unknown): readonly Rejection[] {
  expect(error).to.be.instanceOf(RecordsRejectedError);
  return (error as RecordsRejectedError).rejections;
}
