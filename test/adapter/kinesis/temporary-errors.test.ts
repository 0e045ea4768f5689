import { expect } from 'chai';
import { quiet } from '../manual-clock.ts';
import { serviceError, systemError } from '../scripted-transport.ts';
import { bench, HOUR, MINUTE, names, streamOf, THROTTLED } from './bench.ts';

describe('kinesis adapter: temporary errors', () => {
  it('rides out an outage of an hour: nothing rejected, everything delivered, one warning and one word when it is over', async () => {
    let down = true;
    // Fewer records in a request than there could be: 3,000 requests fail, and each of their records is put back.
    const { transport, clock, context, adapter, send } = bench(
      () => (down ? { type: 'throw', error: systemError('ECONNREFUSED') } : { type: 'take' }),
      { maxRequestRecords: 100 },
    );
    const sends = names(20).map((name) =>
      send(name.length % 2 === 0 ? 'even' : 'odd', names(700, `${name}-`)),
    );
    await clock.advance(HOUR);
    expect(sends.map(({ state }) => state)).to.deep.equal(new Array(20).fill('pending'));
    expect(streamOf(adapter.snapshot(), 'odd')).to.deep.include({
      recordsSent: 0,
      waiting: 7_000,
      oldestWaitingMs: HOUR,
    });
    expect(streamOf(adapter.snapshot(), 'odd').state).to.deep.include({
      type: 'failing',
      code: 'ECONNREFUSED',
    });
    // One request at a time for each of two streams, every 2.5 s on average, however many sends wait.
    expect(transport.asked.length).to.be.within(2 * 1_300, 2 * 1_600);
    down = false;
    await clock.advance(MINUTE);
    expect(sends.map(({ state }) => state)).to.deep.equal(new Array(20).fill('resolved'));
    expect(new Set(transport.committed.map(({ data }) => data)).size).to.equal(14_000);
    expect(transport.committed.length).to.equal(14_000);
    expect(context.log.map(({ level }) => level).sort()).to.deep.equal(['warn', 'warn', 'warn', 'warn']);
  });

  it('does not wake the log for a connection that was reset once', async () => {
    const { clock, context, send } = bench(({ ordinal }) =>
      ordinal === 1 ? { type: 'throw', error: systemError('ECONNRESET') } : { type: 'take' },
    );
    const sent = send('s', ['a']);
    await clock.advanceUntil(() => sent.state === 'resolved');
    expect(context.log).to.deep.equal([]);
  });

  for (const error of [
    serviceError('KMSThrottlingException'),
    serviceError(THROTTLED),
    Object.assign(new Error('Stream closed with error code NGHTTP2_ENHANCE_YOUR_CALM'), {
      code: 'ERR_HTTP2_STREAM_ERROR',
    }),
    serviceError('InternalFailure', 'x', 500),
    serviceError('UnknownError', '<html>', 503),
  ]) {
    it(`sends again after ${error.name}: ${error.message}`, async () => {
      const { transport, clock, send } = bench(({ ordinal }) =>
        ordinal < 4 ? { type: 'throw', error } : { type: 'take' },
      );
      const sent = send('s', ['a']);
      await clock.advanceUntil(() => sent.state === 'resolved');
      expect(transport.asked.length).to.equal(4);
      expect(transport.in('s')).to.deep.equal(['a']);
    });
  }

  it('gives up a request that is not answered in time, aborts it, and sends it again', async () => {
    const { transport, clock, adapter, send } = bench(
      ({ ordinal }) => (ordinal === 1 ? { type: 'hang' } : { type: 'take' }),
      { requestTimeoutMs: 2_000, maxInFlight: 1 },
    );
    const sent = send('s', ['a']);
    await clock.advance(1_999);
    expect(transport.asked[0]?.signal.aborted).to.equal(false);
    await clock.advanceUntil(() => sent.state === 'resolved');
    expect(transport.asked[0]?.signal.aborted).to.equal(true);
    expect(streamOf(adapter.snapshot(), 's').errors).to.deep.equal({ TimeoutError: 1 });
  });

  it('throws a bug on instead of trying it again for ever', async () => {
    const bug = new TypeError('x is not a function');
    const { adapter, send } = bench(() => ({ type: 'throw', error: bug }), { maxInFlight: 1 });
    for (let i = 0; i < 2; i++) {
      const sent = send('s', ['a']);
      await quiet();
      expect(sent.error).to.equal(bug);
    }
    expect(streamOf(adapter.snapshot(), 's')).to.deep.include({ waiting: 0, inFlight: 0 });
  });
});
