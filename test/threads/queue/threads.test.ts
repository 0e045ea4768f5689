import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import {
  ConfirmationTable,
  type Confirmed,
  countsOf,
  createConfirmations,
  QueueWriter,
  RecordingThread,
  walkFrames,
} from '../../../src/threads/queue/index.ts';
import type { ReadReport, Role } from './queue-worker.ts';
import { claimAll, dataOf, smallQueue, stillClock, tableOf, watch, writerOf } from './rig.ts';

function start(role: Role): { readonly worker: Worker; readonly report: Promise<unknown> } {
  const worker = new Worker(new URL('./queue-worker.js', import.meta.url), { workerData: role });
  return { worker, report: once(worker, 'message').then(([report]) => report) };
}

describe('the queue between threads', () => {
  it('loses no event and no order when two threads write and a third reads', async () => {
    const handle = smallQueue({ queueBytes: 16 * 16384, segmentBytes: 16384 });
    const events = 40_000;
    const reading = start({ type: 'read', handle, events: 2 * events });
    const writing = [1, 2].map((writer) => start({ type: 'write', handle, writer, events }));
    const refusals = (await Promise.all(writing.map(({ report }) => report))) as { refused: number }[];
    const report = (await reading.report) as ReadReport;
    expect(report.disorder).to.equal(undefined);
    expect(report.events).to.deep.equal({ 1: events, 2: events });
    expect(countsOf(handle)).to.deep.equal({
      accepted: 2 * events,
      recovered: 0,
      spooled: 0,
      delivered: 2 * events,
      deadLettered: 0,
      pending: 0,
      refused: refusals.reduce((sum, { refused }) => sum + refused, 0),
      invalid: 0,
    });
  }).timeout(60_000);

  it('wakes the reader for every full batch of two writers, and misses none', async () => {
    const handle = smallQueue({ queueBytes: 64 * 16384, segmentBytes: 16384 });
    const events = 20_000;
    const reading = start({ type: 'read', handle, events: 2 * events, batch: 50 });
    const writing = [1, 2].map((writer) => start({ type: 'write', handle, writer, events }));
    await Promise.all(writing.map(({ report }) => report));
    expect(await reading.report).to.deep.equal({ events: { 1: events, 2: events }, disorder: undefined });
  }).timeout(60_000);

  it('misses no wake-up in 20,000 ping-pongs', async () => {
    const [there, back] = [smallQueue(), smallQueue()];
    const echo = start({ type: 'echo', from: there, to: back });
    const writer = writerOf(there);
    const table = tableOf(back, { predecessor: 'none' });
    for (let number = 0; number < 20_000; number++) {
      expect(writer.append(number)).to.equal(true);
      expect(await table.waitForEvents({ events: 1 })).to.equal('events');
      const claim = claimAll(table)!;
      if (dataOf(claim)[0] !== number) expect.fail(`${dataOf(claim)} came back for ${number}`);
      table.settle(claim, 'delivered');
    }
    writer.append('end');
    await echo.report;
  }).timeout(60_000);

  it('wakes the recording thread for its confirmations, whoever settles', async () => {
    const handle = smallQueue({ queueBytes: 8 * 16384, segmentBytes: 16384 });
    const confirmations = createConfirmations({ seats: 2, slots: 1000 });
    const table = new ConfirmationTable(confirmations, 1, watch);
    const writer = new QueueWriter(
      handle,
      new RecordingThread({ writer: 5, clock: stillClock, confirmations: table }),
    );
    const rounds = 200;
    const reading = start({ type: 'read', handle, events: rounds * 5, confirmations });
    for (let round = 0; round < rounds; round++) {
      const outcomes: Promise<Confirmed>[] = [];
      for (let i = 0; i < 5; i++) {
        const event = {
          writer: 5,
          number: round * 5 + i,
          text: 'some text',
          nested: { list: [1, 2.5, null] },
        };
        const answer = writer.appendAndConfirm(event, 'disk');
        if (answer.type !== 'accepted') throw new Error(answer.code);
        outcomes.push(answer.confirmation.outcome);
      }
      expect(await Promise.all(outcomes)).to.deep.equal(Array(5).fill('delivered'));
    }
    expect(((await reading.report) as ReadReport).disorder).to.equal(undefined);
  }).timeout(60_000);

  it('gives what a terminated thread had claimed to the next one', async () => {
    const handle = smallQueue({ queueBytes: 128 * 16384, segmentBytes: 16384 });
    const writer = writerOf(handle);
    let accepted = 0;
    for (let kill = 0; kill < 5; kill++) {
      for (let i = 0; i < 1500; i++) {
        const event = { writer: 1, number: accepted, text: 'some text', nested: { list: [1, 2.5, null] } };
        expect(writer.append(event)).to.equal(true);
        accepted++;
      }
      const before = countsOf(handle).delivered;
      const { worker } = start({ type: 'read', handle, events: Number.POSITIVE_INFINITY });
      // Its first claims are settled, so it is in the middle of its work, wherever that is.
      while (countsOf(handle).delivered === before) await setImmediate();
      await worker.terminate();
      const counts = countsOf(handle);
      expect(counts.accepted).to.equal(accepted);
      expect([...walkFrames(handle)].filter(({ state }) => state === 'ready').length).to.equal(
        counts.pending,
      );
    }
    // The last one reads on from here, and must find the rest, in order and to the end.
    const table = tableOf(handle);
    let next = countsOf(handle).delivered;
    for (let claim = claimAll(table, 100); claim !== undefined; claim = claimAll(table, 100)) {
      for (const { number } of dataOf(claim) as { number: number }[]) expect(number).to.equal(next++);
      table.settle(claim, 'delivered');
    }
    expect(next).to.equal(accepted);
    expect(countsOf(handle)).to.include({ accepted, delivered: accepted, pending: 0 });
  }).timeout(60_000);
});
