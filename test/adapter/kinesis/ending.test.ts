import { expect } from 'chai';
import type { KinesisOptions } from '../../../src/pipeline/adapter/kinesis/options.ts';
import { quiet } from '../manual-clock.ts';
import { type Script, serviceError, systemError } from '../scripted-transport.ts';
import { bench, streamOf, THROTTLED, watch } from './bench.ts';

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
    await quiet();
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
