import { expect } from 'chai';
import { type DeadLetter, kinesis, Records } from '../../../src/index.ts';
import { startKinesisSimulator } from '../../../src/testing/index.ts';
import { type Keyed, Partitioned } from '../fixtures/partitioned.ts';
import { bodies, rejection, stage, thrown } from '../support/application.ts';
import { close, open } from '../support/gates.ts';

/** By key: the numbers that came, in the order in which each came for the first time. */
function firstOccurrences(found: readonly Keyed[]): Map<string, number[]> {
  const byKey = new Map<string, Set<number>>();
  for (const { key, n } of found) {
    const numbers = byKey.get(String(key)) ?? new Set();
    byKey.set(String(key), numbers.add(n));
  }
  return new Map([...byKey].map(([key, numbers]) => [key, [...numbers]]));
}

function expectRising(found: readonly Keyed[]): void {
  for (const [key, numbers] of firstOccurrences(found))
    expect(numbers, `of key ${key}`).to.deep.equal([...numbers].sort((a, b) => a - b));
}

describe('partitionBy', () => {
  const scene = stage();

  it('keeps the order of a key while its batch is held up; other keys go on', async () => {
    const app = await scene.start();
    close('handle');
    Partitioned.record({ key: 'slow', n: 1, fate: 'wait' });
    await scene.journal.until('begin', 1, 'Partitioned');
    for (let n = 2; n <= 40; n++) Partitioned.record({ key: n % 2 === 0 ? 'slow' : `quick-${n}`, n });
    await Partitioned.recordAndConfirm({ key: 'last', n: 41 }, { until: 'delivered' });
    const before = bodies<Keyed>(scene.adapter, 'partitioned');
    expect(before.some(({ key }) => key === 'slow')).to.equal(false);
    expect(before.some(({ key }) => key === 'quick-3')).to.equal(true);
    open('handle');
    expect(await app.flush()).to.include({ accepted: 41, delivered: 41, pending: 0 });
    const slow = firstOccurrences(bodies<Keyed>(scene.adapter, 'partitioned')).get('slow');
    expect(slow).to.deep.equal([1, ...Array.from({ length: 20 }, (_, i) => 2 * i + 2)]);
  });

  it('lets an event that poisons its batch go to the dead letters, and no other', async () => {
    const letters: DeadLetter[] = [];
    const backoff = { initialMs: 1, maxMs: 2 };
    const app = await scene.start({
      backoff,
      maxAttempts: 2,
      deadLetter: (letter) => void letters.push(letter),
    });
    for (let n = 0; n < 60; n++) Partitioned.record({ key: n % 3, n, ...(n === 31 ? { fate: 'fail' } : {}) });
    expect(await app.flush()).to.include({ delivered: 59, deadLettered: 1, pending: 0 });
    expect(letters.map(({ data }) => (data as Keyed).n)).to.deep.equal([31]);
    expectRising(bodies<Keyed>(scene.adapter, 'partitioned'));
  });

  for (const [what, event, said] of [
    ['throws', { key: 'a', n: 7, fate: 'throw_in_key' }, 'it threw RangeError: no key for this'],
    ['gives no key', { key: null, n: 7 }, 'null came'],
    ['gives a number that is none', { key: Number.NaN, n: 7 }, 'NaN came'],
  ] as const) {
    it(`that ${what} fails the event's batch, until the event is isolated`, async () => {
      const letters: DeadLetter[] = [];
      const app = await scene.start({
        isolation: 'inline',
        backoff: { initialMs: 1, maxMs: 2 },
        maxAttempts: 2,
        deadLetter: (letter) => void letters.push(letter),
      });
      for (let n = 0; n < 7; n++) Partitioned.record({ key: 'a', n });
      Partitioned.record(event);
      Partitioned.record({ key: 'a', n: 8 });
      expect(await app.flush()).to.include({ delivered: 8, deadLettered: 1, pending: 0 });
      expect(letters).to.have.length(1);
      expect(letters[0]?.error).to.include({ code: 'ERR_PARTITION_BY' });
      expect(letters[0]?.error.message).to.include(said);
    });
  }

  it('that throws has its error as the cause of the letter', async () => {
    const letters: DeadLetter[] = [];
    const app = await scene.start({ maxAttempts: 1, deadLetter: (letter) => void letters.push(letter) });
    Partitioned.record({ key: 'a', n: 1, fate: 'throw_in_key' });
    await app.flush();
    expect(letters[0]?.error).to.include({ code: 'ERR_PARTITION_BY' });
    expect(letters[0]?.error.cause).to.include({ name: 'RangeError', message: 'no key for this' });
  });

  it('is refused when it is no function, and outside of a definition', async () => {
    const define = () =>
      Records.define({
        name: 'Odd',
        url: import.meta.url,
        handleEvent() {},
        partitionBy: 'user.id',
      } as never);
    expect(thrown(define)).to.include({ code: 'ERR_DEFINITION' });
    expect(thrown(define).message).to.include('partitionBy: expected a function of the event');
    const error = await rejection(scene.start({ partitionBy: () => 'a' } as never));
    expect(error).to.include({ code: 'ERR_OPTIONS' });
    expect(error.message).to.include('partitionBy: expected it in Records.define()');
  });

  it('keeps the order of each key under partial failures and the ends of its thread', async function () {
    this.timeout(60_000);
    const simulator = await startKinesisSimulator({
      streams: { partitioned: 3 },
      limits: false,
      latencyMs: { meanMs: 5, spread: 0.75 },
      faults: [{ fault: { type: 'partial' }, rate: 0.05 }],
    });
    try {
      const { endpoint, region, credentials } = simulator;
      const app = await scene.start({
        adapter: kinesis({ endpoint, region, credentials, backoff: { initialMs: 5, maxMs: 50 } }),
      });
      const EVENTS = 900;
      for (let n = 0; n < EVENTS; n++) {
        Partitioned.record({ key: n % 40, n, ...(n === 600 ? { fate: 'exit' } : {}) });
        if (n !== 300) continue;
        await scene.journal.until('begin', 3, 'Partitioned');
        await app.endThread('Partitioned');
      }
      expect(await app.flush()).to.include({ accepted: EVENTS, delivered: EVENTS, pending: 0 });
      const { records } = simulator.oracle.userRecords('partitioned');
      const found = records.map(({ data }) => JSON.parse(data.toString()) as Keyed);
      expect(new Set(found.map(({ n }) => n)).size).to.equal(EVENTS);
      expect(simulator.oracle.counts().recordsFailed).to.be.above(5);
      expectRising(found);
    } finally {
      await simulator.stop();
    }
  });
});
