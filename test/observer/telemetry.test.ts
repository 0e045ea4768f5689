/** What is published on `node:diagnostics_channel`, to whoever listens, and without an event's data. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { kinesis } from '../../src/index.ts';
import { Runtime } from '../../src/otp/runtime.ts';
import type { WireTelemetry } from '../../src/pipeline/site/site.ts';
import { SiteTelemetry } from '../../src/pipeline/telemetry/site-telemetry.ts';
import { channels } from '../../src/pipeline/telemetry/telemetry.ts';
import { startKinesisSimulator } from '../../src/testing/index.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { snapshotWith, stage } from '../pipeline/support/application.ts';
import { close, open } from '../pipeline/support/gates.ts';
import { Checkout, ProductView } from './fixtures/shop.ts';
import { Listening } from './support/listening.ts';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('The channels', () => {
  const at = stage();
  let heard: Listening;
  beforeEach(() => {
    heard = new Listening();
  });
  afterEach(() => heard.close());

  it('tell of the births and deaths of processes', async () => {
    heard.to('processStart', 'processExit', 'processRestart');
    const app = await at.start();
    const { nodes } = await app.inspect();
    const pid = nodes.find(({ name }) => name === 'DispatchServer')?.pid ?? '';
    app.kill(pid);
    const started = heard.of('processStart').map(({ name }) => name);
    expect(started).to.include.members(['Application', 'Registry', 'DispatchServer']);
    const [ended] = heard.of('processExit');
    expect(ended).to.deep.include({ pid, name: 'DispatchServer' });
    expect(ended?.reason?.code).to.equal('killed');
    expect(heard.of('processRestart')[0]?.id).to.equal('DispatchServer');
  });

  it('tell of the processes of other threads', async () => {
    heard.to('processStart', 'processExit');
    await at.start();
    await Checkout.recordAndConfirm({ n: 1 });
    await heard.until('processStart', ({ label }) => label === 'Producer Checkout');
    const consumer = await heard.until('processExit', ({ label }) => label === 'Consumer');
    expect(consumer.pid).to.not.match(/^<0\./);
    expect(consumer.reason?.code).to.equal('normal');
  });

  it('tell of a supervisor that gives up', async () => {
    heard.to('processGiveUp');
    const app = await at.start();
    // ServerSupervisor may restart three times in five seconds.
    for (let kills = 1; kills <= 4; kills++) {
      const alive = await snapshotWith(app, ({ nodes }) =>
        nodes.some(({ name, status }) => name === 'DispatchServer' && status === 'waiting'),
      );
      app.kill(alive.nodes.find(({ name }) => name === 'DispatchServer')?.pid ?? '');
    }
    const gaveUp = await heard.until('processGiveUp');
    expect(gaveUp).to.include({ kind: 'supervisor', name: 'ServerSupervisor' });
  });

  it('tell of a thread that has ended, with its error', async () => {
    heard.to('processRestart');
    const app = await at.start();
    Checkout.record({ n: 1 });
    await app.flush();
    await app.endThread('Checkout');
    expect(heard.of('processRestart').map(({ id }) => id)).to.include('Thread/Checkout');
  });

  it('tell of batches and deliveries, with the traces that the events belong to', async () => {
    heard.to('batch', 'delivery');
    const app = await at.start();
    close('handle');
    Checkout.record({ n: 0, fate: 'wait' });
    await snapshotWith(app, ({ records }) =>
      records.some(({ name, running }) => name === 'Checkout' && running > 0),
    );
    for (const [n, traceparent] of [TRACE, TRACE, 'not a trace', 7].entries())
      Checkout.record({ n, ...{ traceparent } });
    open('handle');
    await app.flush();
    const batch = await heard.until('batch', ({ events }) => events === 4);
    expect(batch).to.include({ recordType: 'Checkout', attempt: 1, outcome: 'delivered', reason: null });
    const delivery = await heard.until('delivery', ({ messages }) => messages === 4);
    expect(delivery).to.deep.include({
      recordType: 'Checkout',
      adapter: 'memory',
      stream: 'checkout',
      outcome: 'delivered',
      traces: [TRACE],
    });
    expect(delivery.bytes).to.be.above(100);
    expect(delivery.at).to.be.closeTo(Date.now(), 60_000);
  });

  it('tell of what is done again, and of dead letters, without their data', async () => {
    heard.to('batch', 'retry', 'deadLetter');
    const app = await at.start({
      maxAttempts: 2,
      backoff: { initialMs: 1, maxMs: 1 },
      deadLetter: () => {},
    });
    Checkout.record({ n: 1, fate: 'fail', key: 'a secret of the customer' });
    await app.flush();
    const message = 'TypeError: the Checkout has no total';
    const retry = await heard.until('retry');
    expect(retry).to.include({ type: 'batch', recordType: 'Checkout', attempt: 2, events: 1 });
    const batch = await heard.until('batch', ({ attempt }) => attempt === 2);
    expect([batch.outcome, batch.reason?.message]).to.deep.equal(['failed', message]);
    const [letter] = heard.of('deadLetter');
    expect(letter?.reason.message).to.equal(message);
    const all = (['batch', 'retry', 'deadLetter'] as const).map((name) => heard.of(name));
    expect(JSON.stringify(all)).not.to.contain('customer');
  });

  it('tell of throttled shards', async () => {
    heard.to('throttle', 'retry');
    const simulator = await startKinesisSimulator({
      streams: { checkout: 1 },
      limits: { recordsPerSecond: 50, bytesPerSecond: 1e6 },
    });
    try {
      const { endpoint, region, credentials } = simulator;
      const app = await at.start({
        adapter: kinesis({ endpoint, region, credentials, throttleBackoff: { initialMs: 10, maxMs: 50 } }),
      });
      for (let n = 0; n < 60; n++) Checkout.record({ n });
      const throttle = await heard.until('throttle');
      expect(throttle).to.include({
        recordType: 'Checkout',
        stream: 'checkout',
        shardId: 'shardId-000000000000',
      });
      expect(throttle.records).to.be.within(1, 60);
      expect((await heard.until('retry')).type).to.equal('records');
      await app.stop();
    } finally {
      await simulator.stop();
    }
  });

  it('tell of the spool', async () => {
    heard.to('spool');
    const directory = await mkdtemp(join(tmpdir(), 'beamline-telemetry-'));
    try {
      const app = await at.start({ spool: { directory } });
      const opened = await heard.until('spool');
      expect(opened).to.include({ type: 'opened', directory, repaired: null });
      await app.stop();
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('tell of refused events', async () => {
    heard.to('refusal');
    const app = await at.start();
    close('handle');
    while (Checkout.record({ n: 0, fate: 'wait', ...{ padding: 'x'.repeat(10_000) } })) {}
    const refusal = await heard.until('refusal');
    expect(refusal).to.include({ recordType: 'Checkout', refused: 1, queueBytes: 2 * 2 ** 20 });
    open('handle');
    await app.flush();
  });

  it('are told of within a second of the first subscriber, in threads that run already', async () => {
    await at.start();
    await Promise.all([Checkout.recordAndConfirm({ n: 1 }), ProductView.recordAndConfirm({ n: 1 })]);
    heard.to('delivery');
    const delivered = heard.until('delivery');
    for (let n = 2, told = false; !told; n++) {
      await ProductView.recordAndConfirm({ n });
      told = heard.of('delivery').length > 0;
    }
    expect((await delivered).recordType).to.equal('ProductView');
  });
});

describe('What a thread tells', () => {
  function scene(wanted: readonly ('batch' | 'throttle')[]) {
    const clock = new ManualClock();
    const reports: WireTelemetry[] = [];
    let taken: (() => void) | undefined;
    const site = new SiteTelemetry(
      new Runtime({ node: 1, clock }),
      { recordType: 'Type', main: 0, telemetry: wanted },
      {
        telemetry: (report) =>
          new Promise((resolve) => {
            reports.push(report);
            taken = resolve;
          }),
      },
    );
    const throttled = (records: number) =>
      site.report({ type: 'throttled', stream: 's', records, shardId: null });
    return { clock, site, reports, throttled, take: () => taken?.() };
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('is made only for those channels that somebody listens to', () => {
    const { site, clock, reports, throttled } = scene([]);
    throttled(1);
    site.tell('batch', () => {
      throw new Error('made for nobody');
    });
    clock.advance(1000);
    expect(reports).to.deep.equal([]);
    site.listen(['throttle']);
    throttled(2);
    clock.advance(100);
    expect(reports[0]?.signals.map(({ message }) => message)).to.deep.include.members([
      { recordType: 'Type', at: clock.wallTime() - 100, stream: 's', records: 2, shardId: null },
    ]);
  });

  it('goes out together, and while one report is under way nothing else does', async () => {
    const { clock, reports, throttled, take } = scene(['throttle']);
    throttled(1);
    throttled(2);
    clock.advance(100);
    throttled(3);
    clock.advance(1000);
    await turn();
    expect(reports.map(({ signals }) => signals.length)).to.deep.equal([2]);
    take();
    await turn();
    expect(reports.map(({ signals }) => signals.length)).to.deep.equal([2, 1]);
  });

  it('is bounded: what there is no room for is counted', async () => {
    const { clock, reports, throttled } = scene(['throttle']);
    for (let n = 0; n < 2500; n++) throttled(n);
    clock.advance(100);
    await turn();
    expect([reports[0]?.signals.length, reports[0]?.lost]).to.deep.equal([2000, 500]);
  });

  it('has a channel for each kind of it, all of them named alike', () => {
    const names = Object.values(channels).map(({ name }) => String(name));
    expect(new Set(names).size).to.equal(names.length);
    for (const name of names) expect(name).to.match(/^beamline(:[a-z-]+)+$/);
  });
});
