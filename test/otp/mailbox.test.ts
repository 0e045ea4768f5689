import { expect } from 'chai';
import type { Process } from '../../src/otp/process.ts';
import { Runtime } from '../../src/otp/runtime.ts';

describe('A mailbox', () => {
  it('is told of when it is longer than ever before: at 1,024 messages, and at each doubling', () => {
    const runtime = new Runtime();
    const told: [string, number][] = [];
    runtime.observers.add({ crowded: ({ label }, waiting) => told.push([label ?? '', waiting]) });
    const process: Process = runtime.spawn({ kind: 'busy', start() {}, receive() {} }, { label: 'Busy' });
    const send = (count: number): void => {
      for (let n = 0; n < count; n++) process.send(process.pid, n);
    };
    send(1023);
    expect(told).to.deep.equal([]);
    send(4000);
    expect(told).to.deep.equal([
      ['Busy', 1024],
      ['Busy', 2048],
      ['Busy', 4096],
    ]);
  });

  it('gives each of those that wait at once the first message that matches it, in the order they came', async () => {
    const runtime = new Runtime();
    const got: unknown[] = [];
    const process: Process = runtime.spawn({
      kind: 'waits',
      start(self) {
        const take = async (name: string, wanted: number): Promise<void> => {
          await self.take((envelope) => envelope.type === 'info' && envelope.message === wanted);
          got.push([name, wanted]);
        };
        return Promise.all([take('a', 1), take('b', 2), take('c', 2), take('d', 3), take('e', 1)]).then(
          () => {},
        );
      },
      receive() {},
    });
    await new Promise(setImmediate);
    for (const message of [2, 9, 1, 3, 2, 1]) process.send(process.pid, message);
    await new Promise(setImmediate);
    expect(got).to.deep.equal([
      ['b', 2],
      ['a', 1],
      ['d', 3],
      ['c', 2],
      ['e', 1],
    ]);
    expect(process.handled, 'what nobody waited for is left to the callbacks').to.equal(1);
  });
});
