import { expect } from 'chai';
import fc from 'fast-check';
import type { AdapterSnapshot, Rejection, StreamSnapshot } from '../../src/pipeline/adapter/adapter.ts';
import { RecordsRejectedError } from '../../src/pipeline/adapter/errors.ts';
import { KinesisAdapter } from '../../src/pipeline/adapter/kinesis/kinesis-adapter.ts';
import { type KinesisOptions, kinesisSchema } from '../../src/pipeline/adapter/kinesis/options.ts';
import { parseOptions } from '../../src/pipeline/adapter/options.ts';
import { never, testContext } from './context.ts';
import { ManualClock, quiet } from './manual-clock.ts';
import { type Script, ScriptedTransport, serviceError, systemError } from './scripted-transport.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const THROTTLED = 'ProvisionedThroughputExceededException';

/** An adapter on a scripted Kinesis and a clock that stands still. */
function bench(script?: Script, options: KinesisOptions = {}) {
  const clock = new ManualClock();
  const context = testContext({ clock });
  const transport = new ScriptedTransport(script);
  const adapter = new KinesisAdapter(parseOptions('kinesis()', kinesisSchema, options), transport, context);
  const send = (stream: string, data: readonly string[], signal = never) =>
    watch(adapter.send(stream, messagesOf(data), { signal }));
  return { clock, context, transport, adapter, send };
}

function messagesOf(data: readonly string[]) {
  return data.map((text) => ({ partitionKey: 'k', data: text }));
}

function names(count: number, prefix = ''): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

/** A promise that can be looked at. */
function watch(promise: Promise<void>) {
  const watched: { state: 'pending' | 'resolved' | 'rejected'; error: unknown; promise: Promise<void> } = {
    state: 'pending',
    error: null,
    promise,
  };
  promise.then(
    () => {
      watched.state = 'resolved';
    },
    (error: unknown) => {
      watched.state = 'rejected';
      watched.error = error;
    },
  );
  return watched;
}

function streamOf(snapshot: AdapterSnapshot, stream: string): StreamSnapshot {
  const found = snapshot.streams.find((candidate) => candidate.stream === stream);
  if (found === undefined) throw new Error(`no stream ${stream} in the snapshot`);
  return found;
}

function rejectionsOf(error: unknown): readonly Rejection[] {
  expect(error).to.be.instanceOf(RecordsRejectedError);
  return (error as RecordsRejectedError).rejections;
}

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

