import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import type { PutRecordsResponse } from '../../../src/pipeline/adapter/kinesis/transport.ts';
import {
  type FaultRule,
  type KinesisSimulatorOptions,
  ManualClock,
  runTo,
  runUntil,
  SimulatedKinesis,
} from '../../../src/testing/index.ts';

const KIB = 1024;
const never = new AbortController().signal;
const entry = (key: string, bytes = 10) => ({ PartitionKey: key, Data: Buffer.alloc(bytes, key) });
const entries = (count: number, key = 'k') => Array.from({ length: count }, () => entry(key));

/** A stream `s` on a clock that stands still. */
function bench(options: KinesisSimulatorOptions = {}) {
  const clock = new ManualClock(1_700_000_000_000);
  const simulator = new SimulatedKinesis({ streams: { s: 1 }, ...options }, clock);
  const transport = simulator.transport();
  const put = (records = entries(1), stream = 's', signal = never) =>
    transport.putRecords({ target: { type: 'name', name: stream }, records, parts: records }, signal);
  return { clock, simulator, oracle: simulator.oracle, put };
}

const failed = ({ Records = [] }: PutRecordsResponse) => Records.filter(({ ErrorCode }) => ErrorCode).length;

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    const { name, code } = error as { name: string; code?: string };
    return code ?? name;
  }
  return 'none';
}

describe('the simulated Kinesis: what a shard takes', () => {
  it('takes 1,000 records at once, then as many as have come back with time', async () => {
    const { clock, put } = bench();
    expect(failed(await put(entries(500)))).to.equal(0);
    expect(failed(await put(entries(500)))).to.equal(0);
    const answer = await put(entries(3));
    expect(answer.Records?.[0]).to.deep.equal({
      ErrorCode: 'ProvisionedThroughputExceededException',
      ErrorMessage: 'Rate exceeded for shard shardId-000000000000 in stream s under account 111122223333.',
    });
    expect(answer.FailedRecordCount).to.equal(3);
    clock.advance(100);
    expect(failed(await put(entries(150)))).to.equal(50);
    clock.advance(60_000);
    expect(failed(await put(entries(500))) + failed(await put(entries(500)))).to.equal(0);
    expect(failed(await put())).to.equal(1);
  });

  it('takes 1 MiB at once, keys included, then as much as has come back', async () => {
    const { clock, put } = bench();
    const quarter = Array.from({ length: 4 }, () => entry('k', 256 * KIB - 1));
    expect(failed(await put(quarter))).to.equal(0);
    expect(failed(await put())).to.equal(1);
    clock.advance(500);
    expect(failed(await put(quarter))).to.equal(2);
  });

  it('hands each record that it takes to a function instead of keeping it, and none that it throttles', async () => {
    const handed: string[] = [];
    const { put, oracle } = bench({
      limits: { recordsPerSecond: 2 },
      keepRecords: ({ partitionKey, shardId, data }) =>
        handed.push(`${partitionKey} ${shardId} ${data.length}`),
    });
    expect(failed(await put([entry('a', 1), entry('b', 2), entry('c', 3)]))).to.equal(1);
    expect(handed).to.deep.equal(['a shardId-000000000000 1', 'b shardId-000000000000 2']);
    expect(oracle.records('s')).to.deep.equal([]);
  });

  it('takes a record larger than a second’s worth when it was idle, and makes up for it afterwards', async () => {
    const { clock, put } = bench({ streams: { s: { shards: 1, maxRecordBytes: 4 * KIB * KIB } } });
    expect(failed(await put([entry('k', 3 * KIB * KIB)]))).to.equal(0);
    clock.advance(2_000);
    expect(failed(await put())).to.equal(1);
    clock.advance(100);
    expect(failed(await put())).to.equal(0);
  });

  it('throttles the records of one shard and takes those of the others in the same request', async () => {
    const { put, oracle } = bench({ streams: { s: 4 }, limits: { recordsPerSecond: 100 } });
    const answer = await put([
      ...entries(150, 'hot'),
      ...Array.from({ length: 100 }, (_, i) => entry(`${i}`)),
    ]);
    const hot = new Set(answer.Records?.slice(0, 100).map(({ ShardId }) => ShardId));
    expect(hot.size).to.equal(1);
    expect(oracle.shards('s').filter(({ recordsThrottled }) => recordsThrottled > 0)).to.have.length(1);
    expect(oracle.counts()).to.deep.include({
      recordsCommitted: 250 - (answer.FailedRecordCount ?? 0),
      recordsThrottled: answer.FailedRecordCount,
    });
  });

  it('takes whatever comes without limits', async () => {
    const { put } = bench({ limits: false });
    for (let i = 0; i < 10; i++) expect(failed(await put(entries(500)))).to.equal(0);
  });

  it('refuses a request of more than 10 MiB, and a record over the limit of its stream', async () => {
    const { put, oracle } = bench({ streams: { s: { shards: 64 } } });
    const large = Array.from({ length: 11 }, (_, i) => entry(`${i}`, 1_000 * KIB));
    expect(await codeOf(put(large))).to.equal('InvalidArgumentException');
    expect(await codeOf(put([entry('k', KIB * KIB)]))).to.equal('ValidationException');
    expect(oracle.records('s')).to.deep.equal([]);
  });
});

