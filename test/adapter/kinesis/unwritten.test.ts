/** Events on their way from a queue to a simulated Kinesis without being made messages of, and when they are. */
import { expect } from 'chai';
import type { UnwrittenMessages, WireMessage } from '../../../src/pipeline/adapter/adapter.ts';
import { KinesisAdapter } from '../../../src/pipeline/adapter/kinesis/kinesis-adapter.ts';
import { type KinesisOptions, kinesisSchema } from '../../../src/pipeline/adapter/kinesis/options.ts';
import { pack } from '../../../src/pipeline/adapter/kinesis/pack.ts';
import { packableUnwritten } from '../../../src/pipeline/adapter/kinesis/packable.ts';
import { parseOptions } from '../../../src/pipeline/adapter/options.ts';
import { ForwardedEvents } from '../../../src/pipeline/batch/forwarded-events.ts';
import { ManualClock, runUntil, SimulatedKinesis } from '../../../src/testing/index.ts';
import { createQueue } from '../../../src/threads/queue/index.ts';
import { tableOf, writerOf } from '../../threads/queue/rig.ts';
import { never, testContext } from '../context.ts';
import { watch } from './bench.ts';

const MIB = 2 ** 20;

class Counted extends ForwardedEvents {
  times = 0;

  override made() {
    this.times++;
    return super.made();
  }
}

function claimed(events: readonly unknown[], idField?: string): Counted {
  const queue = createQueue({ bootId: 'boot', queueBytes: 4 * MIB, parkedBytes: 0, maxEventBytes: MIB / 2 });
  const writer = writerOf(queue);
  for (const event of events) expect(writer.append(event)).to.equal(true);
  const claim = tableOf(queue).claim({ maxEvents: events.length, maxBytes: 4 * MIB, owner: 'test' });
  if (claim === undefined) throw new Error('nothing was claimed');
  return new Counted(claim, { stream: 's', partitionKey: 'user', idField });
}

function simulated(options: KinesisOptions) {
  const clock = new ManualClock(1_700_000_000_000);
  const simulator = new SimulatedKinesis({ streams: { s: 4 }, latencyMs: 20 }, clock);
  const settings = parseOptions('kinesis()', kinesisSchema, options);
  const adapter = new KinesisAdapter(settings, simulator.transport(), testContext({ clock }));
  const done = async (sending: Promise<void>) => {
    const sent = watch(sending);
    await runUntil(clock, () => sent.state !== 'pending');
    expect(sent.state).to.equal('resolved');
  };
  return {
    sendUnwritten: (messages: UnwrittenMessages, ordered = false) =>
      done(adapter.sendUnwritten('s', messages, { signal: never, ordered })),
    refused: async (messages: UnwrittenMessages) => {
      const sent = watch(adapter.sendUnwritten('s', messages, { signal: never }));
      await runUntil(clock, () => sent.state !== 'pending');
      return sent.error;
    },
    send: (messages: readonly WireMessage[]) => done(adapter.send('s', messages, { signal: never })),
    found: () =>
      simulator.oracle
        .userRecords('s')
        .records.map(({ partitionKey, data }) => [partitionKey, data.toString()]),
  };
}

const events = Array.from({ length: 200 }, (_, n) => ({
  user: `user-${n % 30}`,
  n,
  text: 'é"'.repeat(n % 9),
}));
const expected = (sent: readonly { readonly user: unknown }[]) =>
  sent.map((event) => [String(event.user), JSON.stringify(event)]);

