/**
 * Hostile events, through the public API, the queue and a thread: each is delivered as it was, or refused with its
 * error, and nothing else happens to anybody.
 */
import { deserialize } from 'node:v8';
import { expect } from 'chai';
import fc from 'fast-check';
import { stage } from '../pipeline/support/application.ts';
import { Hostile } from './fixtures/hostile.ts';

/** A value, and whether it can be carried: `small` ones without a fault can. */
interface Attack {
  readonly name: string;
  readonly value: unknown;
  readonly fate: 'intact' | 'refused' | 'either';
}

const attack = (name: string, fate: Attack['fate'], value: unknown): Attack => ({ name, fate, value });

const anything = fc
  .anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
    key: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', 'length', 'then', '')),
    maxDepth: 4,
  })
  .map((value) => attack('anything', 'either', value));

const surrogates = fc
  .array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { maxLength: 500 })
  .map((units) => attack('lone surrogates', 'intact', String.fromCharCode(...units)));

const pollution = fc
  .constantFrom(
    '{"__proto__":{"polluted":1}}',
    '{"a":{"__proto__":{"__proto__":{"polluted":1}}}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '[{"__proto__":[]}]',
    '{"hasOwnProperty":1,"valueOf":2,"toString":3}',
  )
  .map((text) => attack('prototype pollution', 'intact', JSON.parse(text)));

const thrower = (thrown: unknown) => ({
  get trap() {
    throw thrown;
  },
});
const getters = fc
  .constantFrom<() => unknown>(
    () => thrower(new Error('no')),
    () => thrower(undefined),
    () => thrower(Object.create(null)),
    () => ({ toJSON: () => thrower(1) }),
    () => [1, thrower(Symbol('x'))],
    () => new Map([['k', thrower(new Error('no'))]]),
  )
  .map((make) => attack('a getter that throws', 'refused', make()));

const cycles = fc.integer({ min: 1, max: 20 }).map((length) => {
  const first: Record<string, unknown> = {};
  let last = first;
  for (let i = 1; i < length; i++) {
    const next = {};
    last.next = i % 2 ? [next] : next;
    last = next;
  }
  last.next = first;
  return attack('a cycle', 'refused', first);
});

const depths = fc.constantFrom(600, 10_000, 100_000).map((levels) => {
  let value: unknown = 'core';
  for (let i = 0; i < levels; i++) value = i % 2 ? { inner: value } : [value];
  return attack(`${levels} levels`, 'refused', value);
});

const sizes = fc
  .constantFrom(9_000, 300_000, 20_000_000)
  .map((length) => attack('a huge string', 'refused', { text: 'ж'.repeat(length) }));

const proxies = fc
  .constantFrom<() => Attack>(
    () => attack('a proxy', 'intact', new Proxy({ a: 1 }, {})),
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return attack('a revoked proxy', 'refused', { proxy });
    },
    () => {
      const handler = {
        ownKeys() {
          throw new Error('no keys');
        },
      };
      return attack('a proxy that throws', 'refused', new Proxy({}, handler));
    },
    () => {
      let reads = 0;
      const handler = { get: () => 'x'.repeat(++reads * 1000), ownKeys: () => ['a', 'b'] };
      return attack('a proxy that lies', 'either', new Proxy({}, handler));
    },
  )
  .map((make) => make());

const foreign = fc
  .constantFrom<() => unknown>(
    () => () => {},
    () => ({ a: Symbol('x') }),
    () => Promise.resolve(1),
    () => new WeakMap(),
    () => new SharedArrayBuffer(8),
  )
  .map((make) => attack('what cannot be carried', 'refused', make()));

/** Records another event while it is being encoded. */
const reentrant = fc.constant(null).map(() =>
  attack('a getter that records', 'intact', {
    get inner() {
      Hostile.record({ n: -1, value: 'recorded inside' });
      return 'x'.repeat(300);
    },
  }),
);

const attacks = fc.oneof(
  { weight: 4, arbitrary: anything },
  ...[surrogates, pollution, getters, cycles, depths, sizes, proxies, foreign, reentrant].map(
    (arbitrary) => ({
      weight: 1,
      arbitrary,
    }),
  ),
);

const REFUSALS = ['ERR_EVENT_NOT_SERIALIZABLE', 'ERR_EVENT_TOO_LARGE'];

describe('Hostile events', () => {
  const at = stage();

  it('are each delivered as they were, or refused with their error', async () => {
    const app = await at.start({ queueBytes: 8 * 2 ** 20 });
    let total = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(attacks, { minLength: 30, maxLength: 60 }), async (given) => {
        at.adapter.clear();
        const accepted = new Map<number, Attack>();
        for (const [n, each] of given.entries()) {
          try {
            expect(Hostile.record({ n, value: each.value }), each.name).to.equal(true);
            expect(each.fate, each.name).to.not.equal('refused');
            accepted.set(n, each);
          } catch (error) {
            expect((error as { code?: string }).code, `${each.name}: ${error}`).to.be.oneOf(REFUSALS);
            expect(each.fate, `${each.name}: ${error}`).to.not.equal('intact');
          }
        }
        await app.flush();
        const seen = new Map(
          at.adapter.messages('seen').map(({ partitionKey, data }) => [Number(partitionKey), data]),
        );
        seen.delete(-1);
        expect([...seen.keys()].sort()).to.deep.equal([...accepted.keys()].sort());
        for (const [n, { name, value }] of accepted) {
          if (name === 'a proxy that lies' || name === 'a getter that records') continue;
          expect(fc.stringify(deserialize(seen.get(n) as Buffer)), name).to.equal(fc.stringify(value));
        }
        total += given.length;
      }),
      { numRuns: 20 },
    );
    expect(at.adapter.messages('polluted')).to.deep.equal([]);
    expect(Object.keys(Object.prototype)).to.deep.equal([]);
    const { accepted, delivered, deadLettered, pending } = app.ledger();
    expect([delivered, deadLettered, pending]).to.deep.equal([accepted, 0, 0]);
    expect(total).to.be.above(500);
  });

  it('leave nobody else waiting: an event between two that are refused is delivered', async () => {
    const app = await at.start();
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    for (let n = 0; n < 100; n++) {
      expect(() => Hostile.record({ n, value: cycle })).to.throw('contains itself');
      expect(Hostile.record({ n, value: n })).to.equal(true);
    }
    await app.flush();
    const seen = at.adapter.messages('seen').map(({ data }) => deserialize(data as Buffer) as number);
    expect(seen).to.deep.equal(Array.from({ length: 100 }, (_, n) => n));
  });
});
