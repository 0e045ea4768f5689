import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { kinesis } from '../../src/index.ts';
import { embeddedKinesis, newStream } from '../support/kinesalite.ts';
import { ProbeA, ProbeB } from './fixtures/probe.ts';
import { SignUpEvent } from './fixtures/sign-up.ts';
import { range, snapshotWith, stage } from './support/application.ts';

describe('An adapter of the user’s own', () => {
  const scene = stage();
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'beamline-'));
    file = join(directory, 'sent.jsonl');
  });
  afterEach(() => rm(directory, { recursive: true }));

  const module = new URL('./fixtures/slow-adapter.js', import.meta.url);
  const sent = async () =>
    (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);

  it('is loaded in the thread of each type, is given its options, and is closed at the end', async () => {
    const app = await scene.start({ adapter: { module, options: { file, delayMs: 1 } } });
    ProbeA.record({ n: 1 });
    const { nodes, records } = await snapshotWith(app, (snapshot) =>
      snapshot.records.some(({ adapter }) => adapter !== null),
    );
    expect(records.find(({ name }) => name === 'ProbeA')?.adapter).to.deep.equal({
      adapter: 'slow',
      closed: false,
      streams: [],
    });
    expect(nodes.length).to.be.above(5);
    await app.stop();
    const [line, last] = await sent();
    expect(line).to.include({ stream: 'ProbeA', partitionKey: '1' });
    expect(last).to.equal('closed');
  });

  it('has functions that stay on the main thread, and gets their answers and their errors', async () => {
    const asked: string[] = [];
    const adapter = {
      module: module.href,
      options: { file, delayMs: 0 },
      functions: {
        async prefix(recordType: string) {
          asked.push(recordType);
          if (asked.length === 1) throw new TypeError('not yet');
          return `for ${recordType}`;
        },
      },
    };
    const app = await scene.start({ adapter, backoff: { initialMs: 1, maxMs: 1 } });
    ProbeA.record({ n: 1 });
    await app.flush();
    expect(asked).to.deep.equal(['ProbeA', 'ProbeA']);
    const { records } = await app.inspect();
    expect(records.find(({ name }) => name === 'ProbeA')?.lastError?.message).to.equal('TypeError: not yet');
    expect((await sent())[0]).to.include({ prefix: 'for ProbeA' });
  });

  for (const { name, at, facts } of [
    {
      name: 'exports no createAdapter',
      at: './fixtures/empty.js',
      facts: ['it exports nothing', 'createAdapter'],
    },
    { name: 'makes half an adapter', at: '../adapter/fixture/half-adapter.js', facts: ['close, snapshot'] },
    { name: 'is not there', at: './fixtures/nowhere.js', facts: ['nowhere.js', 'importing it failed'] },
  ]) {
    it(`whose module ${name} is told in the tree and in the log; the events are kept`, async () => {
      const app = await scene.start({ adapter: { module: new URL(at, import.meta.url) } });
      ProbeA.record({ n: 1 });
      const { records } = await snapshotWith(app, (snapshot) =>
        snapshot.records.some(({ lastFailure }) => lastFailure !== null),
      );
      const record = records.find(({ name: type }) => type === 'ProbeA');
      for (const fact of facts) expect(record?.lastFailure?.message).to.include(fact);
      expect(scene.log.entries.find(({ level }) => level === 'error')?.fields.err).to.include({
        code: 'ERR_ADAPTER_MODULE',
      });
      expect(await app.stop({ timeoutMs: 0 })).to.include({ accepted: 1, pending: 1 });
    });
  }
});

describe('Kinesis, end to end', () => {
  const scene = stage();

  it('gets every event in each of its streams; credentials are asked for on the main thread', async function () {
    this.timeout(60_000);
    const { endpoint, region, credentials, readAll } = await embeddedKinesis();
    const [signup, master, probe] = [await newStream(2), await newStream(2), await newStream(1)];
    let asked = 0;
    const app = await scene.start({
      adapter: kinesis({
        endpoint,
        region,
        streams: { signup, master, ProbeB: probe },
        credentials: async () => {
          asked++;
          return { ...credentials, expiration: new Date(Date.now() + 3_600_000) };
        },
      }),
    });
    for (const userId of range(1, 1200)) SignUpEvent.record({ userId, step: 'confirm' });
    ProbeB.record({ n: 1 });
    expect(await app.stop()).to.include({ accepted: 1201, delivered: 1201, pending: 0 });
    expect(asked, 'once for each of two threads, and kept').to.equal(2);

    const read = await readAll(signup);
    const events = read.map(({ data }) => JSON.parse(data.toString()) as { eventId: string; userId: number });
    expect(events.map(({ userId }) => userId).toSorted((a, b) => a - b)).to.deep.equal(range(1, 1200));
    const copies = (await readAll(master)).map(
      ({ data }) => (JSON.parse(data.toString()) as { event_id: string }).event_id,
    );
    expect(copies.toSorted()).to.deep.equal(events.map(({ eventId }) => eventId).toSorted());
    expect(await readAll(probe)).to.have.length(1);
  });
});
