import { expect } from 'chai';
import { type DeadLetter, kinesis, Records } from '../../../src/index.ts';
import { startKinesisSimulator } from '../../../src/testing/index.ts';
import { type Forwarded, Forwarding, ForwardingInOrder } from '../fixtures/forwarding.ts';
import { bodies, stage, thrown } from '../support/application.ts';

const rest = { text: 'naïve "quoted" 漢字 \u0001', list: [1, null, -2.5], at: new Date(5), none: undefined };

describe('A type that forwards its events', () => {
  const scene = stage();

  it('sends each as its JSON, under the key that its field has', async () => {
    const app = await scene.start();
    const events: Forwarded[] = Array.from({ length: 120 }, (_, n) => ({
      user: n % 2 === 0 ? `u-${n}` : n,
      n,
      rest,
    }));
    for (const event of events) Forwarding.record(event);
    expect(await app.flush()).to.include({ accepted: 120, delivered: 120, pending: 0 });
    const sent = scene.adapter.messages('forwarded');
    expect(sent.map(({ data }) => data.toString())).to.have.members(
      events.map((event) => JSON.stringify(event)),
    );
    for (const { partitionKey, data } of sent)
      expect(partitionKey).to.equal(String((JSON.parse(data.toString()) as Forwarded).user));
  });

  for (const aggregation of ['none', 'shard', 'equal-keys'] as const) {
    it(`loses and changes none on a Kinesis that fails, with aggregation '${aggregation}'`, async function () {
      this.timeout(60_000);
      const simulator = await startKinesisSimulator({
        streams: { forwarded: 3 },
        limits: false,
        latencyMs: 2,
        faults: [
          { fault: { type: 'partial' }, rate: 0.05 },
          { fault: { type: 'error', code: 'InternalFailure', commit: 'before' }, rate: 0.1 },
        ],
      });
      try {
        const { endpoint, region, credentials } = simulator;
        const app = await scene.start({
          adapter: kinesis({
            endpoint,
            region,
            credentials,
            aggregation,
            collectMs: 5,
            backoff: { initialMs: 1, maxMs: 20 },
          }),
        });
        const events: Forwarded[] = Array.from({ length: 3_000 }, (_, n) => ({
          user: `user-${n % 700}`,
          n,
          // Now and then one that must be decoded.
          rest: n % 1_000 === 7 ? new Map([[1, 2]]) : rest,
        }));
        for (const event of events) Forwarding.record(event);
        expect(await app.flush()).to.include({ accepted: 3_000, delivered: 3_000, pending: 0 });
        const { records } = simulator.oracle.userRecords('forwarded');
        const found = new Set(records.map(({ data }) => data.toString()));
        expect([...found]).to.have.members(events.map((event) => JSON.stringify(event)));
        for (const { partitionKey, data } of records)
          expect(partitionKey).to.equal((JSON.parse(data.toString()) as Forwarded).user);
      } finally {
        await simulator.stop();
      }
    });
  }

  it('keeps the order that partitionBy asks for', async () => {
    const app = await scene.start();
    for (let n = 0; n < 500; n++) ForwardingInOrder.record({ user: n % 7, n });
    expect(await app.flush()).to.include({ delivered: 500 });
    for (let user = 0; user < 7; user++) {
      const numbers = bodies<Forwarded>(scene.adapter, 'forwarded').filter((body) => body.user === user);
      expect(numbers.map(({ n }) => n)).to.deep.equal(
        Array.from({ length: numbers.length }, (_, i) => user + 7 * i),
      );
    }
  });

  for (const [what, event, said] of [
    ['has no such field', { n: 7 }, "partitionKey, the event's field 'user', must be"],
    ['has another value there', { user: { id: 1 }, n: 7 }, 'an object came'],
    ['has an empty text there', { user: '', n: 7 }, 'an empty string came'],
    ['has half of a character there', { user: 'a\ud800', n: 7 }, 'half of a surrogate pair came'],
    ['holds what JSON cannot', { user: 'a', n: 7, rest: 1n }, 'BigInt'],
  ] as const) {
    it(`isolates an event that ${what}, and delivers the others of its batch`, async () => {
      const letters: DeadLetter[] = [];
      const app = await scene.start({
        isolation: 'inline',
        backoff: { initialMs: 1, maxMs: 2 },
        maxAttempts: 2,
        deadLetter: (letter) => void letters.push(letter),
      });
      for (let n = 0; n < 7; n++) Forwarding.record({ user: 'a', n });
      Forwarding.record(event as never);
      Forwarding.record({ user: 'a', n: 8 });
      expect(await app.flush()).to.include({ delivered: 8, deadLettered: 1, pending: 0 });
      expect(letters.map(({ data }) => data)).to.deep.equal([event]);
      expect(letters[0]?.error).to.include({ code: 'ERR_MESSAGE' });
      expect(letters[0]?.error.message).to.include(said);
    });
  }

  it('sends no key that is no text, on a Kinesis that would take it', async () => {
    const letters: DeadLetter[] = [];
    const simulator = await startKinesisSimulator({ streams: { forwarded: 1 } });
    try {
      const { endpoint, region, credentials } = simulator;
      const app = await scene.start({
        adapter: kinesis({ endpoint, region, credentials }),
        backoff: { initialMs: 1, maxMs: 2 },
        maxAttempts: 2,
        deadLetter: (letter) => void letters.push(letter),
      });
      for (const user of ['漢字', 'é', 'a\ud800', 'b']) Forwarding.record({ user, n: 1 });
      expect(await app.flush()).to.include({ delivered: 3, deadLettered: 1, pending: 0 });
      expect(letters.map(({ data }) => (data as Forwarded).user)).to.deep.equal(['a\ud800']);
      const { records } = simulator.oracle.userRecords('forwarded');
      expect(records.map(({ partitionKey }) => partitionKey)).to.have.members(['漢字', 'é', 'b']);
    } finally {
      await simulator.stop();
    }
  });

  it('has no handler beside, and says where to', () => {
    const define = (more: object) => () =>
      Records.define({ name: 'Odd', url: import.meta.url, ...more } as never);
    for (const forwardTo of [
      'signup',
      {},
      { stream: 'signup' },
      { stream: '', partitionKey: 'user' },
      { stream: 'signup', partitionKey: 7 },
      { stream: 'signup', partitionKey: 'user', key: 'user' },
      { stream: 'signup', partitionKey: 'user', idField: '' },
      { stream: 'signup', partitionKey: 'user', idField: 'user' },
    ]) {
      const error = thrown(define({ forwardTo }));
      expect(error).to.include({ code: 'ERR_DEFINITION' });
      expect(error.message).to.include('forwardTo: expected { stream, partitionKey, idField }');
    }
    const forwardTo = { stream: 'signup', partitionKey: 'user' };
    expect(thrown(define({ forwardTo, handleEvent() {} })).message).to.include('no handleEvent beside it');
    expect(thrown(define({})).message).to.include('forwardTo: { stream, partitionKey } in its place');
  });
});
