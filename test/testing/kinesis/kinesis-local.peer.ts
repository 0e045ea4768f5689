/**
 * The simulator and kinesis-local are asked the same (`npm run test:kinesis-local`; kinesalite is asked in every run of the
 * tests). What means something must be the same: status, kind of error, shards, where each record is put and how it is read.
 *
 * Texts and numbers of a sequence are not compared. Where kinesis-local has no limit (no records, 501 of them) or fails
 * itself (a hash key or an iterator that is none: 500), kinesalite and AWS's documentation are what the simulator follows;
 * those questions are at the end, so that it is seen when that changes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type RunningKinesis, startKinesisSimulator } from '../../../src/testing/index.ts';
import { type Answer, base64, call } from './wire.ts';

const HALF = String(2n ** 127n);
const LAST = String(2n ** 128n - 1n);
const record = (key: string, data = key) => ({ PartitionKey: key, Data: base64(data) });
const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`);
const records = [
  ...keys.map((key) => record(key, `data of ${key}`)),
  ...['0', HALF, LAST].map((ExplicitHashKey) => ({ ...record('k'), ExplicitHashKey })),
];

type Question = readonly [asked: string, action: string, input: (stream: string) => object];

const agreed: Question[] = [
  ['a missing stream', 'ListShards', () => ({ StreamName: 'nobody' })],
  ['a list of nothing', 'ListShards', () => ({})],
  ['records for a missing stream', 'PutRecords', () => ({ StreamName: 'nobody', Records: [record('a')] })],
  ['a stream that exists', 'CreateStream', (StreamName) => ({ StreamName, ShardCount: 1 })],
  [
    'a hash key beyond the last',
    'PutRecords',
    (StreamName) => ({ StreamName, Records: [{ ...record('a'), ExplicitHashKey: String(2n ** 128n) }] }),
  ],
  [
    'a shard that is not there',
    'GetShardIterator',
    (StreamName) => ({ StreamName, ShardId: 'shardId-000000000099', ShardIteratorType: 'LATEST' }),
  ],
];

/** What the simulator says, and what kinesis-local. */
const disputed: (readonly [...Question, ours: string, theirs: string])[] = [
  [
    'no records',
    'PutRecords',
    (StreamName) => ({ StreamName, Records: [] }),
    '400 ValidationException',
    '200',
  ],
  [
    '501 records',
    'PutRecords',
    (StreamName) => ({ StreamName, Records: Array.from({ length: 501 }, () => record('a')) }),
    '400 ValidationException',
    '200',
  ],
  [
    'an empty key',
    'PutRecords',
    (StreamName) => ({ StreamName, Records: [{ ...record('a'), PartitionKey: '' }] }),
    '400 ValidationException',
    '400 InvalidArgumentException',
  ],
  [
    'a stream of no shards',
    'CreateStream',
    () => ({ StreamName: 'none', ShardCount: 0 }),
    '400 ValidationException',
    '400 LimitExceededException',
  ],
  [
    'a hash key that is no number',
    'PutRecords',
    (StreamName) => ({ StreamName, Records: [{ ...record('a'), ExplicitHashKey: 'x' }] }),
    '400 ValidationException',
    '500',
  ],
  [
    'an iterator that is none',
    'GetRecords',
    () => ({ ShardIterator: 'x' }),
    '400 InvalidArgumentException',
    '500',
  ],
];

