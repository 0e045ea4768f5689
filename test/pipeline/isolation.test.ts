import { readdirSync } from 'node:fs';
import os from 'node:os';
import { expect } from 'chai';
import { Late } from './fixtures/handlers.ts';
import { Hangs } from './fixtures/hangs.ts';
import { type Fate, Mortal } from './fixtures/mortal.ts';
import { ProbeA, ProbeB } from './fixtures/probe.ts';
import { Sleeps } from './fixtures/sleeps.ts';
import { numbers, snapshotWith, stage } from './support/application.ts';
import { close, open } from './support/gates.ts';

describe('Isolation', () => {
  const scene = stage();

  it('inline runs handlers on the main thread, by the same code and in the same tree', async () => {
    const app = await scene.start({ isolation: 'inline' });
    ProbeA.record({ n: 1 });
    await app.flush();
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal([1]);
    expect((await scene.journal.until('end', 1))[0]?.thread).to.equal(0);
    const snapshot = await app.inspect();
    expect(snapshot.records.find(({ name }) => name === 'ProbeA')?.thread).to.include({
      isolation: 'inline',
    });
    const boxes = snapshot.nodes.filter(({ recordType }) => recordType === 'ProbeA');
    expect(boxes.map(({ name, parent, thread }) => [name, parent, thread])).to.deep.equal([
      ['ConsumerSupervisor', 'ConsumerDynamicSupervisor', 'main'],
      ['Producer', 'ProducerSupervisor', 'main'],
      ['Record', 'RecordsSupervisor', 'main'],
    ]);
  });

  it('can be one type’s own choice: one inline, the other in a thread', async () => {
    const app = await scene.start();
    const { Inline } = await import('./fixtures/inline.ts');
    Inline.record({ n: 1 });
    ProbeA.record({ n: 1 });
    await app.flush();
    const ended = await scene.journal.until('end', 2);
    const threadOf = (recordType: string) => ended.find((entry) => entry.recordType === recordType)?.thread;
    expect(threadOf('Inline')).to.equal(0);
    expect(threadOf('ProbeA')).to.be.above(0);
  });

  const onLinux = process.platform === 'linux' ? it : () => {};
  onLinux(
    'leaves cores to the application first: the type’s thread alone is nicer, by what is said',
    async () => {
      const own = os.getPriority();
      await scene.start({ niceness: 7 });
      ProbeA.record({ n: 1 });
      await scene.journal.until('end', 1);
      const threads = readdirSync('/proc/self/task').map(Number);
      const nicer = threads.filter((thread) => os.getPriority(thread) === own + 7);
      expect(nicer).to.have.length(1).and.not.to.include(process.pid);
      expect(os.getPriority()).to.equal(own);
    },
  );

  for (const { name, type } of [
    { name: 'blocks its thread', type: Hangs },
    { name: 'never ends', type: Sleeps },
  ]) {
    it(`keeps a type out of what another does: an import that ${name} holds up nobody else's restart`, async () => {
      const { journal } = scene;
      close('moduleA');
      await scene.start();
      Mortal.record({ n: 1 });
      await journal.until('end', 1);
      type.record({ n: 1 });
      await journal.until('importing', 1);

      Mortal.record({ n: 2, fate: 'exit' });
      await journal.until('begin', 2, 'Mortal');
      const killedAt = performance.now();
      const [, second] = await journal.until('end', 2, 'Mortal');
      const backAfterMs = performance.now() - killedAt;
      console.log(`      killed and delivering again after ${backAfterMs.toFixed(0)} ms`);
      expect(second).to.include({ attempt: 2 });
      expect(second?.n).to.deep.equal([2]);
      // It never ends: whoever waited for it would not be here.
      expect(type.stats(), 'which is still where it was').to.include({ accepted: 1, delivered: 0 });
    });
  }
});

