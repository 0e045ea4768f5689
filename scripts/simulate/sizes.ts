/** What a shard takes and what is billed, by the size of an event: the encoder's own figures, as docs/scaling.md has them. */
import { AggregateBuilder } from '../../src/pipeline/adapter/kinesis/aggregate.ts';
import { type Pack, pack } from '../../src/pipeline/adapter/kinesis/pack.ts';
import { PackableMessages } from '../../src/pipeline/adapter/kinesis/packable.ts';
import { Delivery, Parcel } from '../../src/pipeline/adapter/kinesis/parcel.ts';
import type { Row } from './row.ts';

const SIZES = [100, 300, 500, 1_000, 2_000];
const AGGREGATE_BYTES = 25_600;
const SHARD_RECORDS = 1_000;
const SHARD_BYTES = 1024 * 1024;
const KEY_BYTES = 11;

export const sizesRow: Row = {
  name: 'sizes',
  what: `events of ${SIZES.join(', ')} bytes with distinct keys of ${KEY_BYTES}: what a shard takes in a second, billing units per million`,
  target: 'reported',
  async play() {
    const figures: Record<string, number> = {};
    const told = SIZES.map((size) => {
      const { events, bytes } = fullAggregate(size);
      const aggregated = Math.floor(Math.min(SHARD_RECORDS * events, SHARD_BYTES / (bytes / events)));
      const plain = Math.floor(Math.min(SHARD_RECORDS, SHARD_BYTES / (size + KEY_BYTES)));
      const units = Math.ceil(1_000_000 / events);
      Object.assign(figures, { [`aggregated${size}`]: aggregated, [`units${size}`]: units });
      return `${size} bytes: ${events} in an aggregate, ${aggregated} events/s a shard (plain ${plain}), ${units} units`;
    });
    return { reached: true, result: told.join('; '), figures };
  },
};

function fullAggregate(size: number): { readonly events: number; readonly bytes: number } {
  const messages = Array.from({ length: AGGREGATE_BYTES / 100 }, (_, i) => ({
    partitionKey: `user-${String(i).padStart(KEY_BYTES - 5, '0')}`,
    data: Buffer.alloc(size),
  }));
  const indexes = Uint32Array.from(messages.keys());
  const packed = pack(new PackableMessages(messages), indexes, { keys: 'once' }) as Pack;
  const delivery = new Delivery({ records: messages.length, ordinal: 0, startedAt: 0 }, () => {});
  const builder = new AggregateBuilder();
  builder.addRun(new Parcel(delivery, packed), packed, 0, AGGREGATE_BYTES);
  return { events: builder.size, bytes: builder.bytes };
}