describe('kinesis adapter: messages that are not made yet', () => {
  for (const aggregation of ['none', 'shard'] as const) {
    it(`are written into requests as they are, with aggregation '${aggregation}'`, async () => {
      const world = simulated({ aggregation, collectMs: 1 });
      await world.send([{ partitionKey: 'first', data: 'so that the shards are known' }]);
      const sent = claimed(events);
      await world.sendUnwritten(sent);
      expect(sent.times).to.equal(0);
      expect(world.found().filter(([key]) => key !== 'first')).to.have.deep.members(expected(events));
    });
  }

  it('have their id in front, in the field that was asked for, unless they have it themselves', async () => {
    const world = simulated({});
    const name = 'the "id", 漢';
    const sent = claimed([...events, { user: 'deep', in: { [name]: 1 } }], name);
    await world.sendUnwritten(sent);
    expect(sent.times).to.equal(0);
    const messages = sent.made();
    expect(messages[3]?.data).to.match(/^\{"the \\"id\\", 漢":"boot-1-\d+","user":"user-3","n":3,/);
    const wire = messages.map(({ partitionKey, data }) => [partitionKey, data]);
    expect(world.found()).to.have.deep.members(wire);

    const other = simulated({});
    const odd = claimed([{ user: 'a', id: 'mine' }, { user: 'b' }], 'id');
    await other.sendUnwritten(odd);
    expect(odd.times).to.equal(1);
    expect(other.found()).to.deep.include(['a', '{"id":"mine","user":"a"}']);
  });

  it('have their id where an object has it: behind names that are numbers', async () => {
    for (const idField of ['id', '2']) {
      const world = simulated({});
      const sent = claimed([{ 1: 'one', 3: 'three', user: 'a' }, { user: 'b' }], idField);
      await world.sendUnwritten(sent);
      const wire = sent.made().map(({ partitionKey, data }) => [partitionKey, data]);
      expect(world.found()).to.have.deep.members(wire);
    }
  });

  for (const [what, user] of [
    ['nothing', undefined],
    ['an empty text', ''],
    ['a text that is too long', 'x'.repeat(257)],
    ['half of a character', 'a\ud83d'],
    ['the other half', '\udd11'],
    ['no number', Number.NaN],
  ]) {
    it(`are refused as a handler's are where a key is ${what}`, async () => {
      const world = simulated({});
      const error = await world.refused(claimed([{ user: 'b' }, { user }, { user: 'c' }]));
      expect(error).to.include({ code: 'ERR_MESSAGE' });
      expect(world.found()).to.deep.equal([]);
    });
  }

  it('are packed into room for themselves, whichever of them is the longest', () => {
    const longest = { user: 'a', text: 'x'.repeat(5_000) };
    const short = events.map((event) => ({ ...event, text: '' }));
    for (const all of [
      [longest, ...short],
      [...short, longest],
    ]) {
      const packable = packableUnwritten(claimed(all), MIB);
      const packed = packable && pack(packable, Uint32Array.from(all.keys()), { keys: 'each' });
      expect(packed?.size).to.equal(all.length);
      // What the longest might have is kept free, so that none need be measured.
      expect(packed?.records.length).to.be.lessThan(100_000);
    }
  });

  it('are made where their keys decide one by one, and where their order is to be kept', async () => {
    for (const [options, ordered] of [
      [{ aggregation: 'equal-keys', collectMs: 1 }, false],
      [{}, true],
    ] as const) {
      const world = simulated(options);
      await world.send([{ partitionKey: 'first', data: 'so that the shards are known' }]);
      const sent = claimed(events);
      await world.sendUnwritten(sent, ordered);
      expect(sent.times).to.equal(1);
      expect(world.found().filter(([key]) => key !== 'first')).to.have.deep.members(expected(events));
    }
  });

  it('are made, all of them, where one has a value or a size of which only that can be done', async () => {
    for (const odd of [
      { user: 'a', value: new Set() },
      { user: 'large', text: 'x'.repeat(40_000) },
      { user: 'odd', deep: [{ at: /a/ }] },
    ]) {
      const world = simulated({ aggregation: 'shard', collectMs: 1 });
      const all = [...events.slice(0, 5), odd, ...events.slice(5, 9)];
      const sent = claimed(all);
      await world.sendUnwritten(sent);
      expect(sent.times).to.equal(1);
      expect(world.found()).to.have.deep.members(expected(all));
    }
  });
});
