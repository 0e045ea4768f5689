import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { Cancellation } from '../../src/base/cancellation.ts';
import type { SendOptions } from '../../src/pipeline/adapter/adapter.ts';
import { OpenSends } from '../../src/pipeline/adapter/open-sends.ts';
import { sendOptions } from '../../src/pipeline/adapter/send-options.ts';
import { ManualClock } from '../../src/testing/index.ts';

const nothing = () => {};

/** A send that ends by its options alone. */
function open(sends: OpenSends, options: SendOptions): Promise<unknown> {
  return sends.run(options, () => new Promise<void>(nothing)).catch((error: unknown) => error);
}

describe('the open sends of an adapter', () => {
  it('end with what their options were made of, and no signal is made for that', async () => {
    const sends = new OpenSends(new ManualClock());
    class Watched extends Cancellation {
      asked = 0;
      override get signal() {
        this.asked++;
        return super.signal;
      }
    }
    const over = new Watched();
    const ended = open(sends, sendOptions(over, {}));
    over.cancel(new Error('enough'));
    expect(await ended).to.have.nested.property('cause.message', 'enough');
    expect(over.asked).to.equal(0);
    const late = await open(sends, sendOptions(over, {}));
    expect(late).to.have.property('code', 'ERR_SEND_ABORTED');
  });

  it('end by the signal of a copy of their options, if that is another', async () => {
    const sends = new OpenSends(new ManualClock());
    const over = new Cancellation();
    const copied = open(sends, { ...sendOptions(over, { ordered: true }) });
    const controller = new AbortController();
    const other = open(sends, { ...sendOptions(over, {}), signal: controller.signal });
    controller.abort(new Error('of the copy'));
    expect(await other).to.have.nested.property('cause.message', 'of the copy');
    over.cancel(new Error('of both'));
    expect(await copied).to.have.nested.property('cause.message', 'of both');
  });

  it('listen to a signal once, however many they are, and to none when they have settled', async () => {
    const sends = new OpenSends(new ManualClock());
    const { signal } = new AbortController();
    const settle: (() => void)[] = [];
    const work = () => new Promise<void>((resolve) => settle.push(resolve));
    const all = Array.from({ length: 20 }, () => sends.run({ signal }, work));
    expect(getEventListeners(signal, 'abort')).to.have.length(1);
    for (const resolve of settle) resolve();
    await Promise.all(all);
    expect(getEventListeners(signal, 'abort')).to.have.length(0);
  });
});
