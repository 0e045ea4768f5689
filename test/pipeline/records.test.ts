import { expect } from 'chai';
import { BeamlineError, Records, type Snapshot } from '../../src/index.ts';
import { Purchases, Visits } from './fixtures/classes.ts';
import { ProbeA } from './fixtures/probe.ts';
import { Temperamental } from './fixtures/temperamental.ts';
import { bodies, numbers, range, rejection, snapshotWith, stage, thrown } from './support/application.ts';
import { close, open } from './support/gates.ts';
import { run } from './support/script.ts';

let defined = 0;
/** A name that no other test has: definitions live as long as the process. */
const newName = () => `Defined${++defined}`;

describe('Records.define', () => {
  const scene = stage();

  it('takes a class with static members, options among them, and calls its handler on the class', async () => {
    const app = await scene.start();
    expect(Visits.name).to.equal('PageVisit');
    for (const page of ['/', '/about', '/']) Visits.record({ page });
    await app.flush();
    expect(bodies(scene.adapter, 'visits')).to.deep.equal([{ page: '/' }, { page: '/about' }, { page: '/' }]);
  });

  it('takes a definition with a record of its own, which makes the event of its arguments', async () => {
    const app = await scene.start();
    expect(Purchases.record({ id: 7 }, 1250)).to.equal(true);
    await Purchases.recordAndConfirm({ userId: 8, cents: 1 });
    await app.flush();
    expect(bodies(scene.adapter, 'purchases')).to.deep.equal([
      { userId: 7, cents: 1250 },
      { userId: 8, cents: 1 },
    ]);
  });

  it('works after the start, and the same definition again is the same type', async () => {
    const app = await scene.start({ isolation: 'inline' });
    const handled: unknown[] = [];
    const definition = {
      name: newName(),
      url: import.meta.url,
      handleEvent: (events: readonly { readonly data: unknown }[]) => {
        handled.push(...events.map(({ data }) => data));
      },
    };
    const first = Records.define<string>(definition);
    expect(first.record('one')).to.equal(true);
    const again = Records.define<string>({ ...definition, url: `${import.meta.url}?update=2` });
    expect(again.record('two')).to.equal(true);
    await app.flush();
    expect(handled).to.deep.equal(['one', 'two']);
    expect(again.stats()).to.deep.equal(first.stats());
    expect(first.stats().accepted).to.equal(2);
  });

  it('refuses two definitions of one name from two modules, and names both', () => {
    const name = newName();
    const urls = ['file:///app/events/one.js', 'file:///app/events/two.js'];
    const define = (url: string) => Records.define({ name, url, handleEvent() {} });
    define(urls[0] as string);
    const error = thrown(() => define(urls[1] as string));
    expect(error).to.include({ code: 'ERR_TYPE_CONFLICT' });
    for (const fact of [name, ...urls]) expect(error.message).to.include(fact);
  });

  it('refuses what is no definition, with every fault at once', () => {
    const error = thrown(() =>
      Records.define({ name: '', url: 'nowhere', handleEvents() {}, batchSise: 3 } as never),
    );
    expect(error).to.include({ code: 'ERR_DEFINITION' });
    for (const fact of ['name', 'url', 'handleEvent', 'batchSize']) expect(error.message).to.include(fact);
  });

  it('may define many: nothing is said of their number', async () => {
    expect(await run('many-types')).to.deep.equal({ code: 0, signal: null, out: ['stopped'], err: '' });
  });

  it('takes options of the type, which go before those of the application', async () => {
    const app = await scene.start({ isolation: 'inline', batchSize: 2 });
    const sizes: number[] = [];
    const name = newName();
    const own = Records.define<number>({
      name,
      url: import.meta.url,
      batchSize: 3,
      maxDemand: 1,
      handleEvent: (events) => void sizes.push(events.length),
    });
    for (const n of range(1, 7)) own.record(n);
    await app.flush();
    expect(sizes).to.deep.equal([3, 3, 1]);
    const { records } = await app.inspect();
    expect(records.find((record) => record.name === name)?.maxDemand).to.equal(1);
    expect(
      thrown(() => Records.define({ name: newName(), url: import.meta.url, batchSize: 0, handleEvent() {} })),
    ).to.include({ code: 'ERR_OPTIONS' });
  });
});

describe('A record that cannot be', () => {
  const scene = stage();

  it('is refused with the path to the field that cannot be encoded', async () => {
    await scene.start();
    const event = { n: 1, user: { name: 'x', sessions: [{}, { close: () => {} }] } };
    const error = thrown(() => ProbeA.record(event));
    expect(error).to.include({ code: 'ERR_EVENT_NOT_SERIALIZABLE' });
    expect(error.message).to.include('user.sessions[1].close');
    expect(ProbeA.stats()).to.include({ accepted: 0, refused: 0 });
  });

  it('is refused with its bytes and the limit when it is too large', async () => {
    await scene.start({ maxEventBytes: 2048 });
    const error = thrown(() => ProbeA.record({ n: 1, padding: 'x'.repeat(5000) }));
    expect(error).to.include({ code: 'ERR_EVENT_TOO_LARGE' });
    expect(error.message).to.match(/50\d\d/);
    expect(error.message).to.include('2048');
    const waited = await rejection(ProbeA.recordAndConfirm({ n: 1, padding: 'x'.repeat(5000) }));
    expect(waited).to.include({ code: 'ERR_EVENT_TOO_LARGE' });
    expect(ProbeA.record({ n: 2 }), 'the next one is none the worse').to.equal(true);
  });

  it('says so before the first start, whatever is called', async () => {
    const { code, out } = await run('record-before-start');
    expect(code).to.equal(0);
    expect(out.map((line) => line.split(' ')[0])).to.deep.equal(Array(5).fill('ERR_NOT_RUNNING'));
    expect(out[0]).to.include('Early.record()').and.include('Application.start()');
    expect(out[2]).to.include('Records.share()');
  });
});

