import { expect } from 'chai';
import fc from 'fast-check';
import { type PreparedRecord, prepare } from '../../../src/pipeline/adapter/kinesis/record.ts';
import { Worklist } from '../../../src/pipeline/adapter/kinesis/worklist.ts';

const limits = { maxRecords: 500, maxBytes: 10 * 1024 * 1024 };

function recordsOf(count: number): PreparedRecord[] {
  const messages = Array.from({ length: count }, () => ({ partitionKey: 'k', data: new Uint8Array(1) }));
  return prepare(messages, 2).records;
}

/** Sends a worklist to a Kinesis that refuses any request with one of the `poison` in it. */
function run(count: number, poison: readonly number[]) {
  const worklist = new Worklist(recordsOf(count));
  const requests: number[][] = [];
  const delivered: number[] = [];
  const condemned: number[] = [];
  while (worklist.size > 0) {
    const records = worklist.take(limits);
    requests.push(records.map(({ index }) => index));
    if (records.some(({ index }) => poison.includes(index))) {
      const record = worklist.refused();
      if (record !== null) condemned.push(record.index);
    } else {
      worklist.answered([]);
      delivered.push(...records.map(({ index }) => index));
    }
  }
  return { requests, delivered, condemned };
}

describe('Worklist', () => {
  it('cuts a send into requests, in order', () => {
    const { requests, delivered } = run(1_200, []);
    expect(requests.map(({ length }) => length)).to.deep.equal([500, 500, 200]);
    expect(delivered).to.deep.equal(recordsOf(1_200).map(({ index }) => index));
  });

  it('puts what failed in front of what has not been sent', () => {
    const worklist = new Worklist(recordsOf(5));
    const first = worklist.take({ ...limits, maxRecords: 3 });
    worklist.answered(first.filter(({ index }) => index !== 1));
    expect(worklist.size).to.equal(4);
    expect(worklist.take(limits).map(({ index }) => index)).to.deep.equal([0, 2, 3, 4]);
  });

  it('finds one bad record by halves, without trying a half that is known to be bad', () => {
    expect(run(8, [5])).to.deep.equal({
      requests: [[0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3], [4, 5], [4], [5], [6, 7]],
      delivered: [0, 1, 2, 3, 4, 6, 7],
      condemned: [5],
    });
  });

  it('sends what was cleared of suspicion together with the rest', () => {
    expect(run(8, [0]).requests).to.deep.equal([
      [0, 1, 2, 3, 4, 5, 6, 7],
      [0, 1, 2, 3],
      [0, 1],
      [0],
      [1, 2, 3, 4, 5, 6, 7],
    ]);
  });

  it('needs at most 2 + log2(n) requests to find one bad record of n, and one for the rest', () => {
    for (const count of [1, 2, 3, 8, 100, 500]) {
      for (let poison = 0; poison < count; poison++) {
        const { requests, condemned } = run(count, [poison]);
        const found = requests.findIndex((request) => request.length === 1 && request[0] === poison) + 1;
        expect(condemned).to.deep.equal([poison]);
        expect(found).to.be.at.most(2 + Math.ceil(Math.log2(count)));
        expect(requests.length - found).to.be.at.most(1);
      }
    }
  });

  it('keeps a record that was not refused alone, even when a request without it was accepted', () => {
    const worklist = new Worklist(recordsOf(2));
    worklist.take(limits);
    expect(worklist.refused()).to.equal(null);
    worklist.take(limits);
    worklist.answered([]);
    expect(worklist.take(limits).map(({ index }) => index)).to.deep.equal([1]);
    worklist.answered([]);
    expect(worklist.size).to.equal(0);
  });

  it('loses no record and invents none, whatever the answers', () => {
    const answer = fc.oneof(
      fc.record({ type: fc.constant('answered' as const), failed: fc.array(fc.nat(20)) }),
      fc.record({ type: fc.constant('returned' as const) }),
      fc.record({ type: fc.constant('refused' as const) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.array(answer, { maxLength: 60 }), (count, answers) => {
        const worklist = new Worklist(recordsOf(count));
        const settled: number[] = [];
        for (const given of answers) {
          if (worklist.size === 0) break;
          const taken = worklist.take({ ...limits, maxRecords: 7 });
          if (given.type === 'answered') {
            const failed = taken.filter((_, i) => given.failed.includes(i));
            worklist.answered(failed);
            settled.push(...taken.filter((record) => !failed.includes(record)).map(({ index }) => index));
          } else if (given.type === 'refused') {
            const condemned = worklist.refused();
            if (condemned !== null) settled.push(condemned.index);
          } else worklist.returned();
        }
        expect(new Set(settled).size).to.equal(settled.length);
        expect(settled.length + worklist.size).to.equal(count);
        while (worklist.size > 0) {
          settled.push(...worklist.take(limits).map(({ index }) => index));
          worklist.answered([]);
        }
        expect(settled.sort((a, b) => a - b)).to.deep.equal(recordsOf(count).map(({ index }) => index));
      }),
    );
  });
});
