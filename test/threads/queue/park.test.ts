import { expect } from 'chai';
import { KIND } from '../../../src/threads/queue/frame.ts';
import {
  Barrier,
  type ClaimTable,
  ConfirmationTable,
  countsOf,
  createConfirmations,
  markPublished,
  type QueueHandle,
  QueueWriter,
  RecordingThread,
  sealSegmentsOf,
  walkFrames,
} from '../../../src/threads/queue/index.ts';
import { lettersIn } from '../../../src/threads/queue/recording.ts';
import { claimEverything, expectBalanced, expectGoodEnd, halfMoved } from './ends.ts';
import { atEveryWrite, heldUpAt, liveUntil } from './mortal.ts';
import { claimAll, dataOf, smallQueue, stillClock, tableOf, watch, writerOf } from './rig.ts';

const NUMBERS = [...Array(26).keys()];
const SEGMENT = 512;
/** Copies of small events in a segment. */
const COPIES = 9;

function parkingQueue(parkedSegments = 6): QueueHandle {
  return smallQueue({ parkedBytes: parkedSegments * SEGMENT });
}

/** A queue of two writers with all NUMBERS in it, over sealed and filling segments. */
function filledQueue(): QueueHandle {
  const handle = parkingQueue();
  const [one, two] = [writerOf(handle, 1), writerOf(handle, 2)];
  for (const number of NUMBERS) expect((number % 3 === 0 ? two : one).append(number)).to.equal(true);
  return handle;
}

function launched(table: ClaimTable<string>, events: number) {
  const claim = claimAll(table, events)!;
  table.launch(claim);
  return claim;
}

/** All that a reader does with claims that it parks. `tried` gets the numbers that it tried to settle. */
function parkingLife(table: ClaimTable<string>, tried: Set<number>): void {
  const settle = (claim: ReturnType<typeof launched>, part?: number) =>
    table.settle(claim, (event) => {
      const number = event.decode() as number;
      if (number % 5 === part) return undefined;
      tried.add(number);
      return number % 5 === 2 ? 'dead' : 'delivered';
    });
  const [first, second] = [launched(table, 8), launched(table, 9)];
  expect(table.park(first)).to.equal(true);
  expect(table.park(second)).to.equal(true);
  // Its handler goes on, and it waits again.
  table.launch(first);
  settle(first, 4);
  expect(table.park(first)).to.equal(true);
  table.launch(second);
  table.land(second);
  table.charge(second);
  const [left, right] = table.split(second);
  table.release(left);
  settle(right);
  settle(first);
  const letters = table.claim({ kind: 'dead', maxEvents: 10, maxBytes: 1000, owner: 'sink' });
  if (letters !== undefined) table.settle(letters, 'buried');
  for (let claim = claimAll(table, 6); claim !== undefined; claim = claimAll(table, 6)) {
    table.launch(claim);
    expect(table.park(claim)).to.equal(true);
    settle(claim);
  }
}