describe('the simulator against kinesis-local', () => {
  let simulator: RunningKinesis;
  let child: ChildProcess;
  let endpoints: readonly [string, string];
  let stream = '';
  let streams = 0;

  before(async () => {
    simulator = await startKinesisSimulator();
    const started = await startKinesisLocal();
    child = started.child;
    endpoints = [simulator.endpoint, started.endpoint];
  });

  after(async () => {
    await simulator.stop();
    child.kill();
  });

  beforeEach(async () => {
    stream = `stream-${++streams}`;
    for (const endpoint of endpoints) {
      await call(endpoint, 'CreateStream', { StreamName: stream, ShardCount: 3 });
      await settled(endpoint, stream, 3);
    }
  });

  for (const [asked, action, input] of agreed) {
    it(`says the same to ${action} for ${asked}`, async () => {
      const [ours, theirs] = await ask(endpoints, action, input(stream));
      expect(ours).to.equal(theirs);
      expect(ours).to.match(/^400 /);
    });
  }

  it('has the same shards, and puts each record into the same one, where it is read the same', async () => {
    const [ours, theirs] = await Promise.all(
      endpoints.map(async (endpoint) => {
        const { body } = await call(endpoint, 'PutRecords', { StreamName: stream, Records: records });
        const placed = (body.Records as { ShardId: string }[]).map(({ ShardId }) => ShardId);
        const shards = await openShards(endpoint, stream);
        const read = await Promise.all(shards.map(({ ShardId }) => readAll(endpoint, stream, ShardId)));
        return { placed, shards, read };
      }),
    );
    expect(ours?.read.flat()).to.have.lengthOf(records.length);
    expect(ours).to.deep.equal(theirs);
  });

  it('has the same open shards after a split and a merge', async () => {
    const [ours, theirs] = await Promise.all(
      endpoints.map(async (endpoint) => {
        const split = { ShardToSplit: 'shardId-000000000001', NewStartingHashKey: HALF };
        await call(endpoint, 'SplitShard', { StreamName: stream, ...split });
        await settled(endpoint, stream, 4);
        const merge = {
          ShardToMerge: 'shardId-000000000000',
          AdjacentShardToMerge: 'shardId-000000000003',
        };
        await call(endpoint, 'MergeShards', { StreamName: stream, ...merge });
        await settled(endpoint, stream, 3);
        return openShards(endpoint, stream);
      }),
    );
    expect(ours).to.deep.equal(theirs);
  });

  for (const [asked, action, input, ours, theirs] of disputed) {
    it(`is stricter, or says more, to ${action} for ${asked}`, async () => {
      expect(await ask(endpoints, action, input(stream))).to.deep.equal([ours, theirs]);
    });
  }
});

/** Status and kind of error of both. */
function ask(endpoints: readonly string[], action: string, input: object): Promise<string[]> {
  return Promise.all(
    endpoints.map(async (endpoint) => {
      const { status, body } = await call(endpoint, action, input);
      return typeof body.__type === 'string' ? `${status} ${body.__type}` : String(status);
    }),
  );
}

/** The stream takes calls that change it, and has so many open shards. */
async function settled(endpoint: string, StreamName: string, shards: number): Promise<void> {
  await until(async () => {
    const { body } = await call(endpoint, 'DescribeStreamSummary', { StreamName });
    const { StreamStatus, OpenShardCount } = (body.StreamDescriptionSummary ?? {}) as Record<string, unknown>;
    return StreamStatus === 'ACTIVE' && OpenShardCount === shards;
  });
}

interface Shard {
  readonly ShardId: string;
  readonly HashKeyRange: object;
}

async function openShards(endpoint: string, StreamName: string): Promise<Shard[]> {
  const { body } = await call(endpoint, 'ListShards', { StreamName });
  const shards = (body.Shards ?? []) as (Shard & {
    SequenceNumberRange: { EndingSequenceNumber?: string | null };
  })[];
  return shards
    .filter(({ SequenceNumberRange }) => !SequenceNumberRange.EndingSequenceNumber)
    .map(({ ShardId, HashKeyRange }) => ({ ShardId, HashKeyRange }))
    .sort((a, b) => (a.ShardId < b.ShardId ? -1 : 1));
}

async function readAll(endpoint: string, StreamName: string, ShardId: string): Promise<object[]> {
  const from = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
  const { ShardIterator } = (await call(endpoint, 'GetShardIterator', from)).body;
  const { body } = await call(endpoint, 'GetRecords', { ShardIterator });
  const read = body.Records as { PartitionKey: string; Data: string }[];
  return read.map(({ PartitionKey, Data }) => ({ PartitionKey, Data }));
}

async function until(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await sleep(20);
}

/** It is in a folder of its own, where the command has put it and where it looks for its certificate. */
async function startKinesisLocal(): Promise<{ child: ChildProcess; endpoint: string }> {
  const main = createRequire(join(process.cwd(), 'build/kinesis-local/package.json')).resolve(
    'kinesis-local/main.js',
  );
  const [plain, tls] = [await freePort(), await freePort()];
  const env = {
    ...process.env,
    KINESIS_MOCK_PLAIN_PORT: String(plain),
    KINESIS_MOCK_TLS_PORT: String(tls),
    SHARD_LIMIT: '100',
  };
  const child = spawn(process.execPath, [main], { env, cwd: dirname(main), stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${plain}`;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`kinesis-local ended with ${child.exitCode}`);
    const answer: Answer | null = await call(endpoint, 'ListShards', { StreamName: 'any' }).catch(() => null);
    return answer !== null;
  });
  return { child, endpoint };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
