import { expect } from 'chai';
import fc from 'fast-check';
import { KeyBytes } from '../../../src/pipeline/adapter/kinesis/key-bytes.ts';
import { ShardMap } from '../../../src/pipeline/adapter/kinesis/shard-map.ts';
import type { ShardDescription, Transport } from '../../../src/pipeline/adapter/kinesis/transport.ts';
import { ManualClock, SimulatedKinesis } from '../../../src/testing/index.ts';
import { check } from '../check.ts';

const END = 2n ** 128n;
const never = new AbortController().signal;
const target = { type: 'name', name: 's' } as const;

function shard(name: string, first: bigint, last: bigint, ended?: string): ShardDescription {
  return {
    ShardId: name,
    HashKeyRange: { StartingHashKey: String(first), EndingHashKey: String(last) },
    SequenceNumberRange: ended === undefined ? {} : { EndingSequenceNumber: ended },
  };
}

async function mapOf(transport: Transport): Promise<ShardMap> {
  const { Shards = [] } = await transport.listShards(target, null, never);
  const map = ShardMap.of(Shards);
  if (map === null) throw new Error('the shards of a stream make a map');
  return map;
}

describe('kinesis adapter: the shard map', () => {
  check(
    (shards: readonly ShardDescription[]) =>
      ShardMap.of(shards)?.shards.map(({ shardId }) => shardId) ?? null,
    [
      { name: 'of one shard', given: [shard('a', 0n, END - 1n)], expected: ['a'] },
      {
        name: 'is in the order of the ring, whatever the order of the list',
        given: [shard('b', 10n, END - 1n), shard('a', 0n, 9n)],
        expected: ['a', 'b'],
      },
      {
        name: 'leaves out closed shards',
        given: [shard('old', 0n, END - 1n, '1'), shard('a', 0n, 9n), shard('b', 10n, END - 1n)],
        expected: ['a', 'b'],
      },
      { name: 'is none with a gap', given: [shard('a', 0n, 8n), shard('b', 10n, END - 1n)], expected: null },
      {
        name: 'is none with an overlap',
        given: [shard('a', 0n, 10n), shard('b', 10n, END - 1n)],
        expected: null,
      },
      { name: 'is none that ends too soon', given: [shard('a', 0n, END - 2n)], expected: null },
      { name: 'is none of no shards', given: [], expected: null },
    ],
  );

  it('says of every key what the service does with it', async () => {
    const simulator = new SimulatedKinesis({ streams: { s: 7 }, limits: false }, new ManualClock());
    simulator.reshard('s', 5);
    const transport = simulator.transport();
    const map = await mapOf(transport);
    const keys = fc.record(
      {
        PartitionKey: fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }),
        ExplicitHashKey: fc.bigInt(0n, END - 1n).map(String),
      },
      { requiredKeys: ['PartitionKey'] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(keys, { minLength: 1, maxLength: 50 }), async (entries) => {
        const records = entries.map((entry) => ({ ...entry, Data: new Uint8Array(1) }));
        const { Records = [] } = await transport.putRecords({ target, records, parts: records }, never);
        expect(map.shardsOf(entries)).to.deep.equal(entries.map((entry) => map.shardOf(entry)));
        expect(entries.map((entry) => map.shardOf(entry).shardId)).to.deep.equal(
          Records.map(({ ShardId }) => ShardId),
        );
      }),
    );
  });

  it('remembers some keys, and says the same of those that it does not', () => {
    const map = ShardMap.of([shard('a', 0n, END / 2n), shard('b', END / 2n + 1n, END - 1n)]);
    const keys = Array.from({ length: 10_000 }, (_, i) => ({ PartitionKey: `user-${i}` }));
    const first = keys.map((key) => map?.shardOf(key).shardId);
    expect(keys.map((key) => map?.shardOf(key).shardId)).to.deep.equal(first);
    expect(first.filter((shardId) => shardId === 'a').length).to.be.within(4_500, 5_500);
  });

  it('says of many keys at once what it says of each', () => {
    const quarter = END / 4n;
    const shards = [0n, 1n, 2n, 3n].map((i) => shard(`${i}`, i * quarter, (i + 1n) * quarter - 1n));
    const key = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }),
      fc.constantFrom('k', 'x'.repeat(256), '\u00e9'),
    );
    fc.assert(
      fc.property(fc.array(key, { maxLength: 40 }), (keys) => {
        const map = ShardMap.of(shards) as ShardMap;
        const alone = keys.map((PartitionKey) => (ShardMap.of(shards) as ShardMap).shardOf({ PartitionKey }));
        for (let round = 0; round < 2; round++)
          expect([...map.placesOf(new KeyBytes(keys))].map((place) => map.shards[place])).to.deep.equal(
            alone,
          );
      }),
    );
  });

  it('says of hundreds at once what it says of each, with one among them whose bytes are not its characters', () => {
    const shards = [shard('a', 0n, END / 2n), shard('b', END / 2n + 1n, END - 1n)];
    const keys = Array.from({ length: 500 }, (_, i) => (i === 300 ? 'k\u00e9y' : `user-${i}`));
    const alone = keys.map((key) => (ShardMap.of(shards) as ShardMap).placesOf(new KeyBytes([key]))[0]);
    expect(new Set(alone)).to.have.property('size', 2);
    const map = ShardMap.of(shards) as ShardMap;
    for (let round = 0; round < 20; round++)
      expect([...map.placesOf(new KeyBytes(keys))]).to.deep.equal(alone);
  });

  it('puts all in the only shard that there is', () => {
    const map = ShardMap.of([shard('a', 0n, END - 1n)]) as ShardMap;
    expect([...map.placesOf(new KeyBytes(['k', '\u00e9']))]).to.deep.equal([0, 0]);
  });
});
