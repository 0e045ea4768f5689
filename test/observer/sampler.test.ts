/** Nothing is looked at while nobody watches. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { type ObservedApplication, Sampler } from '../../src/observer/sampler.ts';
import type { Snapshot } from '../../src/pipeline/view/snapshot-types.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { anEntry, aSnapshot } from './support/pictures.ts';

class Application {
  looks = 0;
  watching = 0;
  snapshot: Snapshot = aSnapshot();
  inspect = (): Promise<Snapshot> => {
    this.looks++;
    return Promise.resolve(this.snapshot);
  };
  watch = (): (() => void) => {
    this.watching++;
    return () => {
      this.watching--;
    };
  };
  onRestart = (): (() => boolean) => () => true;
}

describe('The sampler', () => {
  let app: Application;
  let clock: ManualClock;
  let sampler: Sampler;

  beforeEach(() => {
    app = new Application();
    clock = new ManualClock();
    sampler = new Sampler(app as unknown as ObservedApplication, clock);
  });

  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      await turn();
      clock.advance(1000);
    }
    await turn();
  };

  it('looks once a second for all who watch, and stops with the last of them', async () => {
    await pass(5);
    expect(app.looks).to.equal(0);
    const first = sampler.watch(() => {});
    const second = sampler.watch(() => {});
    expect(app.watching).to.equal(1);
    await pass(3);
    expect(app.looks).to.equal(4);
    first();
    await pass(1);
    expect(app.looks).to.equal(5);
    second();
    expect(app.watching).to.equal(0);
    await pass(60);
    expect(app.looks).to.equal(5);
  });

  it('takes one snapshot for all who ask at a time', async () => {
    await Promise.all([sampler.take(), sampler.take(), sampler.take()]);
    expect(app.looks).to.equal(1);
    await sampler.take();
    expect(app.looks).to.equal(2);
  });

  it('tells the first watcher what happened while nobody watched, once', async () => {
    app.snapshot = { ...aSnapshot(), restarts: [anEntry({ seq: 1 }), anEntry({ seq: 2, attempt: 2 })] };
    const leave = sampler.watch(() => {});
    await pass(2);
    leave();
    expect(sampler.feed.since(undefined).entries.map(({ text }) => text)).to.deep.equal([
      'Producer/MyEvent ended: TypeError: no such step (restart 1, started again at once)',
      'Producer/MyEvent ended: TypeError: no such step (restart 2, started again at once)',
    ]);
  });
});