describe('kinesis adapter: temporary errors', () => {
  it('rides out an outage of an hour: nothing rejected, everything delivered, one warning and one word when it is over', async () => {
    let down = true;
    const { transport, clock, context, adapter, send } = bench(() =>
      down ? { type: 'throw', error: systemError('ECONNREFUSED') } : { type: 'take' },
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
    // Backed off to 15 s on average, and not given up: 20 sends in an hour.
    expect(transport.asked.length).to.be.within(20 * 200, 20 * 300);
    down = false;
    await clock.advance(MINUTE);
    expect(sends.map(({ state }) => state)).to.deep.equal(new Array(20).fill('resolved'));
    expect(new Set(transport.committed.map(({ data }) => data)).size).to.equal(14_000);
    expect(transport.committed.length).to.equal(14_000);
    expect(context.log.map(({ level }) => level).sort()).to.deep.equal(['info', 'info', 'warn', 'warn']);
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
    expect(rejectionsOf(sent.error)).to.deep.equal([
      { index: 321, code: 'InvalidArgumentException', message: 'bad', bytes: 4, limit: null },
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

  it('rejects a record whose own result calls it invalid', async () => {
    const { transport, send } = bench(() => ({
      type: 'partial',
      failed: [1],
      code: 'InvalidArgumentException',
      message: 'too big for this stream',
    }));
    const sent = send('s', ['a', 'b', 'c']);
    await quiet();
    expect(rejectionsOf(sent.error)).to.deep.include({
      index: 1,
      code: 'InvalidArgumentException',
      message: 'too big for this stream',
      bytes: 2,
      limit: null,
    });
    expect(transport.asked.length).to.equal(1);
  });
});

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
      // All ten were under way when the first was refused; from then on there is the probe alone.
      expect(transport.asked.length).to.equal(11);
      const { state } = streamOf(adapter.snapshot(), 's');
      expect(state).to.deep.include({
        type: 'paused',
        code,
        probes: 0,
        nextProbeAt: clock.wallTime() + 1_000,
      });
      await send('other', ['x']).promise;
      await clock.advance(1_000 + 2_000 + 4_000);
      expect(transport.asked.filter(({ stream }) => stream === 's').length).to.equal(11 + 3);
      expect(sends.every((sent) => sent.state === 'pending')).to.equal(true);
      expect(streamOf(adapter.snapshot(), 's')).to.deep.include({ waiting: 10, inFlight: 0 });
      refuse = false;
      await clock.advance(8_000);
      expect(sends.every((sent) => sent.state === 'resolved')).to.equal(true);
      expect(transport.in('s').sort()).to.deep.equal(['before', ...names(10, 'during-')]);
      expect(streamOf(adapter.snapshot(), 's').state).to.deep.equal({ type: 'open' });
      expect(context.log.map(({ level }) => level)).to.deep.equal(['error', 'info']);
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
      ['info', undefined],
    ]);
  });

  it('gives the probe to the next in line when the send that had it is aborted', async () => {
    const { transport, clock, send } = bench(({ ordinal }) =>
      ordinal <= 2
        ? { type: 'throw', error: serviceError('AccessDeniedException') }
        : ordinal === 3
          ? { type: 'hang' }
          : { type: 'take' },
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

  it('makes a missing stream once when asked to, and delivers when it is there', async () => {
    let exists = false;
    const { transport, clock, context, send } = bench(
      () => (exists ? { type: 'take' } : { type: 'throw', error: serviceError('ResourceNotFoundException') }),
      { createStreams: { shards: 2 }, streams: { s: 'prod-s' } },
    );
    transport.onCreate = () => {
      clock.setTimer(500, () => {
        exists = true;
      });
    };
    const sends = names(3).map((name) => send('s', [name]));
    await clock.advanceUntil(() => sends.every(({ state }) => state === 'resolved'));
    expect(transport.created).to.deep.equal([{ name: 'prod-s', stream: { type: 'provisioned', shards: 2 } }]);
    expect(context.log.map(({ level }) => level)).to.deep.equal(['error', 'info', 'info']);
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

describe('kinesis adapter: abort and close', () => {
  const waits: [string, Script, KinesisOptions][] = [
    ['in a request', () => ({ type: 'hang' }), {}],
    [
      'in a backoff',
      () => ({ type: 'throw', error: systemError('ECONNRESET') }),
      { backoff: { initialMs: 1_000, jitter: 0 } },
    ],
    ['in a pause', () => ({ type: 'throw', error: serviceError('AccessDeniedException') }), {}],
  ];
  for (const [where, script, options] of waits) {
    it(`rejects at once when the signal is aborted ${where}, and leaves nothing behind`, async () => {
      const { clock, adapter, send } = bench(script, options);
      const controller = new AbortController();
      const sent = send('s', ['a'], controller.signal);
      await quiet();
      expect(sent.state).to.equal('pending');
      controller.abort(new Error('enough'));
      await quiet();
      expect(sent.error).to.include({ code: 'ERR_SEND_ABORTED' });
      expect((sent.error as Error).cause).to.include({ message: 'enough' });
      expect(streamOf(adapter.snapshot(), 's')).to.deep.include({
        waiting: 0,
        inFlight: 0,
        oldestWaitingMs: null,
      });
      await adapter.close({ timeoutMs: 0 });
      expect(clock.timers).to.equal(0);
    });
  }

  it('rejects a send that waits for a slot when its signal is aborted, and gives the slot to the next', async () => {
    const answers: (() => void)[] = [];
    const { transport, send } = bench(
      () => new Promise((resolve) => answers.push(() => resolve({ type: 'take' }))),
      { maxInFlight: 1 },
    );
    const controller = new AbortController();
    send('s', ['a']);
    const aborted = send('s', ['b'], controller.signal);
    send('s', ['c']);
    await quiet();
    controller.abort();
    answers.shift()?.();
    await quiet();
    expect(aborted.error).to.include({ code: 'ERR_SEND_ABORTED' });
    expect(transport.asked.map(({ data }) => data[0])).to.deep.equal(['a', 'c']);
  });

  it('waits in close for the sends under way, refuses new ones, then lets go', async () => {
    const { transport, clock, adapter, send } = bench(({ ordinal }) =>
      ordinal === 1 ? { type: 'partial', failed: [0], code: THROTTLED } : { type: 'take' },
    );
    const sent = send('s', ['a', 'b']);
    await quiet();
    const closed = watch(adapter.close({ timeoutMs: 10_000 }));
    const late = send('s', ['late']);
    await quiet();
    expect(late.error).to.include({ code: 'ERR_ADAPTER_CLOSED' });
    expect([closed.state, transport.closed]).to.deep.equal(['pending', false]);
    await clock.advance(500);
    expect([sent.state, closed.state, transport.closed]).to.deep.equal(['resolved', 'resolved', true]);
    expect(adapter.snapshot().closed).to.equal(true);
    expect(clock.timers).to.equal(0);
  });

  it('cuts off in close what does not end in time', async () => {
    const { transport, clock, adapter, send } = bench(() => ({ type: 'hang' }));
    const sent = send('s', ['a']);
    const closed = watch(adapter.close({ timeoutMs: 5_000 }));
    await clock.advance(4_999);
    expect([sent.state, closed.state]).to.deep.equal(['pending', 'pending']);
    await clock.advance(1);
    expect([sent.state, closed.state]).to.deep.equal(['rejected', 'resolved']);
    expect(sent.error).to.include({ code: 'ERR_ADAPTER_CLOSED' });
    expect(transport.asked[0]?.signal.aborted).to.equal(true);
    expect(transport.closed).to.equal(true);
  });
});

describe('kinesis adapter: any script of answers', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ type: 'take' as const }) },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('partial' as const),
        failed: fc.uniqueArray(fc.nat(30)),
        code: fc.constantFrom(THROTTLED, 'InternalFailure', 'SomethingNew', 'KMSAccessDeniedException'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('throw' as const),
        error: fc
          .constantFrom('ECONNRESET', THROTTLED, 'ExpiredTokenException', 'InternalFailure')
          .map((code) => serviceError(code)),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.constant({ type: 'take-then-throw' as const, error: systemError('ECONNRESET') }),
    },
    { weight: 1, arbitrary: fc.constant({ type: 'answer' as const, response: {} }) },
    { weight: 1, arbitrary: fc.constant({ type: 'hang' as const }) },
  );

  it('loses no record, condemns only the poison, and repeats only what was taken before its answer was lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 6 }),
        fc.array(step, { maxLength: 40 }),
        fc.array(fc.nat(59), { maxLength: 3 }),
        async (sizes, steps, poison) => {
          const poisoned = new Set(poison.map((index) => `0-${index}`));
          const lost: string[] = [];
          const { clock, transport, send } = bench(
            ({ ordinal, data }) => {
              if (data.some((text) => poisoned.has(text))) {
                return { type: 'throw', error: serviceError('InvalidArgumentException') };
              }
              const played = steps[ordinal - 1] ?? { type: 'take' };
              if (played.type === 'take-then-throw') lost.push(...data);
              return played;
            },
            { maxInFlight: 2, maxRequestRecords: 25, requestTimeoutMs: 1_000 },
          );
          const sends = sizes.map((size, i) => send(i % 2 === 0 ? 's' : 't', names(size, `${i}-`)));
          await clock.advanceUntil(() => sends.every(({ state }) => state !== 'pending'));
          for (const [i, sent] of sends.entries()) {
            const bad = names(sizes[i] ?? 0, `${i}-`).flatMap((name, index) =>
              poisoned.has(name) ? [index] : [],
            );
            expect(sent.state).to.equal(bad.length === 0 ? 'resolved' : 'rejected');
            if (bad.length > 0) expect(rejectionsOf(sent.error).map(({ index }) => index)).to.deep.equal(bad);
          }
          const all = sizes.flatMap((size, i) => names(size, `${i}-`)).filter((name) => !poisoned.has(name));
          const expected = [...all, ...lost].sort();
          expect(transport.committed.map(({ data }) => data).sort()).to.deep.equal(expected);
        },
      ),
      { numRuns: 200 },
    );
  });
});
