import { expect } from 'chai';
import {
  type ClaimTable,
  type ConfirmationsHandle,
  ConfirmationTable,
  countsOf,
  createConfirmations,
  type QueueHandle,
  QueueWriter,
  RecordingThread,
  sealSegmentsOf,
  walkFrames,
} from '../../../src/threads/queue/index.ts';
import { lettersIn } from '../../../src/threads/queue/recording.ts';
import { claimEverything, expectBalanced, expectGoodEnd } from './ends.ts';
import { atEveryWrite, heldUpAt, liveUntil } from './mortal.ts';
import { claimAll, smallQueue, stillClock, tableOf, watch, writerOf } from './rig.ts';

const NUMBERS = [...Array(26).keys()];

/** A queue of two writers with all NUMBERS in it, over sealed and filling segments. */
function filledQueue(): QueueHandle {
  const handle = smallQueue();
  const [one, two] = [writerOf(handle, 1), writerOf(handle, 2)];
  for (const number of NUMBERS) expect((number % 3 === 0 ? two : one).append(number)).to.equal(true);
  return handle;
}

/** All that a reader ever does. `tried` gets the numbers that it tried to settle. */
function readerLife(handle: QueueHandle, tried: Set<number>, confirmations?: ConfirmationsHandle): void {
  const table = tableOf(handle, confirmations === undefined ? {} : { confirmations });
  const first = claimAll(table, 5)!;
  const second = claimAll(table, 9)!;
  table.launch(first);
  table.launch(second);
  table.settle(first, (event) => {
    const number = event.decode() as number;
    if (number % 5 === 4) return undefined;
    tried.add(number);
    return number % 5 === 2 ? 'dead' : 'delivered';
  });
  table.land(second);
  table.charge(second);
  const [left, right] = table.split(second);
  table.release(left);
  for (const { decode } of right.events.map((event) => ({ decode: () => event.decode() })))
    tried.add(decode() as number);
  table.settle(right, 'delivered');
  const letters = table.claim({ kind: 'dead', maxEvents: 10, maxBytes: 1000, owner: 'sink' });
  if (letters !== undefined) table.settle(letters, 'buried');
  const rest = claimAll(table)!;
  for (const event of rest.events) tried.add(event.decode() as number);
  table.settle(rest, 'delivered');
}