describe('The end of a record type’s thread', () => {
  const scene = stage();

  for (const fate of ['exit', 'throw_outside', 'reject_unhandled'] as const satisfies Fate['fate'][]) {
    it(`by its handler (${fate}) ends nothing else, and its event is delivered by the next one`, async () => {
      const app = await scene.start();
      ProbeB.record({ n: 1 });
      Mortal.record({ n: 1 });
      await app.flush();
      const before = await app.inspect();
      Mortal.record({ n: 2, fate });
      ProbeB.record({ n: 2 });
      const ledger = await app.flush();
      expect(ledger.types.Mortal).to.include({ accepted: 2, delivered: 2, deadLettered: 0 });
      expect(numbers(scene.adapter, 'mortal')).to.deep.equal([1, 2]);

      const after = await app.inspect();
      const pids = (snapshot: typeof after) =>
        snapshot.nodes.filter(({ recordType }) => recordType === 'ProbeB').map(({ pid }) => pid);
      expect(pids(after), 'the other type keeps its processes').to.deep.equal(pids(before));
      const mortal = after.records.find(({ name }) => name === 'Mortal');
      expect(mortal?.thread).to.include({ starts: 2, state: 'ready' });
      expect(mortal?.lastFailure?.message).to.include(
        {
          exit: 'exit code 3',
          throw_outside: 'thrown outside of any handler',
          reject_unhandled: 'nobody handles this',
        }[fate],
      );
    });
  }

  it('charges a batch that was alone in it, and no batch that was not', async () => {
    const app = await scene.start({ batchSize: 1, maxAttempts: 2 });
    Mortal.record({ n: 1, fate: 'exit' });
    await app.flush();
    const alone = await scene.journal.until('begin', 2, 'Mortal');
    expect(alone.map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
    expect(numbers(scene.adapter, 'mortal')).to.deep.equal([1]);
  });

  it('on an order charges nobody, however often, and a batch that was alone in it least of all', async () => {
    close('handle');
    const app = await scene.start({ maxAttempts: 1 });
    Late.record({ n: 1 });
    for (const runs of [1, 2]) {
      await scene.journal.until('begin', runs, 'Late');
      await app.endThread('Late');
    }
    const runs = await scene.journal.until('begin', 3, 'Late');
    open('handle');
    const ledger = await app.flush();
    expect(runs.map(({ attempt }) => attempt)).to.deep.equal([1, 1, 1]);
    expect(ledger).to.include({ delivered: 1, deadLettered: 0 });
  });

  it('that hangs is seen, is ended after hangTimeoutMs, and its event is delivered by the next one', async () => {
    close('busy');
    const app = await scene.start({ hangTimeoutMs: 300 });
    Mortal.record({ n: 1, fate: 'block' });
    await app.flush();
    const runs = await scene.journal.until('begin', 2, 'Mortal');
    expect(runs.map(({ n }) => n)).to.deep.equal([[1], [1]]);
    expect(numbers(scene.adapter, 'mortal')).to.deep.equal([1]);
    expect(scene.log.entries.some(({ message }) => message.includes('hangs'))).to.equal(true);
  });

  it('that hangs holds up no stop', async () => {
    close('busy');
    const app = await scene.start();
    Mortal.record({ n: 1, fate: 'block' });
    ProbeA.record({ n: 1 });
    await scene.journal.until('begin', 1, 'Mortal');
    const since = performance.now();
    const ledger = await app.stop({ timeoutMs: 100 });
    expect(ledger.types.Mortal).to.include({ accepted: 1, pending: 1 });
    expect(ledger.types.ProbeA).to.include({ accepted: 1, delivered: 1 });
    expect(performance.now() - since, 'of hangTimeoutMs (30 s) nothing').to.be.below(15_000);
    open('busy');
  });

  it('is not taken for a hang because it was started often within hangTimeoutMs', async () => {
    const app = await scene.start({ hangTimeoutMs: 1500, stableMs: 0, batchSize: 1 });
    for (let n = 1; n <= 4; n++) {
      Mortal.record({ n, fate: 'exit' });
      await app.flush();
    }
    close('busy');
    Mortal.record({ n: 5, fate: 'block' });
    await scene.journal.until('begin', 9, 'Mortal');
    const since = performance.now();
    await snapshotWith(app, ({ records }) =>
      records.some(({ name, thread }) => name === 'Mortal' && thread.starts === 6),
    );
    expect(performance.now() - since, 'checks in a row, half a second apart').to.be.above(900);
  });
});
