import { expect } from 'chai';
import { Records } from '../../src/index.ts';
import { ManualClock, memory, withApplication } from '../../src/testing/index.ts';
import { rejection } from '../pipeline/support/application.ts';

interface Note {
  text: string;
}

let handled: Note[] = [];
const Noted = Records.define<Note>({
  name: 'Noted',
  url: import.meta.url,
  handleEvent: (events) => void handled.push(...events.map(({ data }) => data)),
});

describe('withApplication', () => {
  beforeEach(() => {
    handled = [];
  });

  it('runs handlers on the thread of the test, and gives what the test returned', async () => {
    const result = await withApplication(async ({ app }) => {
      Noted.record({ text: 'a' });
      await app.flush();
      return handled.length;
    });
    expect(result).to.equal(1);
    expect(() => Noted.stats()).to.not.throw();
    expect(Noted.record({ text: 'after' }), 'it has stopped').to.equal(false);
  });

  it('delivers what a test leaves behind, and makes way for the next, however it ends', async () => {
    const lost = new Error('the test failed');
    const failing = withApplication(({ adapter }) => {
      adapter.failNext(Number.POSITIVE_INFINITY, 'ServiceUnavailable');
      Noted.record({ text: 'b' });
      throw lost;
    });
    expect(await rejection(failing)).to.equal(lost);
    expect(handled).to.deep.equal([{ text: 'b' }]);
    await withApplication(() => {});
  });

  it('takes options, an adapter and a clock', async () => {
    const adapter = memory();
    const clock = new ManualClock(1_700_000_000_000);
    await withApplication({ adapter, clock, batchSize: 1 }, async (test) => {
      expect(test.adapter).to.equal(adapter);
      await Noted.recordAndConfirm({ text: 'c' });
      expect((await test.app.inspect()).takenAt).to.equal(1_700_000_000_000);
      expect((await test.app.inspect()).records.find(({ name }) => name === 'Noted')?.batchSize).to.equal(1);
    });
  });
});

describe('The memory adapter of the tests', () => {
  it('has what was recorded of each type, as it was then, until it is cleared', () =>
    withApplication(async ({ adapter, app }) => {
      const event = { text: 'first' };
      Noted.record(event);
      event.text = 'changed';
      await Noted.recordAndConfirm({ text: 'second' });
      expect(adapter.recorded(Noted)).to.deep.equal([{ text: 'first' }, { text: 'second' }]);
      adapter.clear();
      expect(adapter.recorded(Noted)).to.deep.equal([]);
      await app.flush();
    }));
});
