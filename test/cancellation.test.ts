import { expect } from 'chai';
import { Cancellation } from '../src/base/cancellation.ts';

describe('Cancellation', () => {
  it('tells all who listen, once, in their order, and says why', () => {
    const cancellation = new Cancellation();
    const told: unknown[] = [];
    const dropped = () => told.push('dropped');
    cancellation.onCancel(() => told.push(['first', cancellation.cancelled, cancellation.reason]));
    cancellation.onCancel(dropped);
    cancellation.onCancel(() => told.push('second'));
    cancellation.offCancel(dropped);
    cancellation.offCancel(() => {});
    expect([cancellation.cancelled, cancellation.reason]).to.deep.equal([false, undefined]);
    cancellation.cancel('why');
    cancellation.cancel('another reason');
    expect(told).to.deep.equal([['first', true, 'why'], 'second']);
    expect([cancellation.cancelled, cancellation.reason]).to.deep.equal([true, 'why']);
  });

  it('calls nobody who comes too late', () => {
    const cancellation = new Cancellation();
    cancellation.cancel();
    cancellation.onCancel(() => expect.fail('was called'));
    cancellation.cancel();
  });

  it('is an AbortSignal for those who ask for one, before and after, always the same', () => {
    const early = new Cancellation();
    const order: string[] = [];
    early.signal.addEventListener('abort', () => order.push('signal'));
    early.onCancel(() => order.push('listener'));
    const reason = new Error('why');
    expect(early.signal.aborted).to.equal(false);
    early.cancel(reason);
    expect([early.signal.aborted, early.signal.reason]).to.deep.equal([true, reason]);
    expect(order).to.deep.equal(['listener', 'signal']);
    const late = new Cancellation();
    late.cancel(reason);
    expect([late.signal.aborted, late.signal.reason]).to.deep.equal([true, reason]);
    expect(late.signal).to.equal(late.signal);
  });
});