describe('a parked claim', () => {
  it('keeps its events, under the same ids, and gives the memory of the queue back', () => {
    const handle = parkingQueue();
    const writer = writerOf(handle);
    let accepted = 0;
    while (writer.append({ number: accepted, text: 'é ☃ '.repeat(3) })) accepted++;
    const table = tableOf(handle);
    const claim = claimAll(table, 5)!;
    const before = claim.events.map(({ id, recordedAt, attempts, bytes }) => ({
      id,
      recordedAt,
      attempts,
      bytes,
    }));
    const data = dataOf(claim);
    table.launch(claim);
    expect(table.park(claim)).to.equal(true);
    expect(dataOf(claim)).to.deep.equal(data);
    expect(
      claim.events.map(({ id, recordedAt, attempts, bytes }) => ({ id, recordedAt, attempts, bytes })),
    ).to.deep.equal(before);
    expect(countsOf(handle)).to.include({ accepted, delivered: 0, pending: accepted });
    const rest = claimAll(table)!;
    expect(rest.events).to.have.length(accepted - 5);
    table.settle(rest, 'delivered');
    expect(writer.append('there is room again')).to.equal(true);
    table.settle(claim, 'delivered');
    expect(countsOf(handle)).to.include({ accepted: accepted + 1, delivered: accepted, pending: 1 });
  });

  it('stays where it is when there is no room for all of it, until what was parked is settled', () => {
    const handle = parkingQueue(1);
    const writer = writerOf(handle);
    for (const number of NUMBERS) writer.append(number);
    const table = tableOf(handle);
    const [first, second] = [launched(table, COPIES), launched(table, COPIES)];
    expect(table.park(first)).to.equal(true);
    expect(table.park(second)).to.equal(false);
    expect([...walkFrames(handle)].filter(({ state }) => state === 'moved')).to.have.length(COPIES);
    table.settle(first, 'delivered');
    expect(table.park(second)).to.equal(true);
    expect(dataOf(second)).to.deep.equal(NUMBERS.slice(COPIES, 2 * COPIES));
    table.settle(second, 'delivered');
    expect(countsOf(handle)).to.include({ accepted: 26, delivered: 18, pending: 8 });
  });

  it('is found first by the next reader, in the order of parking and without blame, though its thread has died', () => {
    const handle = filledQueue();
    const table = tableOf(handle);
    const claims = [launched(table, 8), launched(table, 8)];
    const data = claims.map(dataOf);
    for (const claim of claims.reverse()) table.park(claim);
    const found = claimAll(tableOf(handle), 16)!;
    expect(found.suspect).to.equal(false);
    expect(found.events.map(({ attempts }) => attempts)).to.deep.equal(Array(16).fill(0));
    expect(dataOf(found)).to.deep.equal(data.reverse().flat());
  });

  it('runs again when its handler goes on: a death is then its fault', () => {
    const handle = filledQueue();
    const table = tableOf(handle);
    const claim = launched(table, 3);
    table.park(claim);
    table.launch(claim);
    const found = claimAll(tableOf(handle), 3)!;
    expect([found.suspect, found.events.map(({ attempts }) => attempts)]).to.deep.equal([true, [1, 1, 1]]);
  });

  it('holds a barrier up for what was accepted before the mark, and for nothing else', () => {
    const handle = parkingQueue();
    const writer = writerOf(handle);
    for (let number = 0; number < 4; number++) writer.append(number);
    const table = tableOf(handle);
    const before = launched(table, 2);
    table.park(before);
    const barrier = new Barrier(handle, markPublished(handle));
    for (let number = 4; number < 8; number++) writer.append(number);
    const [after, late] = [launched(table, 2), launched(table, 4)];
    table.park(late);
    table.park(after);
    table.settle(before, 'delivered');
    expect(barrier.isPassed(), 'what was parked after the mark').to.equal(false);
    table.settle(after, 'delivered');
    expect(barrier.isPassed(), 'what was recorded after the mark').to.equal(true);
    table.settle(late, 'delivered');
  });
});

