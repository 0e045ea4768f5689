import { expect } from 'chai';
import { quiet } from '../manual-clock.ts';
import { serviceError } from '../scripted-transport.ts';
import { bench, names, streamOf, THROTTLED } from './bench.ts';

describe('kinesis adapter: sending', () => {
  it('resolves when every record is in the stream, by requests of 500 in order', async () => {
    const { transport, send } = bench();
    const data = names(1_200);
    await send('s', data).promise;
    expect(transport.asked.map((request) => request.data.length)).to.deep.equal([500, 500, 200]);
    expect(transport.in('s')).to.deep.equal(data);
  });

  it('does not resolve before the last record is in the stream', async () => {
    const { transport, clock, send } = bench(({ ordinal }) =>
      ordinal === 1 ? { type: 'partial', failed: [1], code: THROTTLED } : { type: 'take' },
    );
    const sent = send('s', ['a', 'b', 'c']);
    await quiet();
    expect(transport.in('s')).to.deep.equal(['a', 'c']);
    expect(sent.state).to.equal('pending');
    await clock.advance(500);
    expect(transport.in('s')).to.deep.equal(['a', 'c', 'b']);
    expect(sent.state).to.equal('resolved');
  });

  it('sends only the failed records again, each until it is in the stream', async () => {
    const failures = [[1, 3, 4, 9], [0, 2], [1], []];
    const { transport, clock, adapter, send } = bench(({ ordinal }) => ({
      type: 'partial',
      failed: failures[ordinal - 1] ?? [],
      code: ordinal === 2 ? 'InternalFailure' : THROTTLED,
      message: 'Rate exceeded for shard shardId-000000000002 in stream s under account 1.',
    }));
    const sent = send('s', names(10));
    await clock.advanceUntil(() => sent.state === 'resolved');
    expect(transport.asked.map(({ data }) => data)).to.deep.equal([
      names(10),
      ['1', '3', '4', '9'],
      ['1', '4'],
      ['4'],
    ]);
    expect(transport.in('s')).to.deep.equal(['0', '2', '5', '6', '7', '8', '3', '9', '1', '4']);
    expect(streamOf(adapter.snapshot(), 's')).to.deep.include({
      recordsSent: 10,
      bytesSent: 20,
      requests: 4,
      retries: 7,
      throttles: 5,
      throttledShards: { 'shardId-000000000002': 5 },
      errors: { [THROTTLED]: 5, InternalFailure: 2 },
    });
  });

  it('fills the request after a partial failure with what has not been sent', async () => {
    const { transport, clock, send } = bench(
      ({ ordinal }) =>
        ordinal === 1 ? { type: 'partial', failed: [0, 2], code: THROTTLED } : { type: 'take' },
      { maxRequestRecords: 4 },
    );
    const sent = send('s', names(8));
    await clock.advanceUntil(() => sent.state === 'resolved');
    expect(transport.asked.map(({ data }) => data)).to.deep.equal([
      ['0', '1', '2', '3'],
      ['0', '2', '4', '5'],
      ['6', '7'],
    ]);
  });

  it('takes no record for delivered when the answer has the wrong length', async () => {
    const { transport, clock, send } = bench(({ ordinal }) =>
      ordinal === 1
        ? { type: 'answer', response: { FailedRecordCount: 0, Records: [{ SequenceNumber: '1' }] } }
        : { type: 'take' },
    );
    const sent = send('s', ['a', 'b']);
    await clock.advanceUntil(() => sent.state === 'resolved');
    expect(transport.in('s')).to.deep.equal(['a', 'b']);
  });

  it('sends to the stream or ARN that a name stands for, and to the name itself if it stands for none', async () => {
    const arn = 'arn:aws:kinesis:eu-west-1:111122223333:stream/master';
    const { transport, send } = bench(undefined, { streams: { signup: 'prod-signup', master: arn } });
    for (const stream of ['signup', 'master', 'other']) await send(stream, ['x']).promise;
    expect(transport.asked.map(({ stream }) => stream)).to.deep.equal(['prod-signup', arn, 'other']);
  });

  it('refuses a name that no stream can have, without a request', async () => {
    const { transport, adapter, send } = bench(undefined, { streams: { signup: 'prod-signup' } });
    for (const name of ['sign up', '', 'x'.repeat(129), 'arn:aws:s3:::bucket', '__proto__ ']) {
      const sent = send(name, ['x']);
      await quiet();
      expect(sent.error).to.include({ code: 'ERR_STREAM_NAME', stream: name });
      expect((sent.error as Error).message).to.include('(signup)');
    }
    expect(transport.asked).to.deep.equal([]);
    expect(adapter.snapshot().streams).to.deep.equal([]);
  });

  it('takes a name that every object has for nothing but a name', async () => {
    const { transport, send } = bench();
    await send('constructor', ['x']).promise;
    expect(transport.in('constructor')).to.deep.equal(['x']);
  });

  it('keeps to its bound of requests in flight, over all streams, first come first served', async () => {
    const answers: (() => void)[] = [];
    const { transport, adapter, send } = bench(
      () => new Promise((resolve) => answers.push(() => resolve({ type: 'take' }))),
      { maxInFlight: 2 },
    );
    const sends = ['a', 'b', 'c', 'd', 'e'].map((stream) => send(stream, ['x']));
    await quiet();
    expect(adapter.snapshot().streams.map(({ inFlight, waiting }) => [inFlight, waiting])).to.deep.equal([
      [1, 1],
      [1, 1],
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
    for (const sent of sends) {
      answers.shift()?.();
      await sent.promise;
      await quiet();
    }
    expect(transport.inFlightMax).to.equal(2);
    expect(transport.asked.map(({ stream }) => stream)).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
  });

  it('halves its requests when one is called too large, and goes on with that size', async () => {
    const { transport, send } = bench(({ data }) =>
      data.length > 3 ? { type: 'throw', error: serviceError('UnknownError', '', 413) } : { type: 'take' },
    );
    await send('s', names(10)).promise;
    await send('s', names(10, 'x')).promise;
    expect(transport.asked.map(({ data }) => data.length)).to.deep.equal([
      10, 5, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    ]);
  });
});
