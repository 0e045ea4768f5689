import { expect } from 'chai';
import { seededRandom } from '../../../src/base/random.ts';
import type { WireMessage } from '../../../src/pipeline/adapter/adapter.ts';
import { KinesisAdapter } from '../../../src/pipeline/adapter/kinesis/kinesis-adapter.ts';
import { type KinesisOptions, kinesisSchema } from '../../../src/pipeline/adapter/kinesis/options.ts';
import { parseOptions } from '../../../src/pipeline/adapter/options.ts';
import { type FaultRule, ManualClock, runUntil, SimulatedKinesis } from '../../../src/testing/index.ts';
import { testContext } from '../context.ts';

const HARD: readonly FaultRule[] = [
  { fault: { type: 'partial' }, rate: 0.3 },
  { fault: { type: 'error', code: 'InternalFailure', commit: 'before' }, rate: 0.1 },
  { fault: { type: 'error', code: 'InternalFailure', commit: 'after' }, rate: 0.1 },
];
/** A request is refused for one of its records, as far as anybody can see: the search for it begins. */
const POISONED: readonly FaultRule[] = [
  ...HARD,
  {
    fault: { type: 'error', code: 'InvalidArgumentException', status: 400, commit: 'before' },
    requests: [2, 4],
  },
];

interface Played {
  readonly kinesis: SimulatedKinesis;
  /** How often a key's event came for the first time after a later one had. */
  readonly overtaken: number;
  readonly missing: number;
}

/** Sends so many messages of so many keys in one send, and reads the stream. */
async function play(given: {
  readonly ordered: boolean;
  readonly faults: readonly FaultRule[];
  readonly keys: number;
  readonly messages?: number;
  readonly adapter?: KinesisOptions;
  readonly reshardTo?: number;
}): Promise<Played> {
  const { ordered, faults, keys, messages: count = 300, adapter: options = {}, reshardTo } = given;
  const clock = new ManualClock(1_700_000_000_000);
  const kinesis = new SimulatedKinesis(
    { streams: { s: 3 }, limits: false, latencyMs: 20, faults, seed: 7 },
    clock,
  );
  const adapter = new KinesisAdapter(
    parseOptions('kinesis()', kinesisSchema, { aggregateBytes: 1024, ...options }),
    kinesis.transport(),
    testContext({ clock, random: seededRandom(3) }),
  );
  const messages: WireMessage[] = Array.from({ length: count }, (_, n) => ({
    partitionKey: `key-${n % keys}`,
    data: `${n % keys}:${n}:${'x'.repeat(80)}`,
  }));
  let settled = false;
  const sent = adapter
    .send('s', messages, { signal: new AbortController().signal, ordered })
    .catch((error: { code: string }) => expect(error.code).to.equal('ERR_RECORDS_REJECTED'))
    .finally(() => {
      settled = true;
    });
  if (reshardTo !== undefined) clock.setTimer(70, () => kinesis.reshard('s', reshardTo));
  await runUntil(clock, () => settled);
  await sent;
  const last = new Map<string, number>();
  const seen = new Set<number>();
  let overtaken = 0;
  for (const { data } of kinesis.oracle.userRecords('s').records) {
    const [key, n] = data.toString().split(':') as [string, string];
    if (seen.has(Number(n))) continue;
    seen.add(Number(n));
    if (Number(n) < (last.get(key) ?? -1)) overtaken++;
    last.set(key, Math.max(last.get(key) ?? -1, Number(n)));
  }
  return { kinesis, overtaken, missing: count - seen.size };
}

describe('A send whose order by keys is kept', () => {
  for (const aggregation of ['none', 'equal-keys', 'shard'] as const) {
    for (const keys of [1, 7, 200]) {
      it(`has the first occurrences of ${keys} keys in order, whatever fails, aggregation ${aggregation}`, async () => {
        const adapter = { aggregation };
        const { overtaken, missing } = await play({ ordered: true, faults: HARD, keys, adapter });
        expect({ overtaken, missing }).to.deep.equal({ overtaken: 0, missing: 0 });
      });
    }

    it(`keeps it when a request is searched for a bad record, aggregation ${aggregation}`, async () => {
      const { overtaken } = await play({
        ordered: true,
        faults: POISONED,
        keys: 7,
        adapter: { aggregation },
      });
      expect(overtaken).to.equal(0);
    });
  }

  it('keeps it while the shards are not known', async () => {
    const adapter = { shardMap: false };
    const { overtaken, missing } = await play({ ordered: true, faults: HARD, keys: 7, adapter });
    expect({ overtaken, missing }).to.deep.equal({ overtaken: 0, missing: 0 });
  });

  it('is what keeps it: without, the same trouble mixes it up', async () => {
    const { overtaken } = await play({ ordered: false, faults: HARD, keys: 7 });
    expect(overtaken).to.be.above(0);
  });

  it('has one record of a key in a request, and of each key one', async () => {
    const { kinesis } = await play({ ordered: true, faults: [], keys: 100 });
    expect(kinesis.oracle.counts().calls.PutRecords).to.be.within(3, 3 * 3);
  });

  it('costs a key that thousands of records wait for no more than a look at some of them', async () => {
    const { overtaken, missing } = await play({ ordered: true, faults: [], keys: 1, messages: 3_000 });
    expect({ overtaken, missing }).to.deep.equal({ overtaken: 0, missing: 0 });
  });

  it('keeps it over a split and a merge of the shards', async () => {
    for (const reshardTo of [5, 2]) {
      const adapter: KinesisOptions = { aggregation: 'shard' };
      const { overtaken, missing } = await play({
        ordered: true,
        faults: HARD,
        keys: 1,
        messages: 600,
        adapter,
        reshardTo,
      });
      expect({ overtaken, missing }).to.deep.equal({ overtaken: 0, missing: 0 });
    }
  });
});