describe('a death at any write', () => {
  it('of a writer loses nothing that was published and invents nothing', () => {
    const deaths = atEveryWrite((n) => {
      const handle = smallQueue();
      const table = tableOf(handle);
      const writer = writerOf(handle, 1);
      let returned = 0;
      const { died } = liveUntil(n, () => {
        for (let round = 0; round < 60; round++) if (writer.append(returned)) returned++;
      });
      const published = [...walkFrames(handle)].length;
      expect(published - returned, 'at most the event that was being recorded').to.be.within(0, died ? 1 : 0);
      sealSegmentsOf(handle, 1);
      expectBalanced(handle, published);
      const successor = writerOf(handle, 2);
      const more = successor.append(published) ? 1 : 0;
      expect(claimEverything(table).sort((a, b) => a - b)).to.deep.equal([...Array(published + more).keys()]);
      expectGoodEnd(handle, published + more);
      return died;
    });
    expect(deaths).to.be.greaterThan(50);
  });

  it('of a reader that claims, runs, charges, splits, settles and frees loses nothing', () => {
    const deaths = atEveryWrite((n) => {
      const handle = filledQueue();
      const tried = new Set<number>();
      const { died } = liveUntil(n, () => readerLife(handle, tried));
      expectBalanced(handle, NUMBERS.length);
      const table = tableOf(handle);
      const left = claimEverything(table);
      const gone = NUMBERS.filter((number) => !left.includes(number));
      expect(
        gone.filter((number) => !tried.has(number)),
        'settled though nobody tried',
      ).to.deep.equal([]);
      const counts = countsOf(handle);
      expect(counts.delivered + counts.deadLettered + lettersIn(handle)).to.equal(gone.length);
      expectGoodEnd(handle, NUMBERS.length);
      return died;
    });
    expect(deaths).to.be.greaterThan(90);
  });

  it('of a reader, and then of its successor at any write of its own, still loses nothing', () => {
    let stories = 0;
    atEveryWrite((n) => {
      const first = filledQueue();
      const { died } = liveUntil(n, () => readerLife(first, new Set()));
      const image = new Uint8Array(first.memory.slice(0));
      for (let m = 1; ; m++) {
        const handle = smallQueue();
        new Uint8Array(handle.memory).set(image);
        stories++;
        const { died: successorDied } = liveUntil(m, () => {
          const table = tableOf(handle);
          for (let claim = claimAll(table, 6); claim !== undefined; claim = claimAll(table, 6)) {
            table.settle(claim, 'delivered');
          }
        });
        expectBalanced(handle, NUMBERS.length);
        claimEverything(tableOf(handle));
        expectGoodEnd(handle, NUMBERS.length);
        if (!successorDied) break;
      }
      return died;
    });
    expect(stories).to.be.greaterThan(4000);
  });

  it('that only looked like one, of a reader that goes on long after its successor, spoils nothing', () => {
    const holdUps = atEveryWrite((n) => {
      const handle = filledQueue();
      let accepted = NUMBERS.length;
      let current: ClaimTable<string> | undefined;
      const late = () => {
        try {
          readerLife(handle, new Set());
        } catch (error) {
          expect(error).to.have.property('code', 'ERR_READER_FENCED');
          return;
        }
        // Held up before it had its generation, it is the newest of all.
        current = undefined;
      };
      const { heldUp } = heldUpAt(n, late, () => {
        // Its successors drain the queue, again and again: each segment is another one three times over.
        for (let round = 0; round < 3; round++) {
          const table = tableOf(handle);
          for (let claim = claimAll(table, 7); claim !== undefined; claim = claimAll(table, 7)) {
            table.settle(claim, 'delivered');
          }
          const letters = table.claim({ kind: 'dead', maxEvents: 1000, maxBytes: 1e6, owner: 'sink' });
          if (letters !== undefined) table.settle(letters, 'buried');
          const writer = writerOf(handle, 10 + round);
          while (writer.append(accepted)) accepted++;
          current = table;
        }
      });
      if (current !== undefined) {
        // The count of what runs is the successor's own too: a batch that runs alone is known to have been alone.
        current.launch(claimAll(current, 3)!);
        const suspects = claimAll(tableOf(handle))!;
        expect([suspects.suspect, ...suspects.events.map(({ attempts }) => attempts)]).to.deep.equal([
          true,
          1,
          1,
          1,
        ]);
      }
      for (let owner = 1; owner < 20; owner++) sealSegmentsOf(handle, owner);
      expectBalanced(handle, accepted);
      expectGoodEnd(handle, accepted);
      return heldUp;
    });
    expect(holdUps).to.be.greaterThan(200);
  });

  it('that was a mere pause of a reader, while a writer goes on over several segments, keeps the order', () => {
    const pauses = atEveryWrite((n) => {
      const handle = smallQueue();
      const writer = writerOf(handle);
      const table = tableOf(handle);
      let accepted = 0;
      const append = (many: number) => {
        for (let i = 0; i < many; i++) if (writer.append(accepted)) accepted++;
      };
      append(5);
      const numbers: number[] = [];
      const look = () => {
        for (let claim = claimAll(table, 9); claim !== undefined; claim = claimAll(table, 9)) {
          numbers.push(...claim.events.map((event) => event.decode() as number));
          table.settle(claim, 'delivered');
        }
      };
      const { heldUp } = heldUpAt(n, look, () => append(32));
      look();
      expect(numbers).to.deep.equal([...Array(accepted).keys()]);
      return heldUp;
    });
    expect(pauses).to.be.greaterThan(30);
  });

  it('of a freeing leaves the counts true, generation after generation', () => {
    const deaths = atEveryWrite((n) => {
      const handle = smallQueue();
      let accepted = 0;
      let died = false;
      for (let generation = 0; generation < 4; generation++) {
        const writer = writerOf(handle, generation + 1);
        while (writer.append(accepted)) accepted++;
        const table = tableOf(handle);
        const claim = claimAll(table);
        const life = () =>
          claim && table.settle(claim, (_, index) => (index % 7 === 0 ? 'buried' : 'delivered'));
        died = liveUntil(generation === 2 ? n : Number.POSITIVE_INFINITY, life).died || died;
        expectBalanced(handle, accepted);
        sealSegmentsOf(handle, generation + 1);
      }
      for (const owner of [1, 2, 3, 4]) sealSegmentsOf(handle, owner);
      expectGoodEnd(handle, accepted);
      return died;
    });
    expect(deaths).to.be.greaterThan(40);
  });

  it('of a reader leaves no confirmation hanging', async () => {
    for (let n = 1, died = true; died; n++) {
      const handle = smallQueue();
      const confirmations = createConfirmations({ seats: 2, slots: 32 });
      const table = new ConfirmationTable(confirmations, 1, watch);
      const writer = new QueueWriter(
        handle,
        new RecordingThread({ writer: 1, clock: stillClock, confirmations: table }),
      );
      const outcomes = NUMBERS.slice(0, 20).map((number) => {
        const answer = writer.appendAndConfirm(number, 'delivered');
        expect(answer.type).to.equal('accepted');
        return answer.type === 'accepted' ? answer.confirmation.outcome : undefined;
      });
      ({ died } = liveUntil(n, () => readerLife(handle, new Set(), confirmations)));
      const successor = tableOf(handle, { confirmations });
      for (let claim = claimAll(successor); claim !== undefined; claim = claimAll(successor)) {
        successor.settle(claim, 'delivered');
      }
      const all = await Promise.all(outcomes);
      for (const [number, outcome] of all.entries())
        expect(outcome, `${number}`).to.be.oneOf(['delivered', 'dead']);
      expect(table.size).to.equal(0);
    }
  });

  it('of a reader that has settled everything and told nobody leaves no confirmation hanging', async () => {
    for (let n = 1, died = true; died; n++) {
      const handle = smallQueue();
      const confirmations = createConfirmations({ seats: 2, slots: 32 });
      const waiting = new ConfirmationTable(confirmations, 0, watch);
      const thread = new RecordingThread({ writer: 1, clock: stillClock, confirmations: waiting });
      const answer = new QueueWriter(handle, thread).appendAndConfirm('wait for me', 'delivered');
      if (answer.type !== 'accepted') throw new Error(answer.code);
      ({ died } = liveUntil(n, () => {
        const table = tableOf(handle, { confirmations });
        table.settle(claimAll(table)!, 'delivered');
      }));
      const successor = tableOf(handle, { confirmations });
      const claim = claimAll(successor);
      if (claim !== undefined) successor.settle(claim, 'delivered');
      expect(await answer.confirmation.outcome).to.equal('delivered');
    }
  });

  it('of a thread that waits gives its seat, with nothing in it, to the next', () => {
    const deaths = atEveryWrite((n) => {
      const handle = smallQueue();
      const confirmations = createConfirmations({ seats: 1, slots: 4 });
      const record = (writer: number) => {
        const table = new ConfirmationTable(confirmations, 0, watch);
        const thread = new RecordingThread({ writer, clock: stillClock, confirmations: table });
        return new QueueWriter(handle, thread);
      };
      let accepted = 0;
      const { died } = liveUntil(n, () => {
        const writer = record(1);
        while (writer.appendAndConfirm(accepted, 'delivered').type === 'accepted') accepted++;
      });
      sealSegmentsOf(handle, 1);
      const successor = record(2);
      for (let i = 0; i < 4; i++)
        expect(successor.appendAndConfirm(i, 'delivered').type).to.equal('accepted');
      expect(successor.appendAndConfirm(9, 'delivered')).to.deep.equal({
        type: 'unconfirmable',
        code: 'ERR_NO_CONFIRMATION_SLOT',
      });
      return died;
    });
    expect(deaths).to.be.greaterThan(8);
  });
});
