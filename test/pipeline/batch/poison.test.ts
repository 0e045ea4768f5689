import { expect } from 'chai';
import { Application, type DeadLetter, type Logger, memory } from '../../../src/index.ts';
import { afterFailure, beforeRun } from '../../../src/pipeline/batch/batch-step.ts';
import { DeadlyEvent } from '../fixtures/killer.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

describe('What happens to a batch', () => {
  it('that failed: it is tried again, halved, and at last the event is buried', () => {
    const steps = [1, 2, 3].map((attempts) => afterFailure({ attempts, events: 4, maxAttempts: 3 }));
    expect(steps).to.deep.equal(['retry', 'retry', 'split']);
    expect(afterFailure({ attempts: 3, events: 1, maxAttempts: 3 })).to.equal('bury');
  });

  it('that was running when its thread died: an event is buried only if it ran alone', () => {
    const batch = { suspect: true, ranAlone: false, attempts: 3, events: 4, maxAttempts: 3 };
    expect(beforeRun(batch)).to.equal('split');
    expect(beforeRun({ ...batch, attempts: 2 })).to.equal('run');
    expect(beforeRun({ ...batch, suspect: false })).to.equal('run');
    expect(beforeRun({ ...batch, events: 1 })).to.equal('run');
    expect(beforeRun({ ...batch, events: 1, ranAlone: true })).to.equal('bury');
  });
});

describe('An event that ends its thread every time', () => {
  for (const kills of ['exit', 'throw', 'hang', 'memory'] as const) {
    it(`by ${kills} is isolated and goes to the dead letters; all others are delivered`, async function () {
      this.timeout(60_000);
      const letters: DeadLetter[] = [];
      const adapter = memory();
      const app = await Application.start({
        adapter,
        logger: silent,
        deadLetter: (letter) => void letters.push(letter),
      });
      for (let n = 0; n < 20; n++) DeadlyEvent.record(n === 5 ? { n, kills } : { n });
      const ledger = await app.flush();
      await app.stop();
      expect(ledger).to.include({ accepted: 20, delivered: 19, deadLettered: 1, pending: 0 });
      expect(letters.map(({ data }) => data)).to.deep.equal([{ n: 5, kills }]);
      expect(letters[0]?.error).to.include({ code: 'ERR_THREAD_DIED' });
      const delivered = new Set(adapter.messages('deadly').map(({ partitionKey }) => Number(partitionKey)));
      expect([...delivered].sort((a, b) => a - b)).to.deep.equal(
        Array.from({ length: 20 }, (_, n) => n).filter((n) => n !== 5),
      );
    });
  }
});
