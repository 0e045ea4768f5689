/** The simulator and kinesalite are asked the same; where both know the call, they must say the same. */
import { expect } from 'chai';
import { type RunningKinesis, startKinesisSimulator } from '../../../src/testing/index.ts';
import { embeddedKinesis, newStreamName } from '../../support/kinesalite.ts';
import { base64, call } from './wire.ts';

/** What no two services have in common. */
function comparable(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((each) => comparable(each, name));
  if (typeof value === 'string') {
    return value
      .replaceAll(name, '<stream>')
      .replaceAll(/\b49\d{54}\b/g, '<sequence>')
      .replaceAll(/(account |kinesis:[a-z0-9-]+:)\d{12}/g, '$1<account>');
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      /Timestamp|Iterator$|^ShardId$/.test(key) && typeof each !== 'string'
        ? '<moment>'
        : key.endsWith('Iterator')
          ? '<iterator>'
          : comparable(each, name),
    ]),
  );
}

const HALF = String(2n ** 127n);
const record = (key: string, data = key) => ({ PartitionKey: key, Data: base64(data) });
const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`);

type Question = readonly [asked: string, action: string, input: (stream: string) => object];

const questions: Question[] = [
  ['a list of shards', 'ListShards', (StreamName) => ({ StreamName })],
  ['a missing stream', 'ListShards', () => ({ StreamName: 'nobody' })],
  ['a list of nothing', 'ListShards', () => ({})],
  ['one record', 'PutRecord', (StreamName) => ({ StreamName, ...record('a') })],
  ['many records', 'PutRecords', (StreamName) => ({ StreamName, Records: keys.map((key) => record(key)) })],
  [
    'explicit hash keys',
    'PutRecords',
    (StreamName) => ({
      StreamName,
      Records: ['0', HALF, String(2n ** 128n - 1n)].map((ExplicitHashKey) => ({
        ...record('k'),
        ExplicitHashKey,
      })),
    }),
  ],
  ['no records', 'PutRecords', (StreamName) => ({ StreamName, Records: [] })],
  [
    '501 records',
    'PutRecords',
    (StreamName) => ({ StreamName, Records: Array.from({ length: 501 }, () => record('a')) }),
  ],
  [
    'an empty key',
    'PutRecords',
    (StreamName) => ({ StreamName, Records: [record('a'), { ...record('a'), PartitionKey: '' }] }),
  ],
  [
    'a key of 257',
    'PutRecords',
    (StreamName) => ({ StreamName, Records: [{ ...record('a'), PartitionKey: 'k'.repeat(257) }] }),
  ],
  [
    'a hash key that is no number',
    'PutRecords',
    (StreamName) => ({ StreamName, Records: [{ ...record('a'), ExplicitHashKey: 'x' }] }),
  ],
  [
    'a hash key beyond the last',
    'PutRecords',
    (StreamName) => ({ StreamName, Records: [{ ...record('a'), ExplicitHashKey: String(2n ** 128n) }] }),
  ],
  ['records for a missing stream', 'PutRecords', () => ({ StreamName: 'nobody', Records: [record('a')] })],
  ['a stream that exists', 'CreateStream', (StreamName) => ({ StreamName, ShardCount: 1 })],
  ['a stream of no shards', 'CreateStream', () => ({ StreamName: 'none', ShardCount: 0 })],
  [
    'a shard that is not there',
    'GetShardIterator',
    (StreamName) => ({ StreamName, ShardId: 'shardId-000000000099', ShardIteratorType: 'LATEST' }),
  ],
  [
    'an iterator without its number',
    'GetShardIterator',
    (StreamName) => ({
      StreamName,
      ShardId: 'shardId-000000000000',
      ShardIteratorType: 'AT_SEQUENCE_NUMBER',
    }),
  ],
  ['an iterator that is none', 'GetRecords', () => ({ ShardIterator: 'x' })],
  [
    'a split at the edge',
    'SplitShard',
    (StreamName) => ({ StreamName, ShardToSplit: 'shardId-000000000000', NewStartingHashKey: '1' }),
  ],
  [
    'a merge of what is not adjacent',
    'MergeShards',
    (StreamName) => ({
      StreamName,
      ShardToMerge: 'shardId-000000000000',
      AdjacentShardToMerge: 'shardId-000000000002',
    }),
  ],
  [
    'a split',
    'SplitShard',
    (StreamName) => ({ StreamName, ShardToSplit: 'shardId-000000000000', NewStartingHashKey: '1000' }),
  ],
];

describe('the simulator against kinesalite', () => {
  let simulator: RunningKinesis;
  let endpoints: readonly string[];
  let stream: string;

  before(async () => {
    simulator = await startKinesisSimulator();
    endpoints = [simulator.endpoint, (await embeddedKinesis()).endpoint];
  });

  after(() => simulator.stop());

  beforeEach(async () => {
    stream = newStreamName();
    simulator.createStream(stream, 3);
    await (await embeddedKinesis()).createStream(stream, 3);
  });

  for (const [asked, action, input] of questions) {
    it(`says the same to ${action} for ${asked}`, async () => {
      const [ours, theirs] = await Promise.all(
        endpoints.map((endpoint) => call(endpoint, action, input(stream))),
      );
      expect(ours?.status).to.equal(theirs?.status);
      expect(comparable(ours?.body, stream)).to.deep.equal(comparable(theirs?.body, stream));
    });
  }

  it('puts each record where kinesalite puts it, and reads it back the same', async () => {
    const Records = keys.map((key) => record(key, `data of ${key}`));
    const pages = await Promise.all(
      endpoints.map(async (endpoint) => {
        await call(endpoint, 'PutRecords', { StreamName: stream, Records });
        return Promise.all(
          ['shardId-000000000000', 'shardId-000000000001', 'shardId-000000000002'].map(async (ShardId) => {
            const from = { StreamName: stream, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
            const { ShardIterator } = (await call(endpoint, 'GetShardIterator', from)).body;
            return comparable((await call(endpoint, 'GetRecords', { ShardIterator })).body, stream);
          }),
        );
      }),
    );
    expect(pages[0]).to.deep.equal(pages[1]);
  });

  it('describes a stream as kinesalite does, and says more', async () => {
    const [ours, theirs] = await Promise.all(
      endpoints.map(
        async (endpoint) => (await call(endpoint, 'DescribeStreamSummary', { StreamName: stream })).body,
      ),
    );
    const summary = (body: unknown) =>
      (comparable(body, stream) as { StreamDescriptionSummary: object }).StreamDescriptionSummary;
    expect(summary(ours)).to.deep.include(summary(theirs));
    expect(summary(ours)).to.include({
      MaxRecordSizeInKiB: 1024,
      RecordDistributionStrategy: 'USER_PARTITION_KEY',
    });
  });

  it('has the shards of kinesalite after a split and a merge', async () => {
    const shards = await Promise.all(
      endpoints.map(async (endpoint) => {
        const split = { StreamName: stream, ShardToSplit: 'shardId-000000000001', NewStartingHashKey: HALF };
        await call(endpoint, 'SplitShard', split);
        await until(async () => openShards(endpoint, stream), 4);
        const merge = {
          StreamName: stream,
          ShardToMerge: 'shardId-000000000000',
          AdjacentShardToMerge: 'shardId-000000000003',
        };
        await call(endpoint, 'MergeShards', merge);
        await until(async () => openShards(endpoint, stream), 3);
        return comparable((await call(endpoint, 'ListShards', { StreamName: stream })).body, stream);
      }),
    );
    expect(shards[0]).to.deep.equal(shards[1]);
  });
});

async function openShards(endpoint: string, StreamName: string): Promise<number> {
  const { body } = await call(endpoint, 'DescribeStreamSummary', { StreamName });
  return (body.StreamDescriptionSummary as { OpenShardCount: number }).OpenShardCount;
}

/** kinesalite changes a stream a moment after it has said so. */
async function until(look: () => Promise<number>, wanted: number): Promise<void> {
  while ((await look()) !== wanted);
}