describe('the simulated Kinesis: resharding', () => {
  it('sends each record to the one open shard that has its key, before and after', async () => {
    const { put, simulator, oracle } = bench({ limits: false });
    const keys = Array.from({ length: 300 }, (_, i) => entry(`key ${i}`));
    for (const shards of [4, 3, 7]) {
      await put(keys);
      simulator.reshard('s', shards);
    }
    await put(keys);
    const shards = oracle.shards('s');
    expect(shards.map(({ open }) => open)).to.deep.equal([
      ...new Array(1 + 4 + 3).fill(false),
      ...new Array(7).fill(true),
    ]);
    for (const group of [shards.slice(0, 1), shards.slice(1, 5), shards.slice(5, 8), shards.slice(8)]) {
      expect(group.reduce((sum, { recordsTaken }) => sum + recordsTaken, 0)).to.equal(300);
      expect(group.every(({ recordsTaken }) => recordsTaken > 0)).to.equal(true);
    }
  });

  it('ignores keys on a stream that distributes by itself', async () => {
    const { put, oracle } = bench({ streams: { s: { shards: 4, distribution: 'AUTO' } } });
    await put(entries(100));
    expect(oracle.shards('s').map(({ recordsTaken }) => recordsTaken)).to.deep.equal([25, 25, 25, 25]);
  });
});

