import { expect } from 'chai';
import { changeMark, frameAt, KIND, markOf, withState } from '../../../src/threads/queue/frame.ts';
import {
  countsOf,
  oldestPendingAt,
  QueueSignals,
  sealSegmentsOf,
  walkFrames,
} from '../../../src/threads/queue/index.ts';
import { QueueMemory } from '../../../src/threads/queue/layout.ts';
import { claimAll, dataOf, smallQueue, stillClock, tableOf, writerOf } from './rig.ts';

describe('the event queue', () => {
  it('gives out what was recorded, oldest first, with its id and time', () => {
    const handle = smallQueue();
    const writer = writerOf(handle, 7);
    const table = tableOf(handle);
    expect(claimAll(table)).to.equal(undefined);
    stillClock.time = 1000;
    expect(writer.append({ step: 'one' })).to.equal(true);
    stillClock.time = 2000;
    expect(writer.append({ step: 'two' })).to.equal(true);
    const claim = claimAll(table);
    expect(dataOf(claim)).to.deep.equal([{ step: 'one' }, { step: 'two' }]);
    expect(claim?.events.map(({ id, recordedAt, attempts }) => [id, recordedAt, attempts])).to.deep.equal([
      ['boot-7-1', 1000, 0],
      ['boot-7-2', 2000, 0],
    ]);
    expect(claimAll(table)).to.equal(undefined);
    expect(table.pending()).to.deep.equal({ waiting: 0, claimed: 2, dead: 0 });
    table.settle(claim!, 'delivered');
    expect(countsOf(handle)).to.deep.equal({
      accepted: 2,
      recovered: 0,
      delivered: 2,
      deadLettered: 0,
      pending: 0,
      spooled: 0,
      refused: 0,
      invalid: 0,
    });
  });

  it('refuses and counts when it is full, and takes events again when it has been drained', () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    const table = tableOf(handle);
    for (let round = 0; round < 5; round++) {
      let accepted = 0;
      while (writer.append({ number: accepted })) accepted++;
      expect(accepted).to.be.greaterThan(30);
      const claim = claimAll(table);
      expect(claim?.events.length).to.equal(accepted);
      table.settle(claim!, 'delivered');
      const counts = countsOf(handle);
      expect(counts.accepted).to.equal(accepted * (round + 1));
      expect(counts.delivered).to.equal(counts.accepted);
      expect(counts.refused).to.equal(round + 1);
    }
  });

  it('refuses when it is closed, and counts that too', () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    new QueueSignals(handle).door = 'closed';
    expect(writer.append('late')).to.equal(false);
    expect(countsOf(handle).refused).to.equal(1);
  });

  it('cuts claims by events and by bytes, and gives one event that is larger than all of them', () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    const table = tableOf(handle);
    for (let i = 0; i < 5; i++) writer.append('x'.repeat(50));
    expect(claimAll(table, 2)?.events.length).to.equal(2);
    expect(table.claim({ maxEvents: 10, maxBytes: 110, owner: 'test' })?.events.length).to.equal(2);
    expect(table.claim({ maxEvents: 10, maxBytes: 1, owner: 'test' })?.events.length).to.equal(1);
    expect(claimAll(table)).to.equal(undefined);
  });

  it('gives released events out again before all others, in their order', () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    const table = tableOf(handle);
    for (let i = 0; i < 8; i++) writer.append(i);
    const [first, second, third] = [claimAll(table, 2)!, claimAll(table, 2)!, claimAll(table, 2)!];
    table.release(third);
    table.release(first);
    expect(dataOf(claimAll(table))).to.deep.equal([0, 1, 4, 5, 6, 7]);
    expect(dataOf(second)).to.deep.equal([2, 3]);
    expect(() => table.release(first)).to.throw('is not open');
  });

  it('settles a part of a claim and splits a claim', () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    const table = tableOf(handle);
    for (let i = 0; i < 5; i++) writer.append(i);
    const claim = claimAll(table)!;
    table.settle(claim, (_, index) => (index === 0 ? 'delivered' : undefined));
    expect(dataOf(claim)).to.deep.equal([1, 2, 3, 4]);
    const [left, right] = table.split(claim);
    expect([dataOf(left), dataOf(right)]).to.deep.equal([
      [1, 2],
      [3, 4],
    ]);
    table.settle(left, 'delivered');
    table.settle(right, 'buried');
    expect(countsOf(handle)).to.include({ accepted: 5, delivered: 3, deadLettered: 2, pending: 0 });
  });

  it('keeps dead events until their sink has taken them, over the death of the reader too', () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    const before = tableOf(handle);
    writer.append('good');
    writer.append('bad');
    before.settle(claimAll(before)!, (event) => (event.decode() === 'bad' ? 'dead' : 'delivered'));
    expect(countsOf(handle)).to.include({ accepted: 2, delivered: 1, deadLettered: 0, pending: 1 });
    const table = tableOf(handle);
    expect(claimAll(table)).to.equal(undefined);
    const letters = table.claim({ kind: 'dead', maxEvents: 10, maxBytes: 1000, owner: 'sink' })!;
    expect(dataOf(letters)).to.deep.equal(['bad']);
    expect(table.claim({ kind: 'dead', maxEvents: 10, maxBytes: 1000, owner: 'sink' })).to.equal(undefined);
    table.release(letters);
    const again = table.claim({ kind: 'dead', maxEvents: 10, maxBytes: 1000, owner: 'sink' })!;
    table.settle(again, 'buried');
    expect([...walkFrames(handle)].map(({ state }) => state)).to.deep.equal(['delivered', 'buried']);
    expect(countsOf(handle)).to.include({ accepted: 2, delivered: 1, deadLettered: 1, pending: 0 });
  });

  it('gives a dead reader’s events to its successor, and fences the one that is replaced', () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    const stale = tableOf(handle);
    for (let i = 0; i < 4; i++) writer.append(i);
    const claim = claimAll(stale, 2)!;
    stale.settle(claim, (_, index) => (index === 0 ? 'delivered' : undefined));
    const table = tableOf(handle);
    expect(() => stale.settle(claim, 'delivered'))
      .to.throw()
      .with.property('code', 'ERR_READER_FENCED');
    expect(() => claimAll(stale))
      .to.throw()
      .with.property('code', 'ERR_READER_FENCED');
    expect(dataOf(claimAll(table))).to.deep.equal([1, 2, 3]);
  });

  it('charges a claim that ran alone when its thread died, and nobody else', () => {
    const attemptsAfter = (run: 'one' | 'two' | 'landed', predecessor: 'died' | 'stopped') => {
      const handle = smallQueue();
      const writer = writerOf(handle);
      const before = tableOf(handle);
      for (let i = 0; i < 6; i++) writer.append(i);
      const [first, second] = [claimAll(before, 2)!, claimAll(before, 2)!];
      before.charge(first);
      before.launch(first);
      if (run === 'two') before.launch(second);
      if (run === 'landed') before.land(first);
      const table = tableOf(handle, { predecessor });
      const claims = [];
      for (let claim = claimAll(table); claim !== undefined; claim = claimAll(table)) {
        claims.push([claim.suspect, claim.events.map(({ attempts }) => attempts)]);
      }
      return claims;
    };
    expect(attemptsAfter('one', 'died')).to.deep.equal([
      [true, [2, 2]],
      [false, [0, 0, 0, 0]],
    ]);
    expect(attemptsAfter('two', 'died')).to.deep.equal([
      [true, [1, 1, 0, 0]],
      [false, [0, 0]],
    ]);
    expect(attemptsAfter('landed', 'died')).to.deep.equal([[false, [1, 1, 0, 0, 0, 0]]]);
    expect(attemptsAfter('one', 'stopped')).to.deep.equal([[false, [1, 1, 0, 0, 0, 0]]]);
  });

  it('says of an event that it ran alone when its thread died of it, not when others ran beside its batch of one', () => {
    const ranAloneAfter = (running: 1 | 2) => {
      const handle = smallQueue();
      const writer = writerOf(handle);
      const before = tableOf(handle);
      for (let i = 0; i < running; i++) writer.append(i);
      for (let i = 0; i < running; i++) before.launch(claimAll(before, 1)!);
      const { suspect, ranAlone } = claimAll(tableOf(handle), 1)!;
      return { suspect, ranAlone };
    };
    expect(ranAloneAfter(1)).to.deep.equal({ suspect: true, ranAlone: true });
    expect(ranAloneAfter(2)).to.deep.equal({ suspect: true, ranAlone: false });
  });

  it('seals what a dead writer was filling, so that its memory comes back', () => {
    const handle = smallQueue();
    const dead = writerOf(handle, 1);
    const living = writerOf(handle, 2);
    const table = tableOf(handle);
    dead.append('last words');
    living.append('hello');
    sealSegmentsOf(handle, 1);
    table.settle(claimAll(table)!, 'delivered');
    expect([...walkFrames(handle)].map(({ writer }) => writer)).to.deep.equal([2]);
    expect(countsOf(handle)).to.include({ accepted: 2, delivered: 2 });
  });

  it('knows when the oldest event that is still pending was recorded', () => {
    const handle = smallQueue();
    const [one, two] = [writerOf(handle, 1), writerOf(handle, 2)];
    const table = tableOf(handle);
    expect(oldestPendingAt(handle)).to.equal(undefined);
    stillClock.time = 10;
    one.append('a');
    stillClock.time = 20;
    two.append('b');
    expect(oldestPendingAt(handle)).to.equal(10);
    table.settle(claimAll(table, 1)!, 'delivered');
    expect(oldestPendingAt(handle)).to.equal(20);
  });

  it('frees segments in any order and never loses the counts of earlier generations', () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    const table = tableOf(handle);
    let accepted = 0;
    for (let round = 0; round < 50; round++) {
      while (writer.append(accepted)) accepted++;
      const [a, b, c] = [claimAll(table, 15)!, claimAll(table, 15)!, claimAll(table)!];
      table.settle(c, 'delivered');
      table.settle(a, 'buried');
      expect(dataOf(b)).to.have.length(15);
      table.settle(b, 'delivered');
    }
    const counts = countsOf(handle);
    expect(counts).to.include({ accepted, deadLettered: 15 * 50, pending: 0, refused: 50 });
  });

  it('counts a parked copy and what it was moved from once, wherever it is settled', () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    const table = tableOf(handle);
    writer.append('source');
    writer.append('copy');
    const memory = new QueueMemory(handle);
    const [source, copy] = [frameAt(memory, 0, 0), frameAt(memory, 0, 40)];
    memory.words[copy + 7] = KIND.COPY << 24;
    changeMark(memory, source, markOf(memory, source), withState(markOf(memory, source), 'moved'));
    expect([...walkFrames(handle)].map(({ state, kind }) => [state, kind])).to.deep.equal([
      ['moved', KIND.NATIVE],
      ['ready', KIND.COPY],
    ]);
    expect(countsOf(handle)).to.include({ accepted: 1, delivered: 0, pending: 1 });
    table.settle(claimAll(table)!, 'delivered');
    sealSegmentsOf(handle, 1);
    expect(claimAll(table)).to.equal(undefined);
    expect([...walkFrames(handle)]).to.have.length(0);
    expect(countsOf(handle)).to.include({ accepted: 1, delivered: 1, pending: 0 });
  });

  it('lets an event be recorded from within another one', () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    const table = tableOf(handle);
    const event = {
      before: 'x'.repeat(20),
      get inner() {
        expect(writer.append('inner')).to.equal(true);
        return 'y';
      },
      toJSON: undefined,
      after: 'z'.repeat(20),
    };
    for (let i = 0; i < 6; i++) expect(writer.append(event)).to.equal(true);
    const outer = { before: 'x'.repeat(20), inner: 'y', toJSON: undefined, after: 'z'.repeat(20) };
    const claim = claimAll(table);
    expect(dataOf(claim)).to.deep.equal(Array.from({ length: 6 }, () => ['inner', outer]).flat());
    expect(claim?.events.map(({ id }) => id)).to.deep.equal(
      Array.from({ length: 12 }, (_, i) => `boot-1-${i + 1}`),
    );
  });

  it('is left as it was by an event that cannot be recorded', () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    writer.append('first');
    const before = new Uint8Array(handle.memory.slice(0)).filter((_, i) => i < 4096);
    expect(() => writer.append({ user: { avatar: { onload() {} } } }))
      .to.throw()
      .with.property('code', 'ERR_EVENT_NOT_SERIALIZABLE');
    expect(() => writer.append('x'.repeat(1000)))
      .to.throw()
      .with.property('code', 'ERR_EVENT_TOO_LARGE');
    expect(new Uint8Array(handle.memory.slice(0)).filter((_, i) => i < 4096)).to.deep.equal(before);
    writer.append('second');
    expect(dataOf(claimAll(tableOf(handle)))).to.deep.equal(['first', 'second']);
    expect(countsOf(handle)).to.include({ accepted: 2, refused: 0 });
  });
});
