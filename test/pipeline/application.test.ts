/** Application.start and Application.stop. */
import { expect } from 'chai';
import { Application, memory, Records } from '../../src/index.ts';
import { ProbeA, ProbeB } from './fixtures/probe.ts';
import { numbers, rejection, snapshotWith, stage } from './support/application.ts';
import { close } from './support/gates.ts';
import { WatchedClock } from './support/watched-clock.ts';

let defined = 0;
/** A name that no other test has: definitions live as long as the process. */
const newName = () => `Late${++defined}`;

describe('Application.start', () => {
  const scene = stage();

  it('names all bad options in one error', async () => {
    const error = await rejection(
      scene.start({
        batchSize: 0,
        flushIntervalMs: '1s',
        qeueuBytes: 1,
        backoff: { initialMs: -1 },
      } as never),
    );
    expect(error).to.include({ code: 'ERR_OPTIONS' });
    for (const fact of [
      'batchSize',
      'flushIntervalMs',
      '"1s"',
      'qeueuBytes',
      'queueBytes',
      'backoff.initialMs',
    ])
      expect(error.message).to.include(fact);
    expect(await scene.start(), 'a start that failed leaves nothing behind').to.be.instanceOf(Application);
  });

  it('refuses an adapter that is none', async () => {
    expect(await rejection(Application.start({} as never))).to.include({ code: 'ERR_OPTIONS' });
    expect(await rejection(scene.start({ adapter: { module: './relative.js' } }))).to.include({
      code: 'ERR_ADAPTER_DESCRIPTOR',
    });
  });

  it('refuses a second application while one is running or starting', async () => {
    const starting = scene.start();
    expect(await rejection(Application.start({ adapter: memory() }))).to.include({
      code: 'ERR_ALREADY_RUNNING',
    });
    await starting;
    expect(await rejection(Application.start({ adapter: memory() }))).to.include({
      code: 'ERR_ALREADY_RUNNING',
    });
  });

  it('takes events from its call on, before its promise has resolved', async () => {
    const starting = scene.start();
    expect(ProbeA.record({ n: 1 })).to.equal(true);
    const app = await starting;
    await app.flush();
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal([1]);
  });

  it('works again after stop, with counts and queues of its own', async () => {
    const first = await scene.start();
    ProbeA.record({ n: 1 });
    expect(await first.stop()).to.include({ accepted: 1, delivered: 1 });
    const second = await scene.start();
    ProbeA.record({ n: 2 });
    expect(await second.flush()).to.include({ accepted: 1, delivered: 1 });
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal([1, 2]);
    expect(first.ledger()).to.include({ accepted: 1, delivered: 1 });
  });

  const expectMend = async (
    app: Application,
    type: { readonly name: string; record(event: { n: number }): boolean },
  ) => {
    try {
      type.record({ n: 1 });
      const { records } = await snapshotWith(app, (snapshot) =>
        snapshot.records.some(({ name, lastFailure }) => name === type.name && lastFailure !== null),
      );
      const message = records.find(({ name }) => name === type.name)?.lastFailure?.message;
      expect(message).to.include(`inside the thread of record type '${type.name}'`);
      expect(message).to.include('starts-application');
      expect(message).to.include('Move the definition into a file of its own');
    } finally {
      await app.stop({ timeoutMs: 0 });
    }
  };

  it('inside the module of a record type tells how to mend that', async () => {
    const { app, Misplaced } = await import('./fixtures/starts-application.ts');
    await expectMend(app, Misplaced);
  });

  it('inside the module of a record type tells how to mend that, also when nobody awaits it', async () => {
    const { starting, MisplacedToo } = await import('./fixtures/starts-application-unawaited.ts');
    await expectMend(await starting, MisplacedToo);
  });
});

describe('Application.stop', () => {
  const scene = stage();

  it('refuses what is recorded from its call on, and counts it', async () => {
    const app = await scene.start();
    ProbeA.record({ n: 1 });
    const stopping = app.stop();
    expect(ProbeA.record({ n: 2 })).to.equal(false);
    expect(await rejection(ProbeA.recordAndConfirm({ n: 3 }))).to.include({ code: 'ERR_STOPPED' });
    const ledger = await stopping;
    expect(ledger.types.ProbeA).to.include({ accepted: 1, delivered: 1, pending: 0 });
    expect(ProbeA.record({ n: 4 })).to.equal(false);
    expect(ProbeB.record({ n: 4 }), 'a type that has never recorded').to.equal(false);
    expect(ProbeA.stats()).to.include({ accepted: 1, refused: 3 });
    expect(ProbeB.stats()).to.include({ refused: 1 });
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal([1]);
  });

  it('twice is once', async () => {
    const app = await scene.start();
    ProbeA.record({ n: 1 });
    const [first, second] = await Promise.all([app.stop(), app.stop({ timeoutMs: 0 })]);
    expect(second).to.equal(first);
    expect(await app.stop()).to.equal(first);
    expect(first).to.include({ delivered: 1, pending: 0 });
  });

  it('is what `await using` does', async () => {
    let app: Application;
    {
      await using used = await scene.start();
      app = used;
      ProbeA.record({ n: 1 });
    }
    expect(app.ledger()).to.include({ delivered: 1 });
    expect(ProbeA.record({ n: 2 })).to.equal(false);
  });

  it('holds for a type that is defined while it is under way, and after it', async () => {
    const app = await scene.start();
    ProbeA.record({ n: 1 });
    const stopping = app.stop();
    const define = () => Records.define<number>({ name: newName(), url: import.meta.url, handleEvent() {} });
    const during = define();
    expect(during.record(1)).to.equal(false);
    await stopping;
    const after = define();
    expect(after.record(1)).to.equal(false);
    expect(after.stats()).to.include({ accepted: 0, refused: 1 });
    expect(during.record(2)).to.equal(false);
    expect(during.stats()).to.include({ accepted: 0, refused: 2 });
  });

  it('waits no longer than it is told, says what is left, and ends those who wait for it', async () => {
    close('handle');
    const app = await scene.start();
    const confirmed = rejection(ProbeA.recordAndConfirm({ n: 1 }));
    const flushed = app.flush();
    await scene.journal.until('begin', 1);
    const ledger = await app.stop({ timeoutMs: 20 });
    expect(ledger.types.ProbeA).to.include({ accepted: 1, delivered: 0, pending: 1 });
    const error = await confirmed;
    expect(error).to.include({ code: 'ERR_STOPPED' });
    expect(error.message).to.include('timeoutMs');
    expect(await flushed).to.include({ pending: 1 });
    expect(scene.log.entries.at(-1)?.fields).to.include({ pending: 1 });
  });

  it('does not wait for a thread that never boots', async () => {
    const { Hangs } = await import('./fixtures/hangs.ts');
    const { Sleeps } = await import('./fixtures/sleeps.ts');
    close('moduleA');
    const app = await scene.start();
    Hangs.record({ n: 1 });
    Sleeps.record({ n: 1 });
    await scene.journal.until('importing', 2);
    const since = performance.now();
    expect(await app.stop({ timeoutMs: 50 })).to.include({ accepted: 2, pending: 2 });
    expect(performance.now() - since, 'of startTimeoutMs (10 s) nothing').to.be.below(8000);
  });

  it('with a clock that stands still delivers what is pending', async () => {
    const app = await scene.start(
      { isolation: 'inline', flushIntervalMs: 777 },
      { clock: new WatchedClock() },
    );
    ProbeA.record({ n: 1 });
    await app.flush();
    ProbeA.record({ n: 2 });
    expect(await app.stop()).to.include({ delivered: 2, pending: 0 });
  });
});
