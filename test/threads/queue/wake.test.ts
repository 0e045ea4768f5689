import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { Cancellation } from '../../../src/base/cancellation.ts';
import {
  ClaimTable,
  ConfirmationTable,
  createConfirmations,
  QueueSignals,
  QueueWriter,
  RecordingThread,
  sealSegmentsOf,
  type Watch,
} from '../../../src/threads/queue/index.ts';
import { claimAll, smallQueue, stillClock, tableOf, watch, writerOf } from './rig.ts';

/** Whether a promise is still pending when everything that is due has run. */
async function sleeps(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.finally(() => {
    settled = true;
  });
  for (let turn = 0; turn < 5; turn++) await setImmediate();
  return !settled;
}

describe('waiting for events', () => {
  it('ends with the first event after an empty queue', async () => {
    const handle = smallQueue();
    const table = tableOf(handle);
    const waiting = table.waitForEvents({ events: 1 });
    expect(await sleeps(waiting)).to.equal(true);
    writerOf(handle).append('a');
    expect(await waiting).to.equal('events');
  });

  it('ends at once when the events are there already, released ones too', async () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    const table = tableOf(handle);
    writer.append('a');
    writer.append('b');
    expect(await table.waitForEvents({ events: 2 })).to.equal('events');
    const claim = claimAll(table)!;
    const waiting = table.waitForEvents({ events: 2 });
    expect(await sleeps(waiting)).to.equal(true);
    writer.append('c');
    expect(await sleeps(waiting)).to.equal(true);
    writer.append('d');
    expect(await waiting).to.equal('events');
    table.release(claim);
    expect(await table.waitForEvents({ events: 4 })).to.equal('events');
  });

  it('is not disturbed by each event while a full batch is wanted, over several writers', async () => {
    const handle = smallQueue();
    const [one, two] = [writerOf(handle, 1), writerOf(handle, 2)];
    const table = tableOf(handle);
    const waiting = table.waitForEvents({ events: 10 });
    for (let i = 0; i < 9; i++) (i % 2 ? one : two).append(i);
    expect(await sleeps(waiting)).to.equal(true);
    one.append(9);
    expect(await waiting).to.equal('events');
    expect(claimAll(table)?.events.length).to.equal(10);
  });

  it('counts what is there already towards a full batch', async () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    const table = tableOf(handle);
    for (let i = 0; i < 6; i++) writer.append(i);
    const waiting = table.waitForEvents({ events: 10 });
    for (let i = 6; i < 9; i++) writer.append(i);
    expect(await sleeps(waiting)).to.equal(true);
    writer.append(9);
    expect(await waiting).to.equal('events');
  });

  it('ends when somebody waits for a confirmation, though the batch is not full', async () => {
    const handle = smallQueue();
    const confirmations = new ConfirmationTable(createConfirmations({ seats: 1, slots: 4 }), 0, watch);
    const writer = new QueueWriter(
      handle,
      new RecordingThread({ writer: 1, clock: stillClock, confirmations }),
    );
    const table = tableOf(handle);
    const waiting = table.waitForEvents({ events: 500 });
    writer.append('a');
    expect(await sleeps(waiting)).to.equal(true);
    writer.appendAndConfirm('b', 'delivered');
    expect(await waiting).to.equal('flush');
    const next = table.waitForEvents({ events: 500 });
    expect(await sleeps(next)).to.equal(true);
    new QueueSignals(handle).requestFlush();
    expect(await next).to.equal('flush');
    confirmations.cancelAll();
  });

  it('can be cancelled, before and while it sleeps', async () => {
    const table = tableOf(smallQueue());
    const before = new Cancellation();
    before.cancel();
    expect(await table.waitForEvents({ events: 1, cancellation: before })).to.equal('cancelled');
    const cancellation = new Cancellation();
    const waiting = table.waitForEvents({ events: 1, cancellation });
    expect(await sleeps(waiting)).to.equal(true);
    cancellation.cancel();
    expect(await waiting).to.equal('cancelled');
  });

  it('ends for a reader that is replaced, and goes on undisturbed for its successor', async () => {
    const handle = smallQueue();
    const stale = tableOf(handle);
    const waiting = stale.waitForEvents({ events: 1 });
    const table = tableOf(handle);
    const successor = table.waitForEvents({ events: 1 });
    expect(await waiting).to.equal('fenced');
    expect(await stale.waitForEvents({ events: 1 })).to.equal('fenced');
    expect(await sleeps(successor)).to.equal(true);
    writerOf(handle).append('a');
    expect(await successor).to.equal('events');
  });

  it('frees what was settled before it was sealed, when the full queue refuses', async () => {
    const handle = smallQueue({ queueBytes: 2 * 512 });
    const [one, two] = [writerOf(handle, 1), writerOf(handle, 2)];
    const table = tableOf(handle);
    two.append('has the other segment');
    for (let i = 0; i < 5; i++) expect(one.append('x'.repeat(50))).to.equal(true);
    table.settle(claimAll(table)!, 'delivered');
    const waiting = table.waitForEvents({ events: 1 });
    expect(await sleeps(waiting)).to.equal(true);
    expect(
      one.append('x'.repeat(50)),
      'the segment is full, and only the sleeping reader can free it',
    ).to.equal(false);
    expect(await sleeps(waiting)).to.equal(true);
    expect(one.append('x'.repeat(50))).to.equal(true);
    expect(await waiting).to.equal('events');
  });

  it('is woken for a writer that died between publishing and waking', async () => {
    const handle = smallQueue();
    const table = tableOf(handle);
    const waiting = table.waitForEvents({ events: 1 });
    const { sub } = Atomics;
    Atomics.sub = () => {
      throw new Error('dead');
    };
    try {
      expect(() => writerOf(handle, 9).append('last words')).to.throw('dead');
    } finally {
      Atomics.sub = sub;
    }
    expect(await sleeps(waiting)).to.equal(true);
    sealSegmentsOf(handle, 9);
    expect(await waiting).to.equal('events');
  });

  it('looks again, rarely, for a wake-up that was lost below it', async () => {
    const handle = smallQueue();
    const timers: (() => void)[] = [];
    const clock = {
      ...stillClock,
      setTimer: (_: number, fire: () => void) => {
        timers.push(fire);
        return { clear: () => timers.splice(timers.indexOf(fire), 1) };
      },
    };
    const rare: Watch = { clock, recheckMs: 5000 };
    const generation = new QueueSignals(handle).nextReaderGeneration();
    const table = new ClaimTable(handle, { generation, predecessor: 'none' }, rare);
    const waiting = table.waitForEvents({ events: 1 });
    timers.shift()?.();
    expect(await sleeps(waiting)).to.equal(true);
    const { notify } = Atomics;
    Atomics.notify = () => 0;
    try {
      writerOf(handle).append('a');
    } finally {
      Atomics.notify = notify;
    }
    expect(await sleeps(waiting)).to.equal(true);
    timers.shift()?.();
    expect(await waiting).to.equal('events');
    expect(timers).to.have.length(0);
  });
});

