import { expect } from 'chai';
import { eventsOfEntry, newEntry, sealEntry } from '../../../src/pipeline/spool/entry.ts';
import { SpoolKeeper } from '../../../src/pipeline/spool/spool-keeper.ts';
import { countsOf, createJournalBell, JournalBell, QueueJournal } from '../../../src/threads/queue/index.ts';
import { claimAll, dataOf, smallQueue, tableOf, writerOf } from '../../threads/queue/rig.ts';
import { memoryDisk, openMemoryStore } from './memory-store.ts';

function keptQueue(bootId: string) {
  const journal = createJournalBell();
  new JournalBell(journal).isKept = true;
  return smallQueue({ bootId, journal });
}

/** A disk that a process with these events has left. */
function diskWith(events: readonly unknown[]) {
  const disk = memoryDisk();
  const queue = keptQueue('first');
  const keeper = new SpoolKeeper({ store: openMemoryStore(disk), maxBytes: 1e9 });
  keeper.attach('Type', new QueueJournal(queue));
  const writer = writerOf(queue);
  for (const event of events) expect(writer.append(event)).to.equal(true);
  keeper.turn();
  return disk;
}

describe('A damaged entry', () => {
  it('is found, wherever one of its bits was turned, or it was cut', () => {
    const [value] = [...diskWith(['an event']).entries.values()].map(([, bytes]) => bytes);
    expect(eventsOfEntry(value!, 1)?.map(({ id }) => id)).to.deep.equal(['first-1-1']);
    for (let bit = 0; bit < value!.length * 8; bit++) {
      const turned = Uint8Array.from(value!);
      turned[bit >> 3]! ^= 1 << (bit & 7);
      expect(eventsOfEntry(turned, 1), `bit ${bit}`).to.equal(undefined);
    }
    for (let bytes = 0; bytes < value!.length; bytes++)
      expect(eventsOfEntry(value!.subarray(0, bytes), 1), `${bytes} bytes`).to.equal(undefined);
  });

  it('with another number of events than its key says is none', () => {
    const { value } = newEntry('boot-1-', 0);
    sealEntry(value);
    expect(eventsOfEntry(value, 0)).to.deep.equal([]);
    expect(eventsOfEntry(value, 1)).to.equal(undefined);
  });

  it('costs its own events, which are counted, and no others', () => {
    const disk = diskWith([1, 2, 3]);
    const [, second] = [...disk.entries.values()];
    second![1][20]! ^= 1;
    const queue = keptQueue('second');
    const keeper = new SpoolKeeper({ store: openMemoryStore(disk), maxBytes: 1e9 });
    keeper.attach('Type', new QueueJournal(queue));
    expect(countsOf(queue)).to.include({ recovered: 3, pending: 3 });
    expect(keeper.turn().damaged).to.have.length(1);
    expect(countsOf(queue)).to.include({ recovered: 2, pending: 2 });
    const table = tableOf(queue);
    const claim = claimAll(table)!;
    expect(dataOf(claim)).to.deep.equal([1, 3]);
    table.settle(claim, 'delivered');
    for (let turn = 0; turn < 2; turn++) keeper.turn();
    expect(disk.entries.size).to.equal(0);
    expect(keeper.counts).to.include({ damaged: 1, recovered: 3 });
  });
});

describe('What an earlier run has left of a type that is not defined', () => {
  it('is kept, can be read page by page, and thrown away', () => {
    const disk = diskWith(['one', 'two', 'three']);
    const keeper = new SpoolKeeper({ store: openMemoryStore(disk), maxBytes: 1e9 });
    keeper.attach('Another', new QueueJournal(keptQueue('second')));
    keeper.turn();
    expect(keeper.counts.leftovers).to.deep.equal({ Type: 3 });
    const first = keeper.readLeftovers('Type', '', 2);
    expect(first.map(({ id, data }) => [id, data])).to.deep.equal([
      ['first-1-1', 'one'],
      ['first-1-2', 'two'],
    ]);
    expect(keeper.readLeftovers('Type', 'first-1-2', 2).map(({ data }) => data)).to.deep.equal(['three']);
    expect(keeper.readLeftovers('Another', '', 2)).to.deep.equal([]);
    expect(keeper.removeLeftovers('Type')).to.equal(3);
    expect(disk.entries.size).to.equal(0);
    expect(keeper.counts.leftovers).to.deep.equal({});
  });
});

describe('A spool that is full', () => {
  it('takes no more, and goes on when there is room', () => {
    const disk = memoryDisk();
    const queue = keptQueue('boot');
    const keeper = new SpoolKeeper({ store: openMemoryStore(disk), maxBytes: 200 });
    keeper.attach('Type', new QueueJournal(queue));
    const writer = writerOf(queue);
    for (let n = 0; n < 5; n++) writer.append(n);
    keeper.turn();
    const written = disk.entries.size;
    for (let n = 5; n < 8; n++) writer.append(n);
    keeper.turn();
    expect(keeper.counts.full).to.equal(true);
    expect(disk.entries.size).to.equal(written);
    const table = tableOf(queue);
    table.settle(claimAll(table, 6)!, 'delivered');
    for (let turn = 0; turn < 3; turn++) keeper.turn();
    expect(countsOf(queue)).to.include({ pending: 2, spooled: 2 });
  });
});

describe('What was put aside', () => {
  it('comes back once, and not again and again while its reader has other work', () => {
    const handle = keptQueue('boot');
    const keeper = new SpoolKeeper({ store: openMemoryStore(memoryDisk()), maxBytes: 1e9 });
    keeper.attach('Type', new QueueJournal(handle));
    const writer = writerOf(handle);
    const table = tableOf(handle);
    let accepted = 0;
    const record = () => {
      if (writer.append('x'.repeat(50))) accepted++;
    };
    record();
    const held = claimAll(table, 1)!;
    for (let n = 0; n < 500; n++) {
      record();
      keeper.turn();
    }
    expect(keeper.asideEvents, 'events on the disk alone').to.be.greaterThan(100);
    for (let turn = 0; turn < 5; turn++) keeper.turn();
    for (let turn = 0; turn < 5; turn++) expect(keeper.turn()).to.include({ more: false, wrote: false });

    table.settle(held, 'delivered');
    for (let quiet = 0; quiet < 3; ) {
      keeper.turn();
      const claim = claimAll(table);
      quiet = claim === undefined ? quiet + 1 : 0;
      if (claim !== undefined) table.settle(claim, 'delivered');
    }
    expect(countsOf(handle)).to.include({ accepted, delivered: accepted, pending: 0 });
  });
});
