import { createRequire } from 'node:module';
import { expect } from 'chai';
import fc from 'fast-check';
import { AggregateBuilder } from '../../../src/pipeline/adapter/kinesis/aggregate.ts';
import { type Pack, PLACES_MAX, pack } from '../../../src/pipeline/adapter/kinesis/pack.ts';
import { PackableMessages } from '../../../src/pipeline/adapter/kinesis/packable.ts';
import { Delivery, Parcel } from '../../../src/pipeline/adapter/kinesis/parcel.ts';
import { prepare } from '../../../src/pipeline/adapter/kinesis/record.ts';
import { deaggregate } from '../../../src/testing/index.ts';
import { wellFormed } from '../../support/well-formed.ts';

interface Decoded {
  readonly partitionKey: string;
  readonly explicitPartitionKey?: string;
  readonly data: string;
}

// A second opinion on what was written. CommonJS, without types.
const agg = createRequire(import.meta.url)('aws-kinesis-agg') as {
  deaggregateSync(
    record: { readonly data: string },
    computeChecksums: boolean,
    done: (error: Error | null, records: readonly Decoded[]) => void,
  ): void;
};

interface Given {
  readonly partitionKey: string;
  readonly explicitHashKey?: string;
  readonly data: Uint8Array;
}

function build(messages: readonly Given[]): { builder: AggregateBuilder; bytes: Uint8Array } {
  const builder = new AggregateBuilder();
  for (const record of prepare(messages, 1024 * 1024).records) builder.add(record, Number.POSITIVE_INFINITY);
  return { builder, bytes: builder.encode() };
}

function ours(bytes: Uint8Array) {
  return deaggregate(bytes)?.map(({ partitionKey, explicitHashKey, data }) => [
    partitionKey,
    explicitHashKey ?? null,
    data.toString('hex'),
  ]);
}

/** Theirs reads an explicit hash key into a record that has none, once there is one in the table. */
function theirs(bytes: Uint8Array, messages: readonly Given[]) {
  let decoded: readonly Decoded[] = [];
  agg.deaggregateSync({ data: Buffer.from(bytes).toString('base64') }, true, (error, records) => {
    if (error) throw error;
    decoded = records;
  });
  return decoded.map(({ partitionKey, explicitPartitionKey, data }, i) => [
    partitionKey,
    messages[i]?.explicitHashKey === undefined ? null : explicitPartitionKey,
    Buffer.from(data, 'base64').toString('hex'),
  ]);
}

function expected(messages: readonly Given[]) {
  return messages.map(({ partitionKey, explicitHashKey, data }) => [
    partitionKey,
    explicitHashKey ?? null,
    Buffer.from(data).toString('hex'),
  ]);
}