describe('the signals of a queue', () => {
  it('call the main thread when nobody is there for an event, once for many', async () => {
    const handle = smallQueue();
    const signals = new QueueSignals(handle);
    const writer = writerOf(handle);
    const waiting = signals.attentionWanted(watch);
    expect(await sleeps(waiting)).to.equal(true);
    writer.append('a');
    writer.append('b');
    expect(await waiting).to.equal('wanted');
    const next = signals.attentionWanted(watch);
    expect(await sleeps(next)).to.equal(true);
    signals.door = 'attended';
    writer.append('c');
    expect(await sleeps(next)).to.equal(true);
    signals.door = 'unattended';
    writer.append('d');
    expect(await next).to.equal('wanted');
  });

  it('stop calling when nobody wants to hear', async () => {
    const signals = new QueueSignals(smallQueue());
    const controller = new AbortController();
    const waiting = signals.attentionWanted(watch, controller.signal);
    expect(await sleeps(waiting)).to.equal(true);
    controller.abort();
    expect(await waiting).to.equal('cancelled');
  });

  it('let nobody sleep for the end of the process whose queue is closed, which would keep its memory for ever', async () => {
    const signals = new QueueSignals(smallQueue());
    const end = new Cancellation();
    const waiting = signals.exitAnnounced(watch, end);
    expect(await sleeps(waiting)).to.equal(true);
    end.cancel();
    expect(await waiting).to.equal('cancelled');
  });

  it('tell the reading thread that the process ends', async () => {
    const handle = smallQueue();
    const [here, there] = [new QueueSignals(handle), new QueueSignals(handle)];
    const waiting = tableOf(handle).waitForEvents({ events: 1 });
    expect([there.exiting, there.door]).to.deep.equal([false, 'unattended']);
    here.announceExit();
    expect(await waiting).to.equal('flush');
    expect(there.exiting).to.equal(true);
  });
});
