import { createRequire } from 'node:module';
import { expect } from 'chai';
import fc from 'fast-check';
import { AggregateBuilder } from '../../../src/pipeline/adapter/kinesis/aggregate.ts';
import { prepare } from '../../../src/pipeline/adapter/kinesis/record.ts';
import { deaggregate } from '../../../src/testing/index.ts';

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
        partitionKey: fc.oneof(
          fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }),
          fc.nat(30).map(String),
        ),
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
});
