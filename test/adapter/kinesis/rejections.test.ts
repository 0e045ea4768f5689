import { expect } from 'chai';
import { quiet } from '../manual-clock.ts';
import { serviceError, systemError } from '../scripted-transport.ts';
import { bench, names, rejectionsOf, streamOf, THROTTLED } from './bench.ts';

describe('kinesis adapter: records that can never be delivered', () => {
  it('rejects a record over the limit with bytes and limit, without a request for it, and sends the others', async () => {
    const { transport, adapter, send } = bench(undefined, { maxRecordBytes: 10 });
    const sent = send('s', ['a', 'b'.repeat(10), 'c']);
    await quiet();
    const [rejection] = rejectionsOf(sent.error);
    expect(rejection).to.deep.include({ index: 1, code: 'RecordTooLarge', bytes: 11, limit: 10 });
    expect(transport.in('s')).to.deep.equal(['a', 'c']);
    expect(streamOf(adapter.snapshot(), 's')).to.deep.include({
      recordsSent: 2,
      recordsRejected: 1,
      waiting: 0,
    });
  });

  it('rejects only when all others of the send are in the stream', async () => {
    const { transport, clock, send } = bench(
      ({ ordinal }) => (ordinal < 5 ? { type: 'throw', error: systemError('ECONNRESET') } : { type: 'take' }),
      { maxRecordBytes: 10 },
    );
    const sent = send('s', ['a', 'b'.repeat(10)]);
    await quiet();
    expect(sent.state).to.equal('pending');
    await clock.advanceUntil(() => sent.state === 'rejected');
    expect(transport.in('s')).to.deep.equal(['a']);
  });

  it('isolates a poison record among 500 in 2 + log2(500) requests, and one for what is left', async () => {
    const { transport, context, send } = bench(({ data }) =>
      data.includes('321')
        ? { type: 'throw', error: serviceError('InvalidArgumentException', 'bad') }
        : { type: 'take' },
    );
    const sent = send('s', names(500));
    await sent.promise.catch(() => {});
    const attempts = [{ at: context.clock.wallTime(), code: 'InvalidArgumentException', shardId: null }];
    expect(rejectionsOf(sent.error)).to.deep.equal([
      { index: 321, code: 'InvalidArgumentException', message: 'bad', bytes: 4, limit: null, attempts },
    ]);
    expect(transport.in('s')).to.deep.equal(names(500).filter((name) => name !== '321'));
    expect(transport.asked.length).to.be.at.most(12);
    expect(context.events.filter(({ type }) => type === 'rejected')).to.have.length(1);
  });

  it('isolates several, by the index they had in the send', async () => {
    const poison = new Set(['3', '4', '777', '1199']);
    const { transport, send } = bench(({ data }) =>
      data.some((text) => poison.has(text))
        ? { type: 'throw', error: serviceError('ValidationException') }
        : { type: 'take' },
    );
    const sent = send('s', names(1_200));
    await sent.promise.catch(() => {});
    expect(rejectionsOf(sent.error).map(({ index }) => index)).to.deep.equal([3, 4, 777, 1199]);
    expect(transport.in('s')).to.deep.equal(names(1_200).filter((name) => !poison.has(name)));
  });

  it('tells of a rejected record in which requests it failed before, when and by which code, the newest ten', async () => {
    const shard = 'shardId-000000000007';
    const throttled = {
      code: THROTTLED,
      message: `Rate exceeded for shard ${shard} in stream s under account 1.`,
    };
    const { clock, context, send } = bench(({ ordinal }) => {
      if (ordinal <= 9) return { type: 'partial', failed: [0], ...throttled };
      if (ordinal <= 11) return { type: 'throw', error: systemError('ECONNRESET') };
      return { type: 'partial', failed: [0], code: 'InvalidArgumentException' };
    });
    const sent = send('s', ['a']);
    await clock.advanceUntil(() => sent.state === 'rejected');
    const [{ attempts = [] } = {}] = rejectionsOf(sent.error);
    expect(attempts.map(({ code, shardId }) => `${code} ${shardId}`)).to.deep.equal([
      ...new Array(7).fill(`${THROTTLED} ${shard}`),
      'ECONNRESET null',
      'ECONNRESET null',
      'InvalidArgumentException null',
    ]);
    const times = attempts.map(({ at }) => at);
    expect(times).to.deep.equal([...times].sort((a, b) => a - b));
    expect(times.at(-1)).to.equal(context.clock.wallTime());
    expect(new Set(times).size).to.equal(10);
  });

  it('rejects a record whose own result calls it invalid', async () => {
    const { transport, send } = bench(() => ({
      type: 'partial',
      failed: [1],
      code: 'InvalidArgumentException',
      message: 'too big for this stream',
    }));
    const sent = send('s', ['a', 'b', 'c']);
    await quiet();
    const [rejection] = rejectionsOf(sent.error);
    expect(rejection).to.deep.include({
      index: 1,
      code: 'InvalidArgumentException',
      message: 'too big for this stream',
      bytes: 2,
      limit: null,
    });
    expect(transport.asked.length).to.equal(1);
  });
});