describe('kinesis adapter: aggregates', () => {
  const text = (data: string) => Buffer.from(data);
  const cases: [string, Given[]][] = [
    [
      'keys that look like numbers',
      ['42', '7', '42', '0'].map((key) => ({ partitionKey: key, data: text(`of ${key}`) })),
    ],
    ['keys beyond ASCII', ['ключ', '鍵', '🔑'].map((key) => ({ partitionKey: key, data: text(key) }))],
    [
      'explicit hash keys of some',
      [
        { partitionKey: 'a', data: text('1') },
        { partitionKey: 'a', explicitHashKey: '0', data: text('2') },
        { partitionKey: 'b', explicitHashKey: String(2n ** 128n - 1n), data: text('3') },
        { partitionKey: 'c', explicitHashKey: '0', data: text('4') },
      ],
    ],
    ['no data', [0, 0].map(() => ({ partitionKey: 'a', data: new Uint8Array(0) }))],
    [
      'data of every length of length',
      [1, 127, 128, 16_383, 16_384, 100_000].map((size) => ({
        partitionKey: `${size}`,
        data: Buffer.alloc(size, size),
      })),
    ],
    [
      '1,000 distinct keys',
      Array.from({ length: 1_000 }, (_, i) => ({ partitionKey: `user-${i}`, data: Buffer.alloc(100, i) })),
    ],
  ];
  for (const [what, messages] of cases) {
    it(`are read back by two readers: ${what}`, () => {
      const { builder, bytes } = build(messages);
      expect(bytes.byteLength).to.equal(builder.bytes);
      expect(ours(bytes)).to.deep.equal(expected(messages));
      expect(theirs(bytes, messages)).to.deep.equal(expected(messages));
    });
  }

  it('are read back whatever is in them, and their size is known before', () => {
    const message = fc.record(
      {
        partitionKey: fc.oneof(wellFormed({ minLength: 1, maxLength: 20 }), fc.nat(30).map(String)),
        explicitHashKey: fc.bigInt(0n, 2n ** 128n - 1n).map(String),
        data: fc.uint8Array({ maxLength: 300 }),
      },
      { requiredKeys: ['partitionKey', 'data'] },
    );
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 40 }), (messages) => {
        const { builder, bytes } = build(messages);
        expect(bytes.byteLength).to.equal(builder.bytes);
        expect(ours(bytes)).to.deep.equal(expected(messages));
        expect(theirs(bytes, messages)).to.deep.equal(expected(messages));
      }),
      { numRuns: 300 },
    );
  });

  it('are told from records by themselves by their sum', () => {
    const { bytes } = build([{ partitionKey: 'a', data: text('1') }]);
    expect(deaggregate(text('plain'))).to.equal(null);
    const damaged = Buffer.from(bytes);
    damaged[6] = (damaged[6] ?? 0) ^ 1;
    expect(deaggregate(damaged)).to.equal(null);
  });

  describe('of packed records', () => {
    interface Sent {
      readonly partitionKey: string;
      readonly data: string | Uint8Array;
    }
    const parcel = (packed: Pack) =>
      new Parcel(new Delivery({ records: packed.size, ordinal: 0, startedAt: 0 }, () => {}), packed);
    const packOf = (messages: readonly Sent[], keys: 'once' | 'each') =>
      pack(new PackableMessages(messages), Uint32Array.from(messages.keys()), { keys }) as Pack;
    const given = ({ partitionKey, data }: Sent): Given => ({ partitionKey, data: Buffer.from(data) });
    const sent = fc.record({
      partitionKey: fc.oneof(
        fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
        fc.nat(5).map(String),
        fc.constantFrom('x'.repeat(127), 'x'.repeat(128), 'é'.repeat(64), '\u{1f511}'.repeat(128)),
      ),
      data: fc.oneof(
        fc.string({ maxLength: 200, unit: 'grapheme' }),
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom('é'.repeat(60), 'x'.repeat(127), 'x'.repeat(128), '鍵'.repeat(6_000)),
      ),
    });

    it('are read back whatever is in them, cut anywhere, between others that are not packed', () => {
      const piece = fc.record({
        messages: fc.array(sent, { minLength: 1, maxLength: 12 }),
        form: fc.constantFrom('once', 'each', 'unpacked'),
      });
      fc.assert(
        fc.property(
          fc.array(piece, { minLength: 1, maxLength: 5 }),
          fc.integer({ min: 100, max: 2_000 }),
          (pieces, limit) => {
            const aggregates: AggregateBuilder[] = [new AggregateBuilder()];
            const last = () => aggregates.at(-1) as AggregateBuilder;
            for (const { messages, form } of pieces) {
              if (form === 'unpacked') {
                for (const record of prepare(messages, 1024 * 1024).records) {
                  if (last().add(record, limit)) continue;
                  aggregates.push(new AggregateBuilder());
                  expect(last().add(record, limit)).to.equal(true);
                }
                continue;
              }
              const packed = packOf(messages, form as 'once' | 'each');
              const from = parcel(packed);
              for (let place = 0; place < packed.size; ) {
                const to = last().addRun(from, packed, place, limit);
                if (to < packed.size) aggregates.push(new AggregateBuilder());
                place = to;
              }
            }
            const all = pieces.flatMap(({ messages }) => messages.map(given));
            const filled = aggregates.filter(({ size }) => size > 0);
            let first = 0;
            for (const builder of filled) {
              const bytes = builder.encode();
              const messages = all.slice(first, first + builder.size);
              first += builder.size;
              expect(bytes.byteLength).to.equal(builder.bytes);
              if (builder.size > 1) expect(builder.bytes).to.be.at.most(limit);
              expect(ours(bytes)).to.deep.equal(expected(messages));
              expect(theirs(bytes, messages)).to.deep.equal(expected(messages));
            }
            expect(first).to.equal(all.length);
          },
        ),
        { numRuns: 200 },
      );
    });

    it('hold each key once, though it came before in the pack', () => {
      const messages = Array.from({ length: 300 }, (_, i) => ({
        partitionKey: `${'x'.repeat(50)}-user-${i % 10}`,
        data: 'x',
      }));
      const packed = packOf(messages, 'once');
      const builder = new AggregateBuilder();
      expect(builder.addRun(parcel(packed), packed, 0, 2_000)).to.be.within(150, 199);
      const rest = new AggregateBuilder();
      rest.addRun(parcel(packed), packed, 200, 2_000);
      expect(ours(rest.encode())).to.deep.equal(expected(messages.slice(200).map(given)));
      expect(rest.bytes).to.be.below(20 + 100 * 9 + 11 * 62);
    });

    it('hold no more keys than have a place', () => {
      const messages = Array.from({ length: PLACES_MAX + 5 }, (_, i) => ({ partitionKey: `${i}`, data: '' }));
      const packed = packOf(messages, 'each');
      const builder = new AggregateBuilder();
      expect(builder.addRun(parcel(packed), packed, 0, Number.POSITIVE_INFINITY)).to.equal(PLACES_MAX);
      expect(ours(builder.encode())?.at(-1)).to.deep.equal([`${PLACES_MAX - 1}`, null, '']);
    });

    it('are the same by themselves as those that never were packed', () => {
      fc.assert(
        fc.property(fc.array(sent, { minLength: 1, maxLength: 20 }), (messages) => {
          const packed = packOf(messages, 'once');
          const { records } = prepare(messages, 1024 * 1024);
          expect(packed.bytes).to.equal(records.reduce((sum, { bytes }) => sum + bytes, 0));
          for (const [i, { index, bytes, entry }] of records.entries()) {
            const unpacked = packed.unpack(i);
            expect([unpacked.index, unpacked.bytes, packed.sizeOf(i)]).to.deep.equal([index, bytes, bytes]);
            expect(unpacked.entry).to.deep.equal({ ...entry, Data: Buffer.from(entry.Data) });
          }
        }),
      );
    });
  });
});
