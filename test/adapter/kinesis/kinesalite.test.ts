import { expect } from 'chai';
import type { Adapter, RemoteFunction } from '../../../src/pipeline/adapter/adapter.ts';
import { checkDescriptor } from '../../../src/pipeline/adapter/descriptor.ts';
import { type KinesisOptions, kinesis } from '../../../src/pipeline/adapter/kinesis.ts';
import { loadAdapter } from '../../../src/pipeline/adapter/load.ts';
import { embeddedKinesis, newStream, newStreamName } from '../../support/kinesalite.ts';
import { never, type TestContext, testContext } from '../context.ts';

/** The adapter as a record type's thread would have it, on the embedded Kinesis. */
async function open(options: KinesisOptions = {}): Promise<{ adapter: Adapter; context: TestContext }> {
  const { endpoint, region, credentials } = await embeddedKinesis();
  const { wire, functions } = checkDescriptor(kinesis({ endpoint, region, credentials, ...options }));
  const remote = Object.entries(functions).map(([name, call]): [string, RemoteFunction] => [
    name,
    async (...args) => call(...(args as never[])),
  ]);
  const context = testContext({ functions: Object.fromEntries(remote) });
  return { adapter: await loadAdapter(structuredClone(wire), context), context };
}

describe('kinesis adapter on a real Kinesis API', () => {
  it('delivers 3,000 records of one send, each exactly once, in order per shard', async () => {
    const stream = await newStream(3);
    const { adapter } = await open();
    const messages = Array.from({ length: 3_000 }, (_, i) => ({
      partitionKey: `key-${i % 97}`,
      data: i % 2 === 0 ? `event ${i}` : Buffer.from(`event ${i}`),
    }));
    await adapter.send(stream, messages, { signal: never });
    const read = await (await embeddedKinesis()).readAll(stream);
    expect(read.map(({ data }) => data.toString()).sort()).to.deep.equal(
      messages.map(({ data }) => data.toString()).sort(),
    );
    const shards = new Set(read.map(({ shardId }) => shardId));
    expect(shards.size).to.equal(3);
    for (const shard of shards) {
      const numbers = read
        .filter(({ shardId }) => shardId === shard)
        .map(({ data }) => Number(data.toString().slice('event '.length)));
      expect(numbers).to.deep.equal([...numbers].sort((a, b) => a - b));
    }
    expect(adapter.snapshot().streams[0]).to.include({
      recordsSent: 3_000,
      requests: 6,
      retries: 0,
      waiting: 0,
    });
    await adapter.close({ timeoutMs: 0 });
  });

  it('sends more bytes than whoever answers takes in one request', async () => {
    const stream = await newStream();
    const { adapter } = await open();
    const messages = Array.from({ length: 9 }, (_, i) => ({
      partitionKey: `${i}`,
      data: Buffer.alloc(1_000_000, i),
    }));
    await adapter.send(stream, messages, { signal: never });
    const read = await (await embeddedKinesis()).readAll(stream);
    expect(read.map(({ partitionKey, data }) => [partitionKey, data.length, data[0]])).to.deep.equal(
      messages.map(({ partitionKey, data }, i) => [partitionKey, data.length, i]),
    );
    // 9 MB in one request, then 4, 4 and 1. Who refuses a body that it has not read may break the connection first.
    const { requests = 0, errors = {} } = adapter.snapshot().streams[0] ?? {};
    const failed = Object.values(errors).reduce((sum, times) => sum + times, 0);
    expect(requests - failed).to.equal(3);
    expect(errors['HTTP 413']).to.equal(1);
    await adapter.close({ timeoutMs: 0 });
  });

  it('makes a missing stream when asked to', async () => {
    const stream = newStreamName();
    const { adapter, context } = await open({
      createStreams: { shards: 2 },
      shardMap: false,
      probeBackoff: { initialMs: 20, maxMs: 100 },
    });
    await adapter.send(stream, [{ partitionKey: 'a', data: 'first' }], { signal: never });
    const read = await (await embeddedKinesis()).readAll(stream);
    expect(read.map(({ data }) => data.toString())).to.deep.equal(['first']);
    expect(context.log.map(({ level }) => level)).to.deep.equal(['error', 'info', 'warn']);
    await adapter.close({ timeoutMs: 0 });
  });
});
