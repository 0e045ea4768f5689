import { expect } from 'chai';
import { claimAll, smallQueue, stillClock, tableOf, writerOf } from './rig.ts';

/** Room for events that are buffers of a thousand bytes, and larger ones. */
const wideQueue = () => smallQueue({ queueBytes: 4 * 65_536, segmentBytes: 65_536, maxEventBytes: 32_768 });

const buffersOf = (table: ReturnType<typeof tableOf>): Buffer[] =>
  claimAll(table)?.map((_id, _recordedAt, data) => data as Buffer) ?? [];

describe('The events of a claim', () => {
  it('are the same one by one and all at once', () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    for (let n = 0; n < 12; n++) {
      stillClock.time++;
      writer.append({ n, data: Buffer.from(`event ${n}`) });
    }
    const claim = claimAll(tableOf(handle))!;
    const all = claim.map((id, recordedAt, data) => ({ id, recordedAt, data }));
    expect(all).to.deep.equal(
      claim.events.map((event) => ({ id: event.id, recordedAt: event.recordedAt, data: event.decode() })),
    );
    expect(new Set(all.map(({ id }) => id))).to.have.property('size', 12);
    expect(claim.size).to.equal(12);
    expect(claim.bytes).to.equal(claim.events.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  it('are as old as the oldest of them that is left', () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    const from = ++stillClock.time;
    for (let n = 0; n < 4; n++, stillClock.time++) writer.append(n);
    const table = tableOf(handle);
    const [first, second] = table.split(claimAll(table)!);
    expect([first.recordedAt, second.recordedAt]).to.deep.equal([from, from + 2]);
    table.settle(first, 'delivered');
    expect(first.recordedAt).to.equal(Number.POSITIVE_INFINITY);
    table.release(second);
    expect(claimAll(table)?.recordedAt).to.equal(from + 2);
  });

  it('are charged as the one of them that was charged most', () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    for (let n = 0; n < 4; n++) writer.append(n);
    const table = tableOf(handle);
    const [, second] = table.split(claimAll(table)!);
    table.charge(second);
    table.charge(second);
    table.release(second);
    expect(claimAll(table)?.attempts).to.equal(2);
  });

  it('cannot be asked once they are settled: their memory is for others then', () => {
    const handle = smallQueue();
    const writer = writerOf(handle);
    writer.append('settled');
    writer.append('open');
    const table = tableOf(handle);
    const claim = claimAll(table)!;
    const [settled, open] = claim.events;
    table.settle(claim, (_event, index) => (index === 0 ? 'delivered' : undefined));
    expect(() => settled?.decode())
      .to.throw()
      .with.property('code', 'ERR_ASSERTION');
    expect(() => settled?.id)
      .to.throw()
      .with.property('code', 'ERR_ASSERTION');
    expect(open?.decode()).to.equal('open');
    expect(claim.map((_id, _recordedAt, data) => data)).to.deep.equal(['open']);
  });
});

describe('Buffers of one claim', () => {
  it('are copies, parts of one memory each, which is never more than 32 KiB', () => {
    const handle = wideQueue();
    const writer = writerOf(handle);
    for (let n = 0; n < 100; n++) writer.append(Buffer.alloc(1000, n));
    writer.append(Buffer.alloc(20_000, 100));
    const table = tableOf(handle);
    const buffers = buffersOf(table);
    expect(buffers.map((buffer) => buffer.every((byte) => byte === buffer[0]) && buffer[0])).to.deep.equal([
      ...Array(101).keys(),
    ]);
    for (const { buffer } of buffers) expect(buffer.byteLength).to.be.at.most(32_768);
    expect(new Set(buffers.map(({ buffer }) => buffer)).size, 'memories').to.be.lessThan(10);
    buffers[1]?.fill(255);
    expect([buffers[0]?.at(-1), buffers[2]?.[0]]).to.deep.equal([0, 2]);
  });

  it('stay what they are when their events are settled, and others are recorded in their place', () => {
    const handle = wideQueue();
    const writer = writerOf(handle);
    const table = tableOf(handle);
    const round = (n: number): Buffer[] => {
      while (writer.append(Buffer.alloc(1000, n)));
      const claim = claimAll(table)!;
      const buffers = claim.map((_id, _recordedAt, data) => data as Buffer);
      table.settle(claim, 'delivered');
      return buffers;
    };
    const rounds = [1, 2, 3].map(round);
    for (const [i, buffers] of rounds.entries())
      expect(buffers.every((buffer) => buffer.every((byte) => byte === i + 1))).to.equal(true);
  });

  it('cannot be transferred away under each other', () => {
    const handle = wideQueue();
    const writer = writerOf(handle);
    for (let n = 0; n < 3; n++) writer.append(Buffer.alloc(1000, n));
    const [first, second] = buffersOf(tableOf(handle));
    const transfer = () => structuredClone(first, { transfer: [first?.buffer as ArrayBuffer] });
    // Node 20 copies what must not be transferred; later ones refuse to.
    if (process.versions.node.startsWith('20.')) transfer();
    else expect(transfer).to.throw();
    expect(second?.[0]).to.equal(1);
  });

  it('are each alone where the claim is not in the order of the memory', () => {
    const handle = wideQueue();
    const [one, other] = [writerOf(handle, 1), writerOf(handle, 2)];
    // A segment each; the second is filled first.
    one.append('taken first');
    other.append(Buffer.alloc(1000, 7));
    one.append(Buffer.alloc(1000, 8));
    const data = claimAll(tableOf(handle))?.map((_id, _recordedAt, event) => event) ?? [];
    expect(data.map((event) => (Buffer.isBuffer(event) ? event[999] : event))).to.deep.equal([
      'taken first',
      8,
      7,
    ]);
  });
});