describe('the simulated Kinesis: faults', () => {
  const InternalFailure = { type: 'error', code: 'InternalFailure' } as const;

  it('fails before or after the records are in the stream, and knows which', async () => {
    const { put, oracle } = bench({
      faults: [
        { fault: { ...InternalFailure, commit: 'before' }, requests: [1, 1] },
        { fault: { ...InternalFailure, commit: 'after' }, requests: [2, 2] },
        { fault: { type: 'reset', commit: 'after' }, requests: [3, 3] },
      ],
    });
    expect(await codeOf(put(entries(2)))).to.equal('InternalFailure');
    expect(oracle.records('s').length).to.equal(0);
    expect(await codeOf(put(entries(3)))).to.equal('InternalFailure');
    expect(oracle.records('s').length).to.equal(3);
    expect(await codeOf(put(entries(4)))).to.equal('ECONNRESET');
    expect(await codeOf(put(entries(5)))).to.equal('none');
    expect(oracle.counts()).to.deep.include({
      recordsCommitted: 12,
      recordsCommittedThenFailed: 7,
      faults: { error: 2, reset: 1 },
    });
    expect(oracle.records('s').map(({ request }) => request)).to.deep.equal([
      2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4,
    ]);
  });

  it('hangs until the caller gives up, and lets the end of an answer wait', async () => {
    const { put, clock } = bench({
      latencyMs: 20,
      faults: [
        { fault: { type: 'hang', commit: 'before' }, requests: [1, 1] },
        { fault: { type: 'slow-body', bodyMs: 5_000 }, requests: [2, 2] },
      ],
    });
    const controller = new AbortController();
    const hung = codeOf(put(entries(1), 's', controller.signal));
    await runTo(clock, 3_600_000);
    controller.abort(Object.assign(new Error('enough'), { name: 'Enough' }));
    expect(await hung).to.equal('Enough');
    let answered = false;
    void put().then(() => {
      answered = true;
    });
    await runUntil(clock, () => answered);
    expect(clock.now()).to.equal(3_600_000 + 5_020);
  });

  it('listens to the signal of its caller no longer than a call takes', async () => {
    const { put, clock } = bench({
      latencyMs: 20,
      faults: [
        { fault: { type: 'error', code: 'InternalFailure', commit: 'before' }, requests: [1, 1] },
        { fault: { type: 'reset', commit: 'before' }, requests: [2, 2] },
      ],
    });
    const { signal } = new AbortController();
    const calls = Promise.allSettled([1, 2, 3].map(() => put(entries(1), 's', signal)));
    expect(getEventListeners(signal, 'abort')).to.have.length(3);
    await runTo(clock, clock.now() + 20);
    await calls;
    expect(getEventListeners(signal, 'abort')).to.have.length(0);
  });

  it('keeps to the times, streams and calls of its rules', async () => {
    const { put, clock, simulator } = bench({
      streams: { s: 1, t: 1 },
      faults: [
        { fault: { type: 'error', code: 'ExpiredTokenException', commit: 'before' }, timeMs: [1_000, 2_000] },
        { fault: { type: 'error', code: 'ServiceUnavailable', commit: 'before' }, stream: 't' },
      ],
    });
    const codes = async () => [await codeOf(put()), await codeOf(put(entries(1), 't'))];
    expect(await codes()).to.deep.equal(['none', 'ServiceUnavailable']);
    clock.advance(1_000);
    expect(await codes()).to.deep.equal(['ExpiredTokenException', 'ExpiredTokenException']);
    clock.advance(1_000);
    expect(await codes()).to.deep.equal(['none', 'ServiceUnavailable']);
    simulator.setFaults([]);
    expect(await codes()).to.deep.equal(['none', 'none']);
  });

  it('throttles one shard, and reshards in mid-run', async () => {
    const { put, simulator, oracle } = bench({ streams: { s: 2 } });
    simulator.setFaults([
      { fault: { type: 'throttle-shard', shardId: 'shardId-000000000001' } },
      { fault: { type: 'reshard', shards: 3 }, requests: [2, 2] },
    ]);
    const records = Array.from({ length: 100 }, (_, i) => entry(`${i}`));
    const first = await put(records);
    expect(first.FailedRecordCount).to.be.within(30, 70);
    expect((await put(records)).FailedRecordCount).to.equal(0);
    expect(oracle.shards('s')).to.have.length(5);
  });

  it('misses a stream that is gone', async () => {
    const { put, simulator } = bench();
    simulator.deleteStream('s');
    expect(await codeOf(put())).to.equal('ResourceNotFoundException');
  });

  it('meets each rate, and the same requests again with the same seed', async () => {
    const faults: FaultRule[] = [
      { fault: { ...InternalFailure, commit: 'before' }, rate: 0.05 },
      { fault: { type: 'reset', commit: 'after' }, rate: 0.03 },
      { fault: { type: 'partial' }, rate: 0.05 },
    ];
    const play = async (seed: number) => {
      const { put, oracle } = bench({ faults, seed, limits: false });
      const codes: string[] = [];
      for (let i = 0; i < 2_000; i++) codes.push(await codeOf(put(entries(5))));
      return { codes, counts: oracle.counts() };
    };
    const [first, again, other] = [await play(7), await play(7), await play(8)];
    expect(again).to.deep.equal(first);
    expect(other.codes).to.not.deep.equal(first.codes);
    const { counts, codes } = first;
    expect(codes.filter((code) => code === 'InternalFailure').length / 2_000).to.be.within(0.035, 0.065);
    expect(codes.filter((code) => code === 'ECONNRESET').length / 2_000).to.be.within(0.018, 0.042);
    expect(counts.recordsFailed / (counts.recordsCommitted + counts.recordsFailed)).to.be.within(0.04, 0.06);
  });
});
