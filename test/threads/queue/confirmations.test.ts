import { expect } from 'chai';
import {
  type Confirmable,
  ConfirmationOutcomes,
  ConfirmationTable,
  countsOf,
  createConfirmations,
  QueueSignals,
  QueueWriter,
  RecordingThread,
} from '../../../src/threads/queue/index.ts';
import { claimAll, smallQueue, stillClock, tableOf, watch } from './rig.ts';

function rig({ slots = 8 } = {}) {
  const handle = smallQueue();
  const confirmations = createConfirmations({ seats: 2, slots });
  const waiting = new ConfirmationTable(confirmations, 1, watch);
  const writer = new QueueWriter(
    handle,
    new RecordingThread({ writer: 1, clock: stillClock, confirmations: waiting }),
  );
  return { handle, confirmations, waiting, writer, table: tableOf(handle, { confirmations }) };
}

function accepted(answer: Confirmable): Confirmable & { type: 'accepted' } {
  if (answer.type !== 'accepted') throw new Error(answer.code);
  return answer;
}

describe('confirmations', () => {
  it('tell what became of an event, and its id at once', async () => {
    const { writer, table, waiting } = rig();
    const answers = ['good', 'bad', 'buried'].map((event) =>
      accepted(writer.appendAndConfirm(event, 'delivered')),
    );
    expect(answers.map(({ id }) => id)).to.deep.equal(['boot-1-1', 'boot-1-2', 'boot-1-3']);
    expect(waiting.size).to.equal(3);
    table.settle(
      claimAll(table)!,
      (event) =>
        (['delivered', 'dead', 'buried'] as const)[
          ['good', 'bad', 'buried'].indexOf(event.decode() as string)
        ],
    );
    expect(await Promise.all(answers.map(({ confirmation }) => confirmation.outcome))).to.deep.equal([
      'delivered',
      'dead',
      'dead',
    ]);
    expect(waiting.size).to.equal(0);
  });

  it('are answered by the journal when they wait for the disk, and by delivery whichever is first', async () => {
    const { confirmations, waiting } = rig();
    const journal = new ConfirmationOutcomes(confirmations);
    const [disk, stream] = [waiting.take('disk')!, waiting.take('delivered')!];
    const outcomes = [waiting.expect(disk).outcome, waiting.expect(stream).outcome];
    expect(journal.store(1, disk, 'disk')).to.equal(true);
    expect(journal.store(1, stream, 'disk')).to.equal(false);
    expect(journal.store(1, disk, 'delivered')).to.equal(false);
    expect(journal.store(1, stream, 'delivered')).to.equal(true);
    journal.announce();
    expect(await Promise.all(outcomes)).to.deep.equal(['disk', 'delivered']);
  });

  it('run out, are said to have run out, and come back', async () => {
    const { handle, writer, table } = rig({ slots: 2 });
    const answers = [1, 2].map((event) => accepted(writer.appendAndConfirm(event, 'delivered')));
    expect(writer.appendAndConfirm(3, 'delivered')).to.deep.equal({
      type: 'unconfirmable',
      code: 'ERR_NO_CONFIRMATION_SLOT',
    });
    expect(countsOf(handle)).to.include({ accepted: 2, refused: 0 });
    table.settle(claimAll(table)!, 'delivered');
    await Promise.all(answers.map(({ confirmation }) => confirmation.outcome));
    expect(writer.appendAndConfirm(3, 'delivered').type).to.equal('accepted');
  });

  it('take no slot for an event that is refused or cannot be recorded', () => {
    const { handle, writer } = rig({ slots: 1 });
    new QueueSignals(handle).door = 'closed';
    expect(writer.appendAndConfirm(1, 'disk')).to.deep.equal({ type: 'refused', code: 'ERR_QUEUE_CLOSED' });
    new QueueSignals(handle).door = 'attended';
    expect(() => writer.appendAndConfirm(() => {}, 'disk'))
      .to.throw()
      .with.property('code', 'ERR_EVENT_NOT_SERIALIZABLE');
    while (writer.append('x'.repeat(100)));
    expect(writer.appendAndConfirm('x'.repeat(100), 'disk')).to.deep.equal({
      type: 'refused',
      code: 'ERR_QUEUE_FULL',
    });
    expect(countsOf(handle).refused).to.equal(3);
  });

  it('drop an outcome for a slot that is somebody else’s by now', async () => {
    const { confirmations, waiting } = rig({ slots: 1 });
    const outcomes = new ConfirmationOutcomes(confirmations);
    const first = waiting.take('delivered')!;
    const cancelled = waiting.expect(first);
    cancelled.cancel();
    expect(await cancelled.outcome).to.equal('cancelled');
    const second = waiting.take('delivered')!;
    const later = waiting.expect(second);
    expect(outcomes.store(1, first, 'dead')).to.equal(false);
    expect(outcomes.store(1, second, 'delivered')).to.equal(true);
    cancelled.cancel();
    later.cancel();
    expect(await later.outcome).to.equal('delivered');
  });

  it('are all cancelled at a stop, but for those that have an outcome', async () => {
    const { confirmations, waiting } = rig();
    const [done, open] = [waiting.take('delivered')!, waiting.take('delivered')!];
    const outcomes = [waiting.expect(done).outcome, waiting.expect(open).outcome];
    new ConfirmationOutcomes(confirmations).store(1, done, 'delivered');
    waiting.cancelAll();
    expect(await Promise.all(outcomes)).to.deep.equal(['delivered', 'cancelled']);
  });

  it('keep their generations apart over 200,000 uses of one slot', () => {
    const { waiting } = rig({ slots: 1 });
    let before = 0;
    for (let i = 0; i < 200_000; i++) {
      const confirm = waiting.take('disk')!;
      if (confirm === before || confirm === 0) expect.fail(`use ${i} has the word ${confirm}`);
      before = confirm;
      waiting.giveBack(confirm);
    }
  });

  it('of several threads do not mix', async () => {
    const { confirmations, waiting } = rig();
    const other = new ConfirmationTable(confirmations, 0, watch);
    const outcomes = new ConfirmationOutcomes(confirmations);
    const [mine, theirs] = [waiting.take('delivered')!, other.take('delivered')!];
    const [my, their] = [waiting.expect(mine), other.expect(theirs)];
    outcomes.store(1, mine, 'delivered');
    outcomes.store(0, theirs, 'dead');
    outcomes.announce();
    expect([await my.outcome, await their.outcome]).to.deep.equal(['delivered', 'dead']);
  });
});
