import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { Records, type RecordsHandle } from '../../src/index.ts';
import { Chained } from './fixtures/chained.ts';
import { ProbeA } from './fixtures/probe.ts';
import type { Order } from './fixtures/recording-thread.ts';
import { numbers, range, snapshotWith, stage } from './support/application.ts';
import { blockedBy, close, open } from './support/gates.ts';

interface Answer {
  readonly value?: unknown;
  readonly code?: string;
  readonly message?: string;
}

/** A thread of the application's own. */
class Recording {
  readonly worker: Worker;

  constructor(handle: RecordsHandle | null) {
    this.worker = new Worker(new URL('./fixtures/recording-thread.js', import.meta.url), {
      workerData: handle,
    });
  }

  async order(order: Order): Promise<Answer> {
    this.worker.postMessage(order);
    const [answer] = (await once(this.worker, 'message')) as [Answer];
    return answer;
  }
}

const PROBE_A = { module: './probe.js', name: 'ProbeA' } as const;

describe('A thread of the application’s own', () => {
  const scene = stage();
  const threads: Recording[] = [];
  const thread = (handle: RecordsHandle | null = Records.share()): Recording => {
    const recording = new Recording(handle);
    threads.push(recording);
    return recording;
  };
  afterEach(async () => {
    await Promise.all(threads.splice(0).map(({ worker }) => worker.terminate()));
  });

  it('records by the handle that it was given, from the first event of a type on', async () => {
    const app = await scene.start();
    const { value } = await thread().order({ type: 'record', ...PROBE_A, numbers: range(1, 10) });
    expect(value).to.equal(10);
    await app.flush();
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal(range(1, 10));
  });

  it('waits for an event of its own, and sees the counts of all', async () => {
    await scene.start();
    const recording = thread();
    const { value } = await recording.order({ type: 'confirm', ...PROBE_A, n: 1 });
    expect(value).to.include({ at: 'delivered' });
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal([1]);
    ProbeA.record({ n: 2 });
    expect((await recording.order({ type: 'stats', ...PROBE_A })).value).to.include({ accepted: 2 });
  });

  it('finds the application by itself when it was started while that ran, as the threads of a pool are', async () => {
    const app = await scene.start();
    expect(await thread(null).order({ type: 'record', ...PROBE_A, numbers: [1, 2] })).to.deep.equal({
      value: 2,
    });
    await app.flush();
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal([1, 2]);
  });

  it('that was started before the application cannot record until it is attached, and is told how', async () => {
    const recording = thread(null);
    await scene.start();
    expect(await recording.order({ type: 'record', ...PROBE_A, numbers: [1] })).to.include({
      code: 'ERR_NOT_RUNNING',
    });
    await recording.order({ type: 'attach', handle: Records.share() });
    await recording.order({ type: 'attach', handle: Records.share() });
    expect(await recording.order({ type: 'record', ...PROBE_A, numbers: [1] })).to.deep.equal({ value: 1 });
  });

  it('knows the types that were defined after it was attached, and no others', async () => {
    const app = await scene.start();
    const recording = thread();
    await recording.order({ type: 'record', ...PROBE_A, numbers: [1] });
    await import('./fixtures/newcomer.ts');
    const order = { type: 'record', module: './newcomer.js', name: 'Newcomer', numbers: [1, 2] } as const;
    expect(await recording.order(order)).to.deep.equal({ value: 2 });
    await app.flush();
    expect(numbers(scene.adapter, 'newcomer')).to.deep.equal([1, 2]);

    const unknown = await recording.order({
      type: 'record',
      module: './nobodys.js',
      name: 'Nobodys',
      numbers: [1],
    });
    expect(unknown).to.include({ code: 'ERR_TYPE_NOT_DEFINED' });
    expect(unknown.message).to.include("'Nobodys'").and.include("'Newcomer'");
  });

  it('has its events delivered while the main thread is blocked', async () => {
    const app = await scene.start();
    ProbeA.record({ n: 1 });
    await app.flush();
    const recording = thread();
    await recording.order({ type: 'record', ...PROBE_A, numbers: [2] });
    close('handle');
    close('busy');
    const answered = recording.order({ type: 'confirm_behind_gates', ...PROBE_A, n: 3 });
    // The order is on its way; from here until the event is in the stream this thread does nothing at all.
    open('handle');
    blockedBy('busy');
    expect(numbers(scene.adapter, 'ProbeA')).to.include(3);
    expect((await answered).value).to.include({ at: 'delivered' });
  });

  it('that is terminated leaves the queue as large as it was', async () => {
    // Each thread fills a segment of its own, of which this queue has four.
    const app = await scene.start({ queueBytes: 4 * 2 ** 20 });
    for (const n of range(1, 6)) {
      const recording = thread();
      expect(
        await recording.order({ type: 'record', ...PROBE_A, numbers: [n] }),
        `thread ${n}`,
      ).to.deep.equal({
        value: 1,
      });
      await app.flush();
      await recording.worker.terminate();
    }
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal(range(1, 6));
  });

  it('that was there before the application leaves the queue as large as it was when it ends', async () => {
    const recordings = range(1, 6).map(() => thread(null));
    await Promise.all(recordings.map(({ worker }) => once(worker, 'online')));
    const app = await scene.start({ queueBytes: 4 * 2 ** 20 });
    for (const [index, recording] of recordings.entries()) {
      await recording.order({ type: 'attach', handle: Records.share() });
      expect(await recording.order({ type: 'record', ...PROBE_A, numbers: [index] })).to.deep.equal({
        value: 1,
      });
      await app.flush();
      recording.worker.postMessage({ type: 'end' } satisfies Order);
      await once(recording.worker, 'exit');
    }
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal(range(0, 5));
  });

  it('is told when the application stops before its event is delivered', async () => {
    close('handle');
    const app = await scene.start();
    const answered = thread().order({ type: 'confirm', ...PROBE_A, n: 1 });
    await scene.journal.until('begin', 1);
    await app.stop({ timeoutMs: 10 });
    expect(await answered).to.include({ code: 'ERR_STOPPED' });
  });

  it('is refused after the stop, and can be attached to the next application', async () => {
    const app = await scene.start();
    const recording = thread();
    expect(await recording.order({ type: 'record', ...PROBE_A, numbers: [1] })).to.deep.equal({ value: 1 });
    await app.stop();
    expect(await recording.order({ type: 'record', ...PROBE_A, numbers: [2] })).to.deep.equal({ value: 0 });
    expect(await recording.order({ type: 'confirm', ...PROBE_A, n: 2 })).to.include({ code: 'ERR_STOPPED' });

    const next = await scene.start();
    await recording.order({ type: 'attach', handle: Records.share() });
    expect(await recording.order({ type: 'record', ...PROBE_A, numbers: [3] })).to.deep.equal({ value: 1 });
    await next.flush();
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal([1, 3]);
  });

  it('shares the queue with others: 3 x 10,000 events arrive once each, in the order of their thread', async () => {
    const app = await scene.start({ queueBytes: 16 * 2 ** 20 });
    const EACH = 10_000;
    const answers = await Promise.all(
      range(1, 3).map((from) =>
        thread().order({
          type: 'record',
          ...PROBE_A,
          numbers: range(from * EACH, from * EACH + EACH - 1),
        }),
      ),
    );
    expect(answers).to.deep.equal(Array(3).fill({ value: EACH }));
    const ledger = await app.flush();
    expect(ledger.types.ProbeA).to.include({ accepted: 3 * EACH, delivered: 3 * EACH, refused: 0 });
    expect(numbers(scene.adapter, 'ProbeA').toSorted((a, b) => a - b)).to.deep.equal(
      range(EACH, 4 * EACH - 1),
    );
    const last = new Map<number, number>();
    const begun = await scene.journal.until('begin', 3 * (EACH / 500));
    for (const n of begun.flatMap((batch) => batch.n)) {
      const from = Math.floor(n / EACH);
      expect(n).to.be.above(last.get(from) ?? 0);
      last.set(from, n);
    }
  });
});

describe('A handler that records', () => {
  const scene = stage();

  it('into another type has that delivered too, and may wait for it', async () => {
    const app = await scene.start();
    for (const n of [1, 2, 3]) Chained.record({ n });
    await snapshotWith(app, ({ records }) =>
      records.some(({ name, delivered }) => name === 'ProbeB' && delivered === 4),
    );
    expect(numbers(scene.adapter, 'ProbeB').toSorted((a, b) => a - b)).to.deep.equal([5, 10, 20, 30]);
    const [confirmed] = await scene.journal.until('confirmed', 1);
    expect(confirmed?.note).to.equal('delivered');
  });
});
