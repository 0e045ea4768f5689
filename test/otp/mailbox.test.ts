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
});
