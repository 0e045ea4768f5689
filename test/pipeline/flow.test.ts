import { expect } from 'chai';
import { formatTree, type Snapshot } from '../../src/index.ts';
import { ProbeA, ProbeB } from './fixtures/probe.ts';
import { SignUpEvent } from './fixtures/sign-up.ts';
import { numbers, range, snapshotWith, stage } from './support/application.ts';
import { Births } from './support/births.ts';
import { close, open } from './support/gates.ts';
import { WatchedClock } from './support/watched-clock.ts';

const FLUSH_MS = 777;

describe('Flow: what happens to an event, as the document tells it', () => {
  const scene = stage();

  it('from the first record to several streams, step by step', async () => {
    const clock = new WatchedClock(1_700_000_000_000);
    const births = new Births();
    const { adapter, journal } = scene;
    const app = await scene.start(
      { isolation: 'inline', batchSize: 2, maxDemand: 3, flushIntervalMs: FLUSH_MS },
      { clock, observer: births },
    );
    const probe = (snapshot: Snapshot) => snapshot.records.find(({ name }) => name === 'ProbeA');

    // "When a module wants to record an event, it calls `MyEvent.record(event)`. This function will first determine
    // if it needs to start a GenServer."
    expect(births.titles, 'before the first record').to.not.include('Record ProbeA');
    expect(ProbeA.record({ n: 1 })).to.equal(true);
    expect(births.titles, 'record() waits for nobody').to.not.include('Record ProbeA');

    // "In the case is required to start one, it will call the `start_child` of the `RecordsSupervisor`."
    const record = await births.first('Record ProbeA');
    expect(births.parentOf(record)).to.equal('RecordsSupervisor');

    // "On the initialisation of the GenServer it will: create a table to store the incoming event to be streamed."
    // The table is the queue; it is the application's, so that it outlives the GenServer, and holds the event already.
    expect(ProbeA.stats()).to.include({ accepted: 1, delivered: 0, pending: 1 });

    // "Call `ProducerSupervisor.start_child/1` with his own module name as parameter."
    const producer = await births.first('Producer ProbeA');
    expect(births.parentOf(producer)).to.equal('ProducerSupervisor');

    // "Get is own PID. Call `ConsumerDynamicSupervisor.start_child/2` with the record module name and the PID."
    const pool = await births.first('ConsumerSupervisor ProbeA');
    expect(births.parentOf(pool)).to.equal('ConsumerDynamicSupervisor');

    // "... which will subscribed to the PID received as argument and can handle a `max_demand` defined in
    // configuration". What was recorded before is fetched at once, without the timer.
    await app.flush();
    const watched = [...pool.monitors.values()].map(({ target }) => target);
    expect(watched).to.deep.include(producer.pid);
    await snapshotWith(app, (snapshot) => probe(snapshot)?.demand === 3);
    expect(numbers(adapter, 'ProbeA')).to.deep.equal([1]);

    // "Start the internal timer to call himself every X seconds." It runs while something waits.
    const timer = clock.armed(FLUSH_MS);
    ProbeA.record({ n: 2 });
    await timer;
    expect(ProbeA.stats(), 'nothing but the timer was started').to.include({ delivered: 1, pending: 1 });

    // "As for the timer of the Producer it will: get all the current events in the queue ... flush the current queue,
    // returns those chunks". The rest of the queue, a chunk that is not full, waited for it.
    clock.advance(FLUSH_MS);
    const [, second] = await journal.until('begin', 2);
    expect(second?.n).to.deep.equal([2]);
    await app.flush();

    // "Create chunks of the same size (defined in the configuration)." Each with a Consumer of its own, as many at a
    // time as were asked for: "If the number of batches is enough, it will dispatch them."
    close('handle');
    for (const n of range(3, 13)) ProbeA.record({ n });
    expect((await journal.until('begin', 5)).slice(2).map(({ n }) => n)).to.deep.equal([
      [3, 4],
      [5, 6],
      [7, 8],
    ]);

    // "Add up the new chunks with the current internal batch queue ... Otherwise nothing else is done."
    const crowded = await snapshotWith(app, (snapshot) => probe(snapshot)?.batches === 2);
    expect(probe(crowded)).to.include({ demand: 0, running: 3, claimed: 5 });
    expect(journal.of('begin')).to.have.length(5);

    // "the ConsumerSupervisor will create the correct amount of Consumer processes. The Consumer will start a task".
    const consumers = births.of('Consumer');
    expect(consumers).to.have.length(5);
    expect(new Set(consumers.map((consumer) => births.parentOf(consumer)))).to.deep.equal(
      new Set(['ConsumerSupervisor ProbeA']),
    );
    const tasks = births.of('Task');
    expect(tasks.map(({ parent }) => parent?.key)).to.deep.equal(consumers.map(({ pid }) => pid.key));

    // "... and if the batch is not empty will call the `record_module.handle_event/1` with the current batch".
    open('handle');
    await app.flush();
    expect(numbers(adapter, 'ProbeA').toSorted((a, b) => a - b)).to.deep.equal(range(1, 13));
    expect((await journal.until('begin', 8)).map(({ n }) => n)).to.deep.equal([
      [1],
      [2],
      [3, 4],
      [5, 6],
      [7, 8],
      [9, 10],
      [11, 12],
      [13],
    ]);
    await snapshotWith(app, (snapshot) => probe(snapshot)?.demand === 3);
    expect(
      births.titles.filter((title) => /^(Record|Producer|ConsumerSupervisor) /.test(title)),
    ).to.deep.equal(['Record ProbeA', 'Producer ProbeA', 'ConsumerSupervisor ProbeA']);

    // "The `handle_event` function will send the batch of events to Kinesis ... It is allowed to send to several
    // streams if required."
    SignUpEvent.record({ userId: 7, step: 'confirm' });
    await app.flush();
    expect(adapter.messages('signup')).to.have.length(1);
    expect(adapter.messages('master')).to.have.length(1);
    expect(adapter.messages('signup')[0]?.partitionKey).to.equal('7');
  });

  it('the living tree is the one that the document draws, with a thread for each record type', async () => {
    const app = await scene.start();
    ProbeA.record({ n: 1 });
    ProbeB.record({ n: 1 });
    await app.flush();
    const snapshot = await snapshotWith(
      app,
      ({ nodes }) => !nodes.some(({ name }) => name === 'Consumer' || name === 'Task'),
    );
    const [tree = ''] = formatTree(snapshot).split('\n\n');
    expect(tree.replaceAll(/ {2}\[.*\]/g, '').split('\n')).to.deep.equal([
      'Application',
      '├─ ServerSupervisor',
      '│  └─ DispatchServer',
      '├─ Registry',
      '├─ ConsumerDynamicSupervisor (D)',
      '│  ├─ ConsumerSupervisor (GS) ProbeA',
      '│  └─ ConsumerSupervisor (GS) ProbeB',
      '├─ ProducerSupervisor (D)',
      '│  ├─ Producer (GS) ProbeA',
      '│  └─ Producer (GS) ProbeB',
      '└─ RecordsSupervisor (D)',
      '   ├─ Record ProbeA',
      '   └─ Record ProbeB',
    ]);

    const threadOf = (name: string, recordType: string) =>
      snapshot.nodes.find((node) => node.name === name && node.recordType === recordType)?.thread;
    for (const recordType of ['ProbeA', 'ProbeB']) {
      expect(threadOf('Record', recordType)).to.equal('main');
      expect(threadOf('Producer', recordType)).to.be.a('number');
      expect(threadOf('ConsumerSupervisor', recordType)).to.equal(threadOf('Producer', recordType));
    }
    expect(threadOf('Producer', 'ProbeA')).to.not.equal(threadOf('Producer', 'ProbeB'));
    for (const node of snapshot.nodes) {
      if (node.recordType === null) expect(node.thread, node.name).to.equal('main');
    }
    const threads = new Set(scene.journal.of('end').map(({ thread }) => thread));
    expect(threads, 'the handlers run in as many threads').to.have.length(2);
    expect(threads).to.not.include(0);
  });
});
