import { expect } from 'chai';
import { quiet } from '../manual-clock.ts';
import { serviceError } from '../scripted-transport.ts';
import { bench, HOUR, MINUTE, names, streamOf } from './bench.ts';

describe('kinesis adapter: pause and resume', () => {
  for (const code of [
    'ExpiredTokenException',
    'AccessDeniedException',
    'KMSDisabledException',
    'ResourceNotFoundException',
    'CredentialsProviderError',
  ]) {
    it(`pauses the stream on ${code}, keeps its records, probes with one request, and resumes`, async () => {
      let refuse = false;
      const { transport, clock, context, adapter, send } = bench(
        ({ stream }) =>
          refuse && stream === 's' ? { type: 'throw', error: serviceError(code, 'no') } : { type: 'take' },
        { probeBackoff: { initialMs: 1_000, maxMs: 60_000, factor: 2, jitter: 0 } },
      );
      await send('s', ['before']).promise;
      refuse = true;
      const sends = names(10, 'during-').map((name) => send('s', [name]));
      await quiet();
      // All ten were in the request that was refused; from then on there is the probe alone.
      expect(transport.asked.length).to.equal(2);
      const { state } = streamOf(adapter.snapshot(), 's');
      expect(state).to.deep.include({
        type: 'paused',
        code,
        probes: 0,
        nextProbeAt: clock.wallTime() + 1_000,
      });
      await send('other', ['x']).promise;
      await clock.advance(1_000 + 2_000 + 4_000);
      expect(transport.asked.filter(({ stream }) => stream === 's').length).to.equal(2 + 3);
      expect(sends.every((sent) => sent.state === 'pending')).to.equal(true);
      expect(streamOf(adapter.snapshot(), 's')).to.deep.include({ waiting: 10, inFlight: 0 });
      refuse = false;
      await clock.advance(8_000);
      expect(sends.every((sent) => sent.state === 'resolved')).to.equal(true);
      expect(transport.in('s').sort()).to.deep.equal(['before', ...names(10, 'during-')]);
      expect(streamOf(adapter.snapshot(), 's').state).to.deep.equal({ type: 'open' });
      expect(context.log.map(({ level }) => level)).to.deep.equal(['error', 'warn']);
      const states = context.events.flatMap((event) =>
        event.type === 'stream-state' ? [event.state.type] : [],
      );
      expect(states).to.deep.equal([
        'paused',
        ...new Array(3).fill(['probing', 'paused']).flat(),
        'probing',
        'open',
      ]);
    });
  }

  it('tells the log again when the reason changes', async () => {
    const reasons = ['ExpiredTokenException', 'ExpiredTokenException', 'AccessDeniedException'];
    const { clock, context, send } = bench(({ ordinal }) => {
      const reason = reasons[ordinal - 1];
      return reason === undefined ? { type: 'take' } : { type: 'throw', error: serviceError(reason) };
    });
    const sent = send('s', ['a']);
    await clock.advanceUntil(() => sent.state === 'resolved');
    expect(
      context.log.map(({ level, message }) => [level, /[A-Z]\w+Exception/.exec(message)?.[0]]),
    ).to.deep.equal([
      ['error', 'ExpiredTokenException'],
      ['error', 'AccessDeniedException'],
      ['warn', undefined],
    ]);
  });

  it('gives the probe to the next in line when the send that had it is aborted', async () => {
    const { transport, clock, send } = bench(
      ({ ordinal }) =>
        ordinal <= 2
          ? { type: 'throw', error: serviceError('AccessDeniedException') }
          : ordinal === 3
            ? { type: 'hang' }
            : { type: 'take' },
      { maxRequestRecords: 1 },
    );
    const controller = new AbortController();
    const first = send('s', ['first'], controller.signal);
    const second = send('s', ['second']);
    await clock.advance(1_500);
    expect(transport.asked.map(({ data }) => data[0])).to.deep.equal(['first', 'second', 'first']);
    controller.abort();
    await quiet();
    expect(first.state).to.equal('rejected');
    expect(second.state).to.equal('resolved');
  });

  for (const late of ['take', 'throw'] as const) {
    it(`is not moved by a request from before the pause, answered after it (${late})`, async () => {
      const answers: (() => void)[] = [];
      const error = serviceError('ExpiredTokenException');
      const { transport, clock, context, adapter, send } = bench(({ ordinal }) => {
        if (ordinal === 1)
          return new Promise((resolve) => answers.push(() => resolve({ type: late, error })));
        return ordinal === 2 ? { type: 'throw', error } : { type: 'take' };
      });
      const early = send('s', ['early']);
      await quiet();
      const refused = send('s', ['refused']);
      await clock.advanceUntil(() => refused.state === 'resolved');
      answers[0]?.();
      await quiet();
      expect(early.state).to.equal('resolved');
      expect(transport.in('s')).to.deep.equal(['refused', 'early']);
      expect(streamOf(adapter.snapshot(), 's').state).to.deep.equal({ type: 'open' });
      expect(context.log.map(({ level }) => level)).to.deep.equal(['error', 'warn']);
    });
  }

  it('holds no slot while paused, so that other streams go on', async () => {
    const { clock, send } = bench(
      ({ stream }) =>
        stream === 's' ? { type: 'throw', error: serviceError('AccessDeniedException') } : { type: 'take' },
      { maxInFlight: 1 },
    );
    const held = names(5).map((name) => send('s', [name]));
    await quiet();
    await send('other', ['x']).promise;
    await clock.advance(HOUR);
    await send('other', ['y']).promise;
    expect(held.every(({ state }) => state === 'pending')).to.equal(true);
  });

  it('pauses by the code of a single record, and delivers the others of its request', async () => {
    const { transport, clock, adapter, send } = bench(({ ordinal }) =>
      ordinal === 1 ? { type: 'partial', failed: [0], code: 'KMSAccessDeniedException' } : { type: 'take' },
    );
    const sent = send('s', ['a', 'b']);
    await quiet();
    expect(transport.in('s')).to.deep.equal(['b']);
    expect(streamOf(adapter.snapshot(), 's').state).to.deep.include({ type: 'paused' });
    await clock.advanceUntil(() => sent.state === 'resolved');
    expect(transport.in('s')).to.deep.equal(['b', 'a']);
  });

  it('makes a missing stream when asked to, says so once, and delivers when it is ready', async () => {
    let exists = false;
    const { transport, clock, context, send } = bench(
      () => (exists ? { type: 'take' } : { type: 'throw', error: serviceError('ResourceNotFoundException') }),
      { createStreams: { shards: 2 }, streams: { s: 'prod-s' } },
    );
    transport.onCreate = () => {
      if (transport.created.length > 1) return 'exists';
      clock.setTimer(10_000, () => {
        exists = true;
      });
      return 'made';
    };
    const sends = names(3).map((name) => send('s', [name]));
    await clock.advanceUntil(() => sends.every(({ state }) => state === 'resolved'));
    expect(transport.created[0]).to.deep.equal({
      name: 'prod-s',
      stream: { type: 'provisioned', shards: 2 },
    });
    expect(context.log.map(({ level }) => level)).to.deep.equal(['error', 'info', 'warn']);
  });

  it('stays paused when the stream cannot be made, and says so once', async () => {
    const { transport, clock, context, send } = bench(
      () => ({ type: 'throw', error: serviceError('ResourceNotFoundException') }),
      { createStreams: true },
    );
    transport.onCreate = () => {
      throw serviceError('AccessDeniedException', 'may not create');
    };
    const sent = send('s', ['a']);
    await clock.advance(HOUR);
    expect(sent.state).to.equal('pending');
    expect(transport.created.length).to.be.greaterThan(30);
    expect(transport.created[0]).to.deep.equal({ name: 's', stream: { type: 'on-demand' } });
    expect(context.log.map(({ message }) => message)).to.have.length(2);
    expect(context.log[1]?.message).to.include('AccessDeniedException: may not create');
  });

  it('never makes a stream that was given by its ARN', async () => {
    const arn = 'arn:aws:kinesis:eu-west-1:111122223333:stream/theirs';
    const { transport, clock, send } = bench(
      () => ({ type: 'throw', error: serviceError('ResourceNotFoundException') }),
      { createStreams: true, streams: { s: arn } },
    );
    send('s', ['a']);
    await clock.advance(MINUTE);
    expect(transport.created).to.deep.equal([]);
  });
});
