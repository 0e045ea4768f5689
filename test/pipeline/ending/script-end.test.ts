import { expect } from 'chai';
import { startKinesisSimulator } from '../../../src/testing/index.ts';
import { run } from '../support/script.ts';

describe('The end of a script', () => {
  it('waits for what it has recorded', async () => {
    const { code, out, err } = await run('records-and-ends');
    expect(err).to.equal('');
    expect(out).to.deep.equal(['end of the script', 'delivered hello']);
    expect(code).to.equal(0);
  });

  it('waits no longer than exitTimeoutMs', async () => {
    const since = performance.now();
    const { code, out } = await run('gives-up');
    expect(out).to.deep.equal([]);
    expect(code).to.equal(0);
    expect(performance.now() - since).to.be.below(10_000);
  });

  for (const before of ['without-work', 'after-work']) {
    it(`is not held up by an application that is idle, ${before}`, async () => {
      const { code, out, err } = await run('idle', before);
      expect(err).to.equal('');
      expect(out.at(-1)).to.equal(before === 'after-work' ? '1' : '0');
      expect(code).to.equal(0);
    });
  }

  for (const { what, line } of [
    { what: 'stop', line: 'stopped 1' },
    { what: 'flush', line: 'flushed 1' },
    { what: 'type-flush', line: 'flushed 1' },
    { what: 'confirm', line: 'confirmed delivered' },
  ]) {
    it(`comes after an await of ${what} at its top level, however long that takes`, async () => {
      const { code, out, err } = await run('awaits', what);
      expect(err).to.equal('');
      expect(out).to.deep.equal(['delivered awaited', line]);
      expect(code).to.equal(0);
    });
  }

  it('comes after an await of inspect() at its top level', async () => {
    const { code, out } = await run('awaits', 'inspect');
    expect(out).to.include('inspected 1');
    expect(code).to.equal(0);
  });

  for (const { how, code } of [
    { how: 'exit', code: 3 },
    { how: 'throw', code: 1 },
    { how: 'reject', code: 1 },
  ]) {
    for (const { when, what, recorded } of [
      { when: 'starting', what: 'its application starting', recorded: 2000 },
      { when: 'cold', what: 'its thread cold', recorded: 2000 },
      { when: 'warm', what: 'its thread warm', recorded: 2001 },
    ]) {
      it(`delivers what is queued though the process ends at once, by ${how}, ${what}`, async () => {
        const ended = await run('exits', how, when);
        expect(ended.out).to.deep.equal([`recorded ${recorded}, delivered ${recorded}, pending 0`]);
        expect(ended.code).to.equal(code);
      });
    }
  }

  it('waits for no company that an aggregate could have', async () => {
    const simulator = await startKinesisSimulator({ streams: { pieces: 1 }, limits: false });
    const { endpoint, region } = simulator;
    const { out } = await run('exits-collecting', endpoint, region);
    await simulator.stop();
    expect(out).to.deep.equal(['delivered 41, pending 0']);
  });

  it('is not held up by a dead letter: its sink cannot take it any more', async () => {
    const { code, out, err } = await run('leaves-a-letter');
    expect(out).to.deep.equal(['dead-lettered 0, pending 1']);
    expect(err).to.include('the process ended before these events were delivered');
    expect(code).to.equal(0);
  });

  it('loses what is queued when the process is killed: nothing of it runs any more', async () => {
    const { out, signal } = await run('exits', 'kill', 'cold');
    expect(out).to.deep.equal(['recorded 2000, delivered 0']);
    expect(signal).to.equal('SIGKILL');
  });

  it('comes by a signal though a thread is stuck in native code; the thread is replaced, and stop() returns', async () => {
    const since = performance.now();
    const { out, signal } = await run('stuck');
    expect(out).to.deep.equal(['replaced', 'stopped, pending 1']);
    expect(signal).to.equal('SIGTERM');
    expect(performance.now() - since, 'the native call takes half a minute').to.be.below(25_000);
  });
});
