import { expect } from 'chai';
import type { Adapter } from '../../../src/pipeline/adapter/adapter.ts';
import { checkDescriptor } from '../../../src/pipeline/adapter/descriptor.ts';
import { type KinesisOptions, kinesis } from '../../../src/pipeline/adapter/kinesis.ts';
import { loadAdapter } from '../../../src/pipeline/adapter/load.ts';
import {
  auditOf,
  type KinesisSimulatorOptions,
  type RunningKinesis,
  startKinesisSimulator,
} from '../../../src/testing/index.ts';
import { never, testContext } from '../../adapter/context.ts';
import { base64, call } from './wire.ts';

describe('the simulated Kinesis on the wire', () => {
  let simulator: RunningKinesis;
  let adapter: Adapter;

  async function start(options: KinesisSimulatorOptions, adapterOptions: KinesisOptions = {}): Promise<void> {
    simulator = await startKinesisSimulator(options);
    const { endpoint, region, credentials } = simulator;
    const backoff = { initialMs: 1, maxMs: 20 };
    const descriptor = kinesis({
      endpoint,
      region,
      credentials,
      backoff,
      throttleBackoff: backoff,
      probeBackoff: backoff,
      ...adapterOptions,
    });
    adapter = await loadAdapter(checkDescriptor(descriptor).wire, testContext());
  }

  afterEach(async () => {
    await adapter.close({ timeoutMs: 0 });
    await simulator.stop();
  });

  const events = Array.from({ length: 2_000 }, (_, i) => `event ${i}`);
  const sendAll = () =>
    Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        adapter.send(
          's',
          events.slice(i * 100, i * 100 + 100).map((data) => ({ partitionKey: data, data })),
          { signal: never },
        ),
      ),
    );
  const found = () => simulator.oracle.records('s').map(({ data }) => data.toString());

  it('takes what the AWS SDK sends, and tells the oracle', async () => {
    await start({ streams: { s: 4 } });
    await sendAll();
    expect(auditOf(found(), events)).to.deep.equal({ missing: [], invented: [], duplicates: 0 });
  });

  it('makes a stream for the AWS SDK', async () => {
    await start({}, { createStreams: { shards: 2 } });
    await sendAll();
    expect(simulator.oracle.shards('s')).to.have.length(2);
    expect(auditOf(found(), events)).to.deep.equal({ missing: [], invented: [], duplicates: 0 });
  });

  it('fails in every way, and what was sent with the AWS SDK is there all the same', async () => {
    const error = (code: string, ordinal: number, commit: 'before' | 'after' = 'before') => ({
      fault: { type: 'error' as const, code, commit },
      requests: [ordinal, ordinal] as const,
    });
    await start(
      {
        streams: { s: 4 },
        latencyMs: { meanMs: 2, spread: 0.75 },
        faults: [
          error('InternalFailure', 1),
          error('ServiceUnavailable', 2),
          error('ProvisionedThroughputExceededException', 3),
          error('ExpiredTokenException', 4),
          error('ResourceNotFoundException', 5),
          error('KMSThrottlingException', 6),
          error('InternalFailure', 7, 'after'),
          { fault: { type: 'reset', commit: 'before' }, requests: [8, 9] },
          { fault: { type: 'reset', commit: 'after' }, requests: [10, 10] },
          { fault: { type: 'slow-body', bodyMs: 20 }, requests: [11, 12] },
          { fault: { type: 'partial' }, rate: 0.05 },
        ],
      },
      { maxRequestRecords: 100 },
    );
    await sendAll();
    const { missing, invented, duplicates } = auditOf(found(), events);
    expect([missing, invented]).to.deep.equal([[], []]);
    const { faults, recordsCommittedThenFailed } = simulator.oracle.counts();
    expect(faults).to.deep.equal({ error: 7, reset: 3, 'slow-body': 2 });
    expect(duplicates).to.equal(recordsCommittedThenFailed);
  });

  it('lets a request hang until its sender gives up, whose records may be there', async () => {
    await start(
      { streams: { s: 1 }, faults: [{ fault: { type: 'hang', commit: 'after' }, requests: [1, 1] }] },
      { requestTimeoutMs: 1_000 },
    );
    await adapter.send('s', [{ partitionKey: 'k', data: 'x' }], { signal: never });
    expect(found().length).to.be.at.least(2);
    expect(simulator.oracle.counts()).to.deep.include({ faults: { hang: 1 } });
    expect(simulator.oracle.counts().recordsCommittedThenFailed).to.equal(found().length - 1);
  });

  it('answers what is no call of its own, or not signed, or no JSON', async () => {
    await start({ streams: { s: 1 } });
    const { endpoint } = simulator;
    expect((await call(endpoint, 'DeleteEverything', {})).body.__type).to.equal('UnknownOperationException');
    const target = { 'X-Amz-Target': 'Kinesis_20131202.PutRecord' };
    const unsigned = await fetch(endpoint, { method: 'POST', headers: target, body: '{}' });
    expect(await unsigned.json()).to.deep.include({ __type: 'MissingAuthenticationTokenException' });
    const garbled = await fetch(endpoint, {
      method: 'POST',
      headers: { ...target, Authorization: 'x' },
      body: '{',
    });
    expect([garbled.status, await garbled.json()]).to.deep.equal([
      400,
      { __type: 'SerializationException', message: 'the body is no JSON' },
    ]);
  });

  it('writes nothing by a dry run, and says that it would have', async () => {
    await start({ streams: { s: 1 } });
    const one = { PartitionKey: 'k', Data: base64('x') };
    for (const [action, input] of [
      ['PutRecord', one],
      ['PutRecords', { Records: [one] }],
    ] as const) {
      const { status, body } = await call(simulator.endpoint, action, {
        StreamName: 's',
        DryRun: true,
        ...input,
      });
      expect([status, body.__type]).to.deep.equal([400, 'DryRunOperationException']);
    }
    expect(found()).to.deep.equal([]);
  });

  it('lists shards in pages, open ones alone when asked, and changes their number', async () => {
    await start({ streams: { s: 3 } });
    const { endpoint } = simulator;
    const scaled = await call(endpoint, 'UpdateShardCount', {
      StreamName: 's',
      TargetShardCount: 2,
      ScalingType: 'UNIFORM_SCALING',
    });
    expect(scaled.body).to.include({ CurrentShardCount: 3, TargetShardCount: 2 });
    const ids: string[] = [];
    let input: object = { StreamName: 's', MaxResults: 2 };
    for (;;) {
      const { Shards, NextToken } = (await call(endpoint, 'ListShards', input)).body;
      ids.push(...(Shards as { ShardId: string }[]).map(({ ShardId }) => ShardId));
      if (NextToken === undefined) break;
      input = { NextToken, MaxResults: 2 };
    }
    expect(ids).to.deep.equal([0, 1, 2, 3, 4].map((i) => `shardId-00000000000${i}`));
    const open = await call(endpoint, 'ListShards', { StreamName: 's', ShardFilter: { Type: 'AT_LATEST' } });
    expect((open.body.Shards as object[]).length).to.equal(2);
  });

  it('tells a reader where a closed shard goes on', async () => {
    await start({ streams: { s: 1 } });
    const { endpoint } = simulator;
    await call(endpoint, 'PutRecord', { StreamName: 's', PartitionKey: 'k', Data: base64('x') });
    simulator.reshard('s', 2);
    const from = { StreamName: 's', ShardId: 'shardId-000000000000', ShardIteratorType: 'TRIM_HORIZON' };
    const { ShardIterator } = (await call(endpoint, 'GetShardIterator', from)).body;
    const { body } = await call(endpoint, 'GetRecords', { ShardIterator });
    expect((body.Records as object[]).length).to.equal(1);
    expect(body).to.not.have.property('NextShardIterator');
    expect((body.ChildShards as { ShardId: string }[]).map(({ ShardId }) => ShardId)).to.deep.equal([
      'shardId-000000000001',
      'shardId-000000000002',
    ]);
  });
});