describe('a death at any write of a move', () => {
  it('loses no event and counts none twice', () => {
    let halves = 0;
    const deaths = atEveryWrite((n) => {
      const handle = filledQueue();
      const tried = new Set<number>();
      const { died } = liveUntil(n, () => parkingLife(tableOf(handle), tried));
      halves += halfMoved(handle);
      expectBalanced(handle, NUMBERS.length);
      const left = claimEverything(tableOf(handle));
      expect(halfMoved(handle), 'moves that are not complete').to.equal(0);
      const gone = NUMBERS.filter((number) => !left.includes(number));
      expect(gone.filter((number) => !tried.has(number))).to.deep.equal([]);
      const counts = countsOf(handle);
      expect(counts.delivered + counts.deadLettered + lettersIn(handle)).to.equal(gone.length);
      expectGoodEnd(handle, NUMBERS.length);
      return died;
    });
    expect(deaths).to.be.greaterThan(200);
    expect(halves, 'deaths between the two writes').to.be.greaterThan(20);
  });

  it('nor does one of the successor, at any write of its own', () => {
    let stories = 0;
    // Not each death of the first for each of the second: every seventh, and all within seven such tests' reach.
    for (let n = 1, died = true; died; n += 7) {
      const first = filledQueue();
      ({ died } = liveUntil(n, () => parkingLife(tableOf(first), new Set())));
      const image = new Uint8Array(first.memory.slice(0));
      for (let m = 1, successorDied = true; successorDied; m++) {
        const handle = parkingQueue();
        new Uint8Array(handle.memory).set(image);
        stories++;
        ({ died: successorDied } = liveUntil(m, () => {
          const table = tableOf(handle);
          for (let claim = claimAll(table, 6); claim !== undefined; claim = claimAll(table, 6)) {
            table.launch(claim);
            table.park(claim);
            table.settle(claim, 'delivered');
          }
        }));
        expectBalanced(handle, NUMBERS.length);
        claimEverything(tableOf(handle));
        expectGoodEnd(handle, NUMBERS.length);
      }
    }
    expect(stories).to.be.greaterThan(2000);
  });

  it('that only looked like one, of a reader that goes on long after its successor, spoils nothing', () => {
    const holdUps = atEveryWrite((n) => {
      const handle = filledQueue();
      let accepted = NUMBERS.length;
      const late = () => {
        try {
          parkingLife(tableOf(handle), new Set());
        } catch (error) {
          expect(error).to.have.property('code', 'ERR_READER_FENCED');
        }
      };
      let current: ClaimTable<string> | undefined;
      const { heldUp } = heldUpAt(n, late, () => {
        for (let round = 0; round < 3; round++) {
          const table = tableOf(handle);
          for (let claim = claimAll(table, 7); claim !== undefined; claim = claimAll(table, 7)) {
            table.launch(claim);
            table.park(claim);
            table.settle(claim, 'delivered');
          }
          const letters = table.claim({ kind: 'dead', maxEvents: 1000, maxBytes: 1e6, owner: 'sink' });
          if (letters !== undefined) table.settle(letters, 'buried');
          const writer = writerOf(handle, 10 + round);
          while (writer.append(accepted)) accepted++;
          current = table;
          // The late one meets a segment that is being filled.
          if (round === 2) {
            const last = launched(table, 4);
            table.park(last);
          }
        }
      });
      // Whoever is the newest now: it goes on parking.
      if (current !== undefined) {
        try {
          const more = launched(current, 5);
          current.park(more);
        } catch (error) {
          expect(error).to.have.property('code', 'ERR_READER_FENCED');
        }
      }
      for (let owner = 1; owner < 20; owner++) sealSegmentsOf(handle, owner);
      const left = claimEverything(tableOf(handle));
      const pending = countsOf(handle).pending - lettersIn(handle);
      expect(left.length, 'what can be claimed is what is pending, and no letter').to.equal(pending);
      expectBalanced(handle, accepted);
      expectGoodEnd(handle, accepted);
      return heldUp;
    });
    expect(holdUps).to.be.greaterThan(600);
  });

  it('that only looked like one, within a move, publishes nothing that its successor has delivered', () => {
    const holdUps = atEveryWrite((n) => {
      const handle = filledQueue();
      const table = tableOf(handle);
      const late = () => {
        try {
          parkingLife(table, new Set());
        } catch (error) {
          expect(error).to.have.property('code', 'ERR_READER_FENCED');
        }
      };
      const { heldUp } = heldUpAt(n, late, () => {
        const successor = tableOf(handle);
        // The oldest is left, so that the segment in which the late one parks is not freed.
        claimAll(successor, 1);
        const rest = claimAll(successor);
        if (rest !== undefined) successor.settle(rest, 'delivered');
      });
      expectBalanced(handle, NUMBERS.length);
      const left = claimEverything(tableOf(handle));
      expect(left.length).to.equal(countsOf(handle).pending - lettersIn(handle));
      expectGoodEnd(handle, NUMBERS.length);
      return heldUp;
    });
    expect(holdUps).to.be.greaterThan(600);
  });

  it('leaves no confirmation hanging', async () => {
    for (let n = 1, died = true; died; n += 3) {
      const handle = parkingQueue();
      const confirmations = createConfirmations({ seats: 2, slots: 32 });
      const waiting = new ConfirmationTable(confirmations, 1, watch);
      const thread = new RecordingThread({ writer: 1, clock: stillClock, confirmations: waiting });
      const writer = new QueueWriter(handle, thread);
      const outcomes = NUMBERS.slice(0, 24).map((number) => {
        const answer = writer.appendAndConfirm(number, 'delivered');
        if (answer.type !== 'accepted') throw new Error(answer.code);
        return answer.confirmation.outcome;
      });
      ({ died } = liveUntil(n, () => parkingLife(tableOf(handle, { confirmations }), new Set())));
      const successor = tableOf(handle, { confirmations });
      for (let claim = claimAll(successor); claim !== undefined; claim = claimAll(successor))
        successor.settle(claim, 'delivered');
      for (const outcome of await Promise.all(outcomes)) expect(outcome).to.be.oneOf(['delivered', 'dead']);
    }
  });
});

describe('a copy', () => {
  it('is never accepted again: an event is counted once, wherever it is', () => {
    const handle = filledQueue();
    const table = tableOf(handle);
    const claim = launched(table, 20);
    table.park(claim);
    const copies = [...walkFrames(handle)].filter(({ kind }) => kind === KIND.COPY);
    expect(copies).to.have.length(20);
    expect(countsOf(handle)).to.include({ accepted: 26, pending: 26 });
    table.settle(claim, (_, index) => (index < 7 ? 'dead' : 'delivered'));
    expect(countsOf(handle)).to.include({ accepted: 26, delivered: 13, deadLettered: 0, pending: 13 });
  });
});
