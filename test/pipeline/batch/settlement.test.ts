import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { turnOfTheLoop } from '../../../src/base/turn.ts';
import type { DeadLetter } from '../../../src/index.ts';
import { Message, nullAdapter, Records } from '../../../src/index.ts';
import type { RecordSnapshot } from '../../../src/pipeline/view/snapshot-types.ts';
import { Forgiving, Late, Stubborn, Superstitious, Unawaited } from '../fixtures/handlers.ts';
import { numbers, range, snapshotWith, stage } from '../support/application.ts';
import { Births } from '../support/births.ts';
import { close, open } from '../support/gates.ts';

/** Waits that a test can sit through. */
const QUICK = { initialMs: 1, maxMs: 5, factor: 2, jitter: 0 };

describe('A batch is settled when its handler and all its sends are', () => {
  const scene = stage();

  it('a handler that awaits no send loses nothing when the stream is down for a while', async () => {
    const { adapter } = scene;
    const app = await scene.start();
    adapter.failNext(Number.POSITIVE_INFINITY, { code: 'ServiceUnavailable', retryable: true });
    for (const n of range(1, 10)) Unawaited.record({ n });
    await scene.journal.until('handle', 1);
    const waiting = await snapshotWith(app, ({ records }) =>
      records.some(
        ({ name, adapter: of }) =>
          name === 'Unawaited' && (of?.streams ?? []).some(({ waiting }) => waiting > 0),
      ),
    );
    expect(waiting.ledger, 'its handler has returned, and nothing is settled').to.include({
      pending: 10,
      delivered: 0,
    });
    adapter.recover();
    const ledger = await app.flush();
    expect(ledger).to.include({ pending: 0, delivered: 10 });
    expect(numbers(adapter, 'unawaited')).to.have.members(range(1, 10));
    expect(numbers(adapter, 'unawaited-too')).to.have.members(range(1, 10));
  });

  it('a slow stream settles late, and the application waits for it when it stops', async () => {
    const app = await scene.start({ adapter: nullAdapter({ delayMs: 100 }) });
    Unawaited.record({ n: 1 });
    expect(await app.stop()).to.include({ accepted: 1, delivered: 1, pending: 0 });
  });

  it('while a send waits for its answer, an event that its handler does not keep is kept by nobody', async () => {
    const { adapter } = scene;
    const app = await scene.start();
    adapter.failNext(Number.POSITIVE_INFINITY, { code: 'ServiceUnavailable', retryable: true });
    let handled!: (events: WeakRef<object>) => void;
    const kept = new Promise<WeakRef<object>>((resolve) => {
      handled = resolve;
    });
    const Forgetful = Records.define<{ readonly n: number }>({
      name: 'Forgetful',
      url: import.meta.url,
      isolation: 'inline',
      handleEvent(events, { sendData }) {
        handled(new WeakRef(events));
        return sendData('forgetful', [new Message('key', 'text')]);
      },
    });
    Forgetful.record({ n: 1 });
    const events = await kept;
    await turnOfTheLoop();
    expect(globalThis.gc, 'the tests run with --expose-gc').to.be.a('function');
    globalThis.gc?.();
    expect(events.deref()).to.equal(undefined);
    adapter.recover();
    expect(await app.flush()).to.include({ pending: 0, delivered: 1 });
  });

  it('a rejection that nobody awaited fails the batch, which is tried again', async () => {
    const { adapter } = scene;
    const app = await scene.start({ backoff: QUICK });
    adapter.failNext(1, { code: 'TooHeavy', retryable: false });
    Unawaited.record({ n: 1 });
    const ledger = await app.flush();
    expect(ledger).to.include({ delivered: 1, deadLettered: 0 });
    const handled = await scene.journal.until('handle', 2);
    expect(handled.map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
    expect(numbers(adapter, 'unawaited'), 'what the first attempt was refused').to.deep.equal([1]);
    expect(numbers(adapter, 'unawaited-too'), 'what it was not refused is there twice').to.deep.equal([1, 1]);
  });

  it('a rejection that the handler awaited and caught is its own affair', async () => {
    const { adapter } = scene;
    const app = await scene.start();
    adapter.failNext(1, { code: 'TooHeavy', retryable: false });
    Forgiving.record({ n: 1 });
    const ledger = await app.flush();
    expect(ledger).to.include({ delivered: 1, deadLettered: 0 });
    const [forgave] = await scene.journal.until('forgave', 1);
    expect(forgave?.attempt).to.equal(1);
    expect(forgave?.note).to.include('TooHeavy');
    expect(numbers(adapter, 'forgiven')).to.deep.equal([]);
  });

  it('time inside sendData counts against no timeout: an outage is longer than handleTimeoutMs', async () => {
    const { adapter } = scene;
    const app = await scene.start({ handleTimeoutMs: 20 });
    adapter.failNext(8, { code: 'ServiceUnavailable', retryable: true });
    Forgiving.record({ n: 1 });
    await app.flush();
    const [sent] = await scene.journal.until('sent', 1);
    expect(sent?.attempt, 'eight waits of 5 ms and more, and still its first attempt').to.equal(1);
    expect(numbers(adapter, 'forgiven')).to.deep.equal([1]);
  });

  it('a handler that takes too long is given up, and what it sends afterwards goes nowhere', async () => {
    close('handle');
    const { journal, adapter } = scene;
    const app = await scene.start({ handleTimeoutMs: 30, backoff: QUICK });
    Late.record({ n: 1 });
    const [sent] = await journal.until('sent', 1);
    expect(sent?.attempt).to.equal(2);
    await app.flush();
    open('handle');
    const [refused] = await journal.until('refused', 1);
    expect(refused).to.include({ attempt: 1, note: 'ERR_SEND_ABORTED' });
    expect(journal.of('aborted')[0]?.note).to.include('handleTimeoutMs');
    expect(numbers(adapter, 'late')).to.deep.equal([1]);
    const { records } = await app.inspect();
    expect(records.find(({ name }) => name === 'Late')?.lastError?.message).to.include('30 ms');
  });

  it('a handler that throws is tried again with backoff: attempts count up, ids stay', async () => {
    const app = await scene.start({ backoff: QUICK });
    Stubborn.record({ n: 1 });
    Stubborn.record({ n: 2 });
    await app.flush();
    const handled = await scene.journal.until('handle', 3);
    expect(handled.map(({ attempt }) => attempt)).to.deep.equal([1, 2, 3]);
    expect(new Set(handled.map(({ ids }) => ids.join(' ')))).to.have.length(1);
    expect(numbers(scene.adapter, 'stubborn')).to.deep.equal([1, 2]);
  });
});

describe('A batch whose Consumer is killed', () => {
  const scene = stage();
  const options = { isolation: 'inline', batchSize: 100, maxAttempts: 1, backoff: QUICK } as const;

  it('is run again by another one, whatever the first goes on to do', async () => {
    const births = new Births();
    close('handle');
    const app = await scene.start(options, { observer: births });
    Superstitious.record({ n: 1 });
    await scene.journal.until('begin', 1);
    const [consumer] = births.of('Consumer');
    consumer?.runtime.exit(consumer.pid, 'kill');
    await scene.journal.until('begin', 2);
    open('handle');
    const ledger = await app.flush();
    expect(ledger).to.include({ delivered: 1, pending: 0 });
    expect(numbers(scene.adapter, 'superstitious')).to.deep.equal([1]);
  });

  it('keeps what its first half has settled when it is in halves', async () => {
    const births = new Births();
    close('handle');
    const app = await scene.start(options, { observer: births });
    for (const n of [13, 1, 2, 3]) Superstitious.record({ n });
    // Halved twice: 13 stands alone and is a dead letter, 1 waits at the gate, 2 and 3 are next.
    const begun = await scene.journal.until('begin', 4);
    expect(begun.map(({ n }) => n)).to.deep.equal([[13, 1, 2, 3], [13, 1], [13], [1]]);
    const [consumer] = births.of('Consumer');
    consumer?.runtime.exit(consumer.pid, 'kill');
    open('handle');
    const ledger = await app.flush();
    expect(ledger).to.include({ accepted: 4, delivered: 3, deadLettered: 1, pending: 0 });
    expect(numbers(scene.adapter, 'superstitious').toSorted()).to.deep.equal([1, 2, 3]);
  });
});

describe('An event that poisons its batch', () => {
  const scene = stage();
  const options = { batchSize: 100, maxAttempts: 2, backoff: QUICK };

  it('is isolated by halving and dead-lettered; all others are delivered, once', async () => {
    const letters: DeadLetter[] = [];
    const app = await scene.start({ ...options, deadLetter: (letter) => void letters.push(letter) });
    for (const n of range(1, 25)) Superstitious.record({ n });
    const ledger = await app.flush();
    expect(ledger).to.include({ accepted: 25, delivered: 24, deadLettered: 1, pending: 0 });
    expect(numbers(scene.adapter, 'superstitious')).to.deep.equal(range(1, 25).filter((n) => n !== 13));
    expect(letters).to.have.length(1);
    expect(letters[0]).to.include({ recordType: 'Superstitious' });
    expect(letters[0]?.data).to.deep.equal({ n: 13 });
    expect(letters[0]?.error).to.include({ name: 'RangeError', message: '13 is unlucky' });

    const runs = await scene.journal.until('begin', 2);
    const ofPoison = runs.filter(({ ids }) => ids.includes(letters[0]?.id ?? ''));
    expect(ofPoison.slice(0, 2).map(({ n, attempt }) => [n.length, attempt])).to.deep.equal([
      [25, 1],
      [25, 2],
    ]);
    expect(ofPoison.at(-1)?.n).to.deep.equal([13]);
    expect(letters[0]?.attempts).to.equal(ofPoison.at(-1)?.attempt);
    expect(letters[0]?.history.map(({ attempt, code, message }) => [attempt, code, message])).to.deep.equal(
      ofPoison.map(({ attempt }) => [attempt, 'RangeError', '13 is unlucky']),
    );
    const good = scene.journal.of('end').flatMap(({ n }) => n);
    expect(good, 'each half that succeeded was run once').to.have.length(24);
  });

  it('a whole batch of poison comes to the dead letters one by one, in order', async () => {
    const letters: DeadLetter[] = [];
    const app = await scene.start({ ...options, deadLetter: (letter) => void letters.push(letter) });
    for (const n of range(1, 5)) Superstitious.record({ n: n * 13 });
    const ledger = await app.flush();
    expect(ledger).to.include({ delivered: 0, deadLettered: 5, pending: 0 });
    expect(letters.map(({ data }) => data)).to.deep.equal(range(1, 5).map((n) => ({ n: n * 13 })));
  });

  it('who waits for it is told', async () => {
    await scene.start({ ...options, maxAttempts: 1 });
    const error = await Superstitious.recordAndConfirm({ n: 26 }).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'ERR_DEAD_LETTERED' });
    expect((error as Error).message).to.include('Superstitious');
  });

  it('goes to a file, a line each', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'beamline-'));
    try {
      const file = join(directory, 'dead-letters.jsonl');
      const app = await scene.start({ ...options, deadLetter: { file } });
      for (const n of [13, 14, 26]) Superstitious.record({ n });
      await app.flush();
      const lines = (await readFile(file, 'utf8')).trim().split('\n');
      const letters = lines.map((line) => JSON.parse(line) as DeadLetter);
      expect(letters.map(({ data }) => data)).to.deep.equal([{ n: 13 }, { n: 26 }]);
      expect(letters[0]).to.include({ recordType: 'Superstitious' });
      expect(letters[0]?.error).to.include({ name: 'RangeError', message: '13 is unlucky' });
      expect(letters[0]?.id).to.be.a('string');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('goes to the log by default, without its data', async () => {
    const app = await scene.start(options);
    Superstitious.record({ n: 13 });
    await app.flush();
    const [line] = scene.log.entries.filter(({ fields }) => fields.id !== undefined);
    expect(line?.level).to.equal('error');
    expect(line?.fields).to.include({ recordType: 'Superstitious' });
    expect(line?.fields).to.not.have.property('data');
    expect(line?.fields.err).to.include({ message: '13 is unlucky' });
  });

  it('stays where it is while its sink fails, is offered again, and flush waits for that', async () => {
    const offers: string[] = [];
    const published: unknown[] = [];
    const hear = (message: unknown) => published.push((message as { readonly id: string }).id);
    subscribe('beamline:dead-letter', hear);
    const seen: (RecordSnapshot | undefined)[] = [];
    const shown = (records: readonly RecordSnapshot[]) =>
      records.find(({ name }) => name === 'Superstitious');
    const app = await scene.start({
      ...options,
      async deadLetter(letter) {
        offers.push(letter.id);
        if (offers.length < 3) throw new Error('the sink is not there');
        seen.push(shown((await app.inspect()).records));
      },
    });
    Superstitious.record({ n: 13 });
    await app.flush();
    unsubscribe('beamline:dead-letter', hear);
    expect(offers).to.have.length(3);
    expect(new Set(offers)).to.have.length(1);
    expect(published, 'told once, when it was taken').to.deep.equal([offers[0]]);

    const told = scene.log.entries.filter(({ level }) => level !== 'info');
    expect(told.map(({ level, message }) => [level, message])).to.deep.equal([
      ['error', 'dead letters are not taken: they stay pending, and are offered again'],
      ['warn', 'dead letters are taken again'],
    ]);
    expect(told[0]?.fields.err).to.include({ message: 'the sink is not there' });
    expect(seen[0]?.letters).to.include({ waiting: 1 });
    expect(seen[0]?.letters.failure).to.include({ message: 'Error: the sink is not there' });
    expect(seen[0]?.lastError, 'the handler is told by itself').to.include({
      message: 'RangeError: 13 is unlucky',
    });
    expect(shown((await app.inspect()).records)?.letters).to.deep.equal({ waiting: 0, failure: null });
  });

  for (const wait of ['flush', 'stop'] as const) {
    it(`is waited for by ${wait}() while its sink has it and nothing else is pending`, async () => {
      const order: string[] = [];
      let offered = (): void => {};
      let take = (): void => {};
      const offer = new Promise<void>((resolve) => {
        offered = resolve;
      });
      const app = await scene.start({
        ...options,
        async deadLetter() {
          offered();
          await new Promise<void>((resolve) => {
            take = resolve;
          });
          order.push('taken');
        },
      });
      Superstitious.record({ n: 13 });
      await offer;
      const waited = app[wait]().then(() => order.push(wait));
      for (let turn = 0; turn < 20; turn++) await app.inspect();
      take();
      await waited;
      expect(order).to.deep.equal(['taken', wait]);
    });
  }

  it('is pending when the application stops and its sink has not taken it', async () => {
    let offered = (): void => {};
    const offer = new Promise<void>((resolve) => {
      offered = resolve;
    });
    const app = await scene.start({
      ...options,
      deadLetter() {
        offered();
        throw new Error('the sink is not there');
      },
    });
    Superstitious.record({ n: 13 });
    await offer;
    expect(await app.stop({ timeoutMs: 1 })).to.include({ accepted: 1, deadLettered: 0, pending: 1 });
    const last = scene.log.entries.find(({ message }) => message.startsWith('stopped before'));
    expect(last?.fields).to.include({ pending: 1, letters: 1 });
  });

  it('is handed over before the application has stopped', async () => {
    const letters: DeadLetter[] = [];
    const app = await scene.start({
      ...options,
      async deadLetter(letter) {
        await new Promise((resolve) => setImmediate(resolve));
        letters.push(letter);
      },
    });
    for (const n of range(1, 3)) Superstitious.record({ n: n * 13 });
    const ledger = await app.stop();
    expect(ledger).to.include({ accepted: 3, deadLettered: 3, pending: 0 });
    expect(letters).to.have.length(3);
  });
});
