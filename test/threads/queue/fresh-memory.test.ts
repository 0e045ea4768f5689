import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { Cancellation } from '../../../src/base/cancellation.ts';
import { createQueue, type QueueWriter, touchAhead } from '../../../src/threads/queue/index.ts';
import { HEADER, QueueMemory } from '../../../src/threads/queue/layout.ts';
import { claimAll, smallQueue, tableOf, watch, writerOf } from './rig.ts';

const MIB = 1024 * 1024;

/** How many pages this thread was the first to touch, of any memory. */
function faults(): number {
  const stat = readFileSync('/proc/thread-self/stat', 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[7]);
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await setImmediate();
}

/** Fills what is left of a segment, and takes the next one. */
function fill(writer: QueueWriter, memory: QueueMemory, event: unknown): void {
  const taken = () => memory.words[HEADER.TAKEN];
  const before = taken();
  while (taken() === before) expect(writer.append(event)).to.equal(true);
}

describe('Memory of a queue that was never used', () => {
  const onLinux = process.platform === 'linux' ? it : () => {};

  onLinux('is touched before those who record come to it', async () => {
    const queue = createQueue({ bootId: 'boot', queueBytes: 64 * MIB, parkedBytes: 0, maxEventBytes: 1000 });
    const memory = new QueueMemory(queue);
    const writer = writerOf(queue);
    const end = new Cancellation();
    const ahead = touchAhead(queue, watch, end);
    const event = 'x'.repeat(900);
    let most = 0;
    for (let segment = 0; segment < 20; segment++) {
      await turns();
      const before = faults();
      fill(writer, memory, event);
      // The first fill takes the first segment; the next ones fill the usual ones, and the one that called first.
      if (segment > 3) most = Math.max(most, faults() - before);
    }
    expect(most, 'pages of a segment of 256').to.be.below(128);
    end.cancel();
    await ahead;
  });

  it('is not touched for a queue that does with the first two segments', () => {
    const queue = smallQueue();
    const memory = new QueueMemory(queue);
    const [writer, table] = [writerOf(queue), tableOf(queue)];
    const drain = () => {
      const claim = claimAll(table);
      if (claim !== undefined) table.settle(claim, 'delivered');
    };
    for (let i = 0; i < 100; i++) {
      expect(writer.append(i)).to.equal(true);
      drain();
    }
    expect(memory.words[HEADER.FRESH]).to.equal(0);
    for (let i = 0; i < 2; i++) fill(writer, memory, i);
    expect(memory.words[HEADER.FRESH], 'the third').to.equal(1);
    drain();
    for (let i = 0; i < 2; i++) fill(writer, memory, i);
    drain();
    for (let i = 0; i < 2; i++) fill(writer, memory, i);
    expect(memory.words[HEADER.FRESH], 'used before').to.equal(1);
  });

  it('takes nothing from what is written at the same time, and is looked after until there is none left', async () => {
    const queue = smallQueue({ queueBytes: 8 * 512 });
    const memory = new QueueMemory(queue);
    const [writer, table] = [writerOf(queue), tableOf(queue)];
    const ahead = touchAhead(queue, watch, new Cancellation());
    let count = 0;
    while (writer.append(count)) {
      count++;
      await setImmediate();
    }
    await ahead;
    expect(memory.words[HEADER.FRESH]).to.equal(6);
    expect(claimAll(table)?.events.map((event) => event.decode())).to.deep.equal([...Array(count).keys()]);
  });
});