describe('The module of a record type', () => {
  const scene = stage();

  it('that does not define it is named, with what it defines', async () => {
    const name = newName();
    const app = await scene.start();
    const lost = Records.define({
      name,
      url: new URL('./fixtures/probe.js', import.meta.url),
      handleEvent() {},
    });
    lost.record(undefined);
    const { records } = await snapshotWith(app, (snapshot) =>
      snapshot.records.some((record) => record.name === name && record.lastFailure !== null),
    );
    const message = records.find((record) => record.name === name)?.lastFailure?.message;
    for (const fact of [name, 'probe.js', "'ProbeA', 'ProbeB'", 'import.meta.url'])
      expect(message).to.include(fact);
    const [logged] = scene.log.entries.filter(({ level }) => level === 'error');
    expect(logged?.fields).to.include({ recordType: name });
    expect(logged?.fields.err).to.be.instanceOf(BeamlineError);
    expect(logged?.fields.err).to.include({ code: 'ERR_RECORD_MODULE' });
    expect(await app.stop({ timeoutMs: 10 })).to.include({ accepted: 1, pending: 1 });
  });

  it('that throws on its import is tried again with backoff, and is in the tree with its reason', async () => {
    close('moduleA');
    const app = await scene.start();
    for (const n of [1, 2]) Temperamental.record({ n });
    const failing = await snapshotWith(app, (snapshot) =>
      snapshot.records.some(({ name, thread }) => name === 'Temperamental' && thread.starts >= 2),
    );
    const record = failing.records.find(({ name }) => name === 'Temperamental');
    expect(record?.lastFailure?.message).to.include('TypeError: the configuration is missing');
    expect(record?.lastFailure?.message).to.match(
      /^TypeError: the configuration is missing at .*temperamental\.js:\d+:\d+\. /,
    );
    expect(record).to.include({ pending: 2 });
    open('moduleA');
    await app.flush();
    expect(numbers(scene.adapter, 'temperamental')).to.deep.equal([1, 2]);
    const told = scene.log.entries.filter(({ level }) => level !== 'info').map(({ message }) => message);
    expect(told.at(-1), 'the log does not end with a failure').to.include('has started at last');
  });

  it('that failed for long is waited for by nobody once it works: its Producer starts with its thread', async () => {
    close('moduleA');
    const app = await scene.start();
    Temperamental.record({ n: 1 });
    await snapshotWith(app, (snapshot) =>
      snapshot.records.some(({ name, thread }) => name === 'Temperamental' && thread.starts >= 4),
    );
    open('moduleA');
    const producerOf = ({ nodes }: Snapshot) =>
      nodes.find(({ name, recordType }) => name === 'Producer' && recordType === 'Temperamental');
    // The thread is ready before its Record knows, and only then is there a Producer to look at.
    const up = await snapshotWith(
      app,
      (snapshot) =>
        snapshot.records.some(({ name, thread }) => name === 'Temperamental' && thread.state === 'ready') &&
        producerOf(snapshot) !== undefined,
    );
    expect(producerOf(up)?.status).to.be.oneOf(['starting', 'waiting', 'running']);
    await app.flush();
    expect(numbers(scene.adapter, 'temperamental')).to.deep.equal([1]);
  });
});

describe('recordAndConfirm', () => {
  const scene = stage();

  it('resolves with the id when the event is in the stream', async () => {
    await scene.start();
    const confirmed = await Promise.all(range(1, 20).map((n) => ProbeA.recordAndConfirm({ n })));
    expect(new Set(confirmed.map(({ id }) => id))).to.have.length(20);
    const sent = bodies<{ id: string; n: number }>(scene.adapter, 'ProbeA');
    expect(sent.map(({ id }) => id)).to.have.members(confirmed.map(({ id }) => id));
    expect(new Set(confirmed.map(({ at }) => at))).to.deep.equal(new Set(['delivered']));
  });

  it('ends its wait by a signal, before or after the event was taken', async () => {
    close('handle');
    const app = await scene.start();
    const before = await rejection(ProbeA.recordAndConfirm({ n: 1 }, { signal: AbortSignal.abort() }));
    expect(before).to.include({ code: 'ERR_ABORTED' });
    expect(before.message).to.include('was not recorded');
    expect(ProbeA.stats()).to.include({ accepted: 0 });

    const abort = new AbortController();
    const waiting = rejection(ProbeA.recordAndConfirm({ n: 2 }, { signal: abort.signal }));
    await scene.journal.until('begin', 1);
    abort.abort(new Error('no more patience'));
    const after = await waiting;
    expect(after).to.include({ code: 'ERR_ABORTED' });
    expect(after.cause).to.include({ message: 'no more patience' });
    open('handle');
    await app.flush();
    expect(numbers(scene.adapter, 'ProbeA')).to.deep.equal([2]);
  });
});
